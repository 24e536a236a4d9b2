"""params.yaml, section `data`: which problems there are, and how they are split."""

from pathlib import Path
from typing import Literal

from pydantic import Field, field_validator, model_validator

from specialize.core.params.recipe_spec import RecipeSpec
from specialize.core.params.section import Section, file_below
from specialize.records.problems import Role


class HubParams(Section):
    """Where the Hugging Face Hub holds a dataset."""

    id: str = Field(min_length=1)
    """Repository id such as `openai/gsm8k`, or the absolute path of a folder that `datasets.load_dataset` reads."""
    config: str | None = None
    """Configuration name (`main` for GSM8K). For BBH null: every task is a configuration."""
    revision: str | None = None
    """Commit, tag or branch. Pin a commit: a branch may move under an experiment."""
    train: str = "train"
    """Name of the Hub split to read as upstream's training rows (the seed dataset only)."""
    test: str = "test"
    """Name of the Hub split to read as upstream's evaluation rows. Several are joined by `+`: `train+test`."""
    columns: dict[str, str] = Field(default_factory=dict)
    """Upstream's field name → the Hub copy's column, where they differ (`sQuestion: question`)."""


class DatasetParams(Section):
    """One dataset and the part it plays."""

    role: Role
    """`seed`: its train split is what the teacher solves (paper: GSM8K). `out_of_distribution`: other maths sets
    (paper: MultiArith, ASDiv, SVAMP). `probe`: maths that is scored, but is part of no mean and chooses nothing.
    `generic`: the ability that pays (paper: BIG-Bench-Hard)."""
    validation: int = Field(default=0, ge=0)
    """Number of validation problems (paper: 500; MultiArith 200). The rest is the test split."""
    drawn_from: int | None = Field(default=None, ge=1)
    """Draw the validation problems from the first so many rows; rows that a source grows later are test problems, so
    that no problem ever changes its split. Null: from all rows."""
    hub: HubParams | None = None
    """Where `data.source` is `hub`: another copy than the benchmark's usual one, or a revision of it."""


class MixtureShares(Section):
    """Share of each kind of matter in what start checkpoints are pretrained on."""

    generic: float = Field(default=0.5, ge=0)
    """Problems of the generic tasks."""
    arithmetic: float = Field(default=0.2, ge=0)
    """Bare arithmetic (`What is 3 + 4?`)."""
    one_step: float = Field(default=0.2, ge=0)
    """Word problems of one step."""
    many_steps: float = Field(default=0.1, ge=0)
    """Word problems as the seed dataset has them."""

    @model_validator(mode="after")
    def _some(self) -> "MixtureShares":
        if sum(self.model_dump().values()) <= 0:
            raise ValueError("at least one kind needs a share above 0")
        return self


class ProceduralParams(Section):
    """Sizes of the procedural world (`data.source: procedural`)."""

    train: int = Field(default=2000, ge=8)
    """Training problems of the seed dataset."""
    evaluation: int = Field(default=400, ge=4)
    """Problems of each evaluation set, before the split into validation and test."""
    steps: int = Field(default=4, ge=1, le=4)
    """Largest number of reasoning steps of a problem of the seed dataset; the smallest is 2 (GSM8K: 2–8, mean 3.6).
    `world_longer` holds problems of 5 and 6."""
    largest_number: int = Field(default=30, ge=10, le=1000)
    """No quantity or result is larger."""
    instructions: int = Field(default=8000, ge=1)
    """Problems of the instruction mixture, for start checkpoints."""
    pretraining: int = Field(default=4000, ge=1)
    """Texts for span corruption, for start checkpoints."""
    mixture: MixtureShares = MixtureShares()
    """What both are made of."""


class DataParams(Section):
    """Raw sources → problems with seeded splits."""

    source: Literal["procedural", "files", "hub"]
    """`procedural`: generated here. `files`: upstream's own files below `root`. `hub`: the Hugging Face Hub."""
    root: str = "../shared/data"
    """Folder of the raw files, relative to the project. Recipes keep the files' hashes, never this path."""
    seed: int = Field(default=1, ge=0)
    """Seed of the splits and of the procedural world."""
    exemplars: str = "prompts/maths.jsonl"
    """JSON Lines of worked problems (question, rationale, answer): the few-shot prompt of the maths benchmarks
    (paper: 4 simple GSM8K problems). Not read where `source` is `procedural`, which makes its own."""
    datasets: dict[str, DatasetParams] = Field(min_length=1)
    """Name → part. Files and hub: gsm8k, multiarith, asdiv, svamp, bbh. Procedural: world and its five companions."""
    procedural: ProceduralParams = ProceduralParams()
    """Sizes of the procedural world."""

    @field_validator("exemplars")
    @classmethod
    def _dvc_sees_exemplars(cls, path: str) -> str:
        return file_below(path, "prompts/")

    @model_validator(mode="after")
    def _coherent(self) -> "DataParams":
        problems = []
        seeds = [name for name, dataset in self.datasets.items() if dataset.role == "seed"]
        if len(seeds) != 1:
            problems.append(f"datasets: expected exactly one dataset with role 'seed', got {len(seeds)}")
        if problems:
            raise ValueError("; ".join(problems))
        return self

    @property
    def seed_dataset(self) -> str:
        """Name of the dataset whose train split the teacher solves."""
        return next(name for name, dataset in self.datasets.items() if dataset.role == "seed")

    @property
    def texts(self) -> list[str]:
        """Names of the files of the procedural world that starts are pretrained on."""
        return ["instructions", "pretraining"] if self.source == "procedural" else []

    @property
    def raw_folders(self) -> list[str]:
        """The folders below `root` that the source reads: each benchmark has its own, named after it."""
        if self.source == "procedural":
            return []
        hubs = [dataset.hub.id for dataset in self.datasets.values() if self.source == "hub" and dataset.hub]
        return [*self.datasets, *(name for name in hubs if Path(name).is_absolute())]

    def recipe_specs(self) -> list[RecipeSpec]:
        """Return the recipe of the problems. `root` is left out: it says where the files are, their hashes say what."""
        return [
            RecipeSpec(
                "data.json",
                self.model_dump(mode="json", exclude={"root"}),
                raw_folders=self.raw_folders,
                project_files=[] if self.source == "procedural" else [self.exemplars],
            )
        ]
