"""params.yaml, section `data`: which problems there are, and how they are split."""

from pydantic import Field, field_validator, model_validator

from specialize.core.params.datasets import DatasetParams, Source
from specialize.core.params.recipe_spec import RecipeSpec
from specialize.core.params.section import Section, bad_names, file_below

MOST_PROBLEMS = 1_000_000
"""Of one generated set: all of them are held in memory while they are made."""


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

    train: int = Field(default=2000, ge=8, le=MOST_PROBLEMS)
    """Training problems of the seed dataset."""
    evaluation: int = Field(default=400, ge=4, le=MOST_PROBLEMS)
    """Problems of each evaluation set, before the split into validation and test."""
    steps: int = Field(default=4, ge=1, le=4)
    """Largest number of reasoning steps of a problem of the seed dataset; the smallest is 2 (GSM8K: 2–8, mean 3.6).
    `world_longer` holds problems of 5 and 6."""
    largest_number: int = Field(default=30, ge=10, le=1000)
    """No quantity or result is larger."""
    instructions: int = Field(default=8000, ge=1, le=MOST_PROBLEMS)
    """Problems of the instruction mixture, for start checkpoints."""
    pretraining: int = Field(default=4000, ge=1, le=MOST_PROBLEMS)
    """Texts for span corruption, for start checkpoints."""
    mixture: MixtureShares = MixtureShares()
    """What both are made of."""


class DataParams(Section):
    """Raw sources → problems with seeded splits."""

    source: Source
    """Where built-in datasets come from. `procedural`: generated here. `files`: upstream's own files below `root`.
    `hub`: the Hugging Face Hub. A dataset may name another source than this one."""
    root: str = "../shared/data"
    """Folder of the raw files, relative to the project. Recipes keep the files' hashes, never this path."""
    seed: int = Field(default=1, ge=0)
    """Seed of the splits and of the procedural world."""
    exemplars: str = "prompts/maths.jsonl"
    """JSON Lines of worked problems (question, rationale, answer): the few-shot prompt of the maths benchmarks
    (paper: 4 simple GSM8K problems), and of declared datasets that have none of their own. The procedural world makes
    its own."""
    datasets: dict[str, DatasetParams] = Field(min_length=1)
    """Name → part. Built in are gsm8k, multiarith, asdiv, svamp, bbh (files and hub), and world and its five companions
    (procedural). Any other name is one of your own, declared by its columns. Names are folder names: lower-case
    letters, digits, `_` and `-`."""
    procedural: ProceduralParams = ProceduralParams()
    """Sizes of the procedural world."""

    @field_validator("exemplars")
    @classmethod
    def _dvc_sees_exemplars(cls, path: str) -> str:
        return file_below(path, "prompts/")

    @model_validator(mode="after")
    def _coherent(self) -> "DataParams":
        problems = [
            f"datasets.{name}: expected a name of 1 to 64 lower-case letters, digits, '_' and '-'"
            for name in bad_names(self.datasets)
        ]
        seeds = [name for name, dataset in self.datasets.items() if dataset.role == "seed"]
        if len(seeds) != 1:
            problems.append(f"datasets: expected exactly one dataset with role 'seed', got {len(seeds)}")
        if problems:
            raise ValueError("\n".join(problems))
        return self

    @property
    def seed_dataset(self) -> str:
        """Name of the dataset whose train split the teacher solves."""
        return next(name for name, dataset in self.datasets.items() if dataset.role == "seed")

    def source_of(self, name: str) -> Source:
        """Return where a dataset comes from."""
        dataset = self.datasets[name]
        declared: Source = "files" if dataset.files else "hub"
        return declared if dataset.is_declared else dataset.source or self.source

    @property
    def texts(self) -> list[str]:
        """Names of the files of the procedural world that starts are pretrained on."""
        sources = {self.source, *map(self.source_of, self.datasets)}
        return ["instructions", "pretraining"] if "procedural" in sources else []

    def recipe_specs(self) -> list[RecipeSpec]:
        """Return the recipe of the problems. `root` is left out: it says where the files are, their hashes say what."""
        files, folders, prompts = [], [], set[str | None]()
        for name, dataset in self.datasets.items():
            if self.source_of(name) == "procedural":
                continue
            prompts |= {dataset.exemplars or self.exemplars, dataset.template}
            files += [file for part in dataset.parts.values() for file in part]
            if not dataset.is_declared:  # each benchmark has a folder of its own
                folders.append(name)
            if self.source_of(name) == "hub" and dataset.hub:
                copies = [dataset.hub, dataset.hub.evaluation]
                folders += [copy.id for copy in copies if copy]
        params = self.model_dump(mode="json", exclude={"root"})
        for dataset in params["datasets"].values():
            if dataset["template"] is None:  # as before there were templates
                del dataset["template"]
        return [RecipeSpec("data.json", params, files, folders, sorted(path for path in prompts if path))]
