"""params.yaml, section `data`: which problems there are, and how they are split."""

from pathlib import Path
from typing import Literal

from pydantic import Field, field_validator, model_validator

from specialize.core.params.recipe_spec import RecipeSpec
from specialize.core.params.section import Section, file_below
from specialize.records.problems import Role

BENCHMARKS = ("gsm8k", "multiarith", "asdiv", "svamp", "bbh")
WORLDS = ("world", "world_plain", "world_units", "world_distractor", "world_longer", "world_generic")


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
    """Needed where `data.source` is `hub`."""


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
        known = WORLDS if self.source == "procedural" else BENCHMARKS
        problems = [
            f"datasets.{name}: source '{self.source}' has no such dataset (expected one of {', '.join(known)})"
            for name in self.datasets
            if name not in known
        ]
        seeds = [name for name, dataset in self.datasets.items() if dataset.role == "seed"]
        if len(seeds) != 1:
            problems.append(f"datasets: expected exactly one dataset with role 'seed', got {len(seeds)}")
        if any(name not in ("gsm8k", "world") for name in seeds):
            problems.append(f"datasets.{seeds[0]}: only gsm8k and world have a train split to serve as seed")
        if self.source == "hub":
            problems += [
                f"datasets.{n}.hub: missing, but source is 'hub'" for n, d in self.datasets.items() if not d.hub
            ]
        if problems:
            raise ValueError("\n".join(problems))
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
    def raw_files(self) -> list[str]:
        """The raw files that the source reads, relative to `root`."""
        if self.source == "procedural":
            return []
        files = [file for name in self.datasets for file in RAW_FILES[name]]
        return files if self.source == "files" else [file for file in files if file.startswith("bbh/cot-prompts/")]

    def recipe_specs(self) -> list[RecipeSpec]:
        """Return the recipe of the problems. `root` is left out: it says where the files are, their hashes say what."""
        hubs = [dataset.hub.id for dataset in self.datasets.values() if self.source == "hub" and dataset.hub]
        return [
            RecipeSpec(
                "data.json",
                self.model_dump(mode="json", exclude={"root"}),
                raw_files=self.raw_files,
                raw_folders=[name for name in hubs if Path(name).is_absolute()],
                project_files=[] if self.source == "procedural" else [self.exemplars],
            )
        ]


BBH_TASKS = (
    "boolean_expressions",
    "causal_judgement",
    "date_understanding",
    "disambiguation_qa",
    "dyck_languages",
    "formal_fallacies",
    "geometric_shapes",
    "hyperbaton",
    "logical_deduction_five_objects",
    "logical_deduction_seven_objects",
    "logical_deduction_three_objects",
    "movie_recommendation",
    "multistep_arithmetic_two",
    "navigate",
    "object_counting",
    "penguins_in_a_table",
    "reasoning_about_colored_objects",
    "ruin_names",
    "salient_translation_error_detection",
    "snarks",
    "sports_understanding",
    "temporal_sequences",
    "tracking_shuffled_objects_five_objects",
    "tracking_shuffled_objects_seven_objects",
    "tracking_shuffled_objects_three_objects",
    "web_of_lies",
    "word_sorting",
)

RAW_FILES: dict[str, list[str]] = {
    "gsm8k": ["gsm8k/train.jsonl", "gsm8k/test.jsonl"],
    "multiarith": ["multiarith/MultiArith.json"],
    "asdiv": ["asdiv/ASDiv.xml"],
    "svamp": ["svamp/SVAMP.json"],
    "bbh": [
        f"bbh/{folder}/{task}.{ending}"
        for folder, ending in (("bbh", "json"), ("cot-prompts", "txt"))
        for task in BBH_TASKS
    ],
}
"""Upstream's own folder layout, per dataset."""
