"""params.yaml, `data.datasets.<name>`: a built-in dataset by its name, or one of the user's by its columns."""

from pathlib import Path
from typing import Literal

from pydantic import Field, field_validator, model_validator

from specialize.core.params.section import Section, file_below
from specialize.records.problems import AnswerKind, Role

Source = Literal["procedural", "files", "hub"]
PARTS = ("train", "validation", "test")
"""The parts that a declared dataset may have."""


class HubCopy(Section):
    """One repository of the Hugging Face Hub, or a folder in its layout."""

    id: str = Field(min_length=1)
    """Repository id such as `openai/gsm8k`; or a folder below `data.root` (or an absolute path) that
    `datasets.load_dataset` reads or that `save_to_disk` wrote."""
    config: str | None = None
    """Configuration name (`main` for GSM8K). For BBH null: every task is a configuration."""
    revision: str | None = None
    """Commit, tag or branch. Pin a commit: a branch may move under an experiment. Datasets that are a script are read
    from `refs/convert/parquet`."""
    data_dir: str | None = None
    """Folder in the repository to read instead of the whole."""
    data_files: dict[str, str | list[str]] | None = None
    """Split → file or files in the repository, where it does not say so itself (`{test: data/test.csv}`)."""
    columns: dict[str, str] = Field(default_factory=dict)
    """Upstream's field name → the Hub copy's column, where they differ (`sQuestion: question`)."""
    test: str = "test"
    """Name of the Hub split to read as evaluation rows. Several are joined by `+`: `train+test`."""


class HubParams(HubCopy):
    """Where the Hugging Face Hub holds a dataset."""

    train: str | None = "train"
    """Name of the Hub split to read as train rows (the seed dataset only). Null: it has none."""
    validation: str | None = None
    """Name of the Hub split to read as validation problems (declared datasets only). Null: they are drawn."""
    evaluation: HubCopy | None = None
    """Another repository for the evaluation rows (`{id: madrylab/gsm8k-platinum, config: main}` beside GSM8K's train
    rows)."""


class DatasetParams(Section):
    """One dataset and the part it plays.

    A built-in dataset needs a role alone. Any other is declared: `files` or `hub` say where its rows are, `question`
    and `answer` which columns hold what. A column inside another is `question.stem`, a place in a list `solutions.0`;
    a template such as `"{context} {question}"` puts columns into a text.
    """

    role: Role
    """`seed`: its train split is what the teacher solves (paper: GSM8K). `out_of_distribution`: other maths sets
    (paper: MultiArith, ASDiv, SVAMP). `probe`: maths that is scored, but is part of no mean and chooses nothing.
    `generic`: the ability that pays (paper: BIG-Bench-Hard)."""
    source: Source | None = None
    """Where this dataset comes from, if not from `data.source`. Not needed with `files`."""
    validation: int = Field(default=0, ge=0)
    """Number of validation problems (paper: 500; MultiArith 200). The rest is the test split."""
    drawn_from: int | None = Field(default=None, ge=1)
    """Draw the validation problems from the first so many rows; rows that a source grows later are test problems, so
    that no problem ever changes its split. Null: from all rows."""
    train_share: float = Field(default=0.8, gt=0, lt=1)
    """Of a seed dataset that comes in one part: the share of its problems that become the train split. Each problem is
    decided by `data.seed` and its question alone, so no other row can move it."""
    hub: HubParams | None = None
    """Where the Hub holds it: of a benchmark another copy than the usual one, or a revision of it."""
    files: str | list[str] | dict[str, str | list[str]] | None = None
    """Files below `data.root`: JSON Lines, JSON, CSV, TSV or Parquet. Part (`train`, `validation`, `test`) → file or
    files; or, where there are no parts, the file or files alone."""
    question: str | None = None
    """Template or column of the question. Given for every declared dataset, and for none that is built in."""
    answer: str | None = None
    """Template or column of the gold answer. A solution that ends in `#### 72` will do; of a choice the option's label,
    its text, or its place counted from 0; of BIG-bench's `target_scores` the column itself."""
    rationale: str | None = None
    """Template or column of a worked solution, where there is one."""
    id: str | None = None
    """Column of an id that no two rows of a part share. Null: the row's place."""
    choices: str | list[str] | None = None
    """Column of the options: a list of texts or of `{label, text}`, `{label: text}`, `{label: […], text: […]}` or
    `{option: score}`, also as JSON in a text; or the list of the columns that hold one option each. They stand behind
    the question, or where the template says `{choices}`."""
    answer_kind: AnswerKind | None = None
    """How answers are judged. Null: `choice` where there are `choices`, else by what each gold answer is."""
    exemplars: str | None = None
    """JSON Lines below `prompts/` of worked problems (question, rationale, answer). Null: `data.exemplars`."""
    template: str | None = None
    """YAML below `prompts/` with the words around question and answer (`answer_only`, `chain_of_thought`, `answer`), in
    training and scoring. Null: the paper's, prompts/paper.yaml."""

    @field_validator("exemplars", "template")
    @classmethod
    def _dvc_sees_exemplars(cls, path: str | None) -> str | None:
        return path and file_below(path, "prompts/")

    @model_validator(mode="after")
    def _coherent(self) -> "DatasetParams":
        problems = []
        if self.is_declared:
            if not self.answer:
                problems.append("answer: missing, but 'question' is given")
            if not self.files and not self.hub:
                problems.append("files or hub: missing, but 'question' is given")
            if self.files and self.hub:
                problems.append("files and hub: expected one of them, got both")
            if self.source == "procedural" or (self.source == "hub" and self.files):
                problems.append(f"source: expected {'files' if self.files else 'hub'} or nothing, got '{self.source}'")
            if self.choices and self.answer_kind not in (None, "choice"):
                problems.append(f"answer_kind: expected choice, since 'choices' is given, got {self.answer_kind}")
        else:
            names = ("files", "answer", "rationale", "id", "choices", "answer_kind", "exemplars", "template")
            given = [name for name in names if getattr(self, name) is not None]
            if given:
                problems.append(
                    f"question: missing, but {', '.join(given)} given; a built-in dataset takes none of them"
                )
        if self.template and self.role == "generic":
            problems.append("template: expected null for role 'generic', which has BIG-Bench-Hard's own shape")
        unknown = [part for part in self.parts if part not in PARTS]
        if unknown:
            problems.append(f"files: expected the parts {', '.join(PARTS)}, got {', '.join(unknown)}")
        absolute = [file for files in self.parts.values() for file in files if Path(file).is_absolute()]
        if absolute:
            problems.append(f"files: expected paths below data.root, got {absolute[0]}")
        if "validation" in self.parts and self.validation:
            problems.append("validation: expected 0, since the source has a part 'validation' of its own")
        if problems:
            raise ValueError("\n".join(problems))
        return self

    @property
    def is_declared(self) -> bool:
        """Whether params say which columns hold what. Otherwise it is a built-in dataset."""
        return self.question is not None

    @property
    def parts(self) -> dict[str, list[str]]:
        """Part → files; `files` without parts are the part `test`."""
        given = self.files or {}
        parts = given if isinstance(given, dict) else {"test": given}
        return {part: [files] if isinstance(files, str) else files for part, files in parts.items()}

    @property
    def has_validation(self) -> bool:
        """Whether it has a validation split."""
        has_part = "validation" in self.parts or bool(self.is_declared and self.hub and self.hub.validation)
        return self.validation > 0 or has_part
