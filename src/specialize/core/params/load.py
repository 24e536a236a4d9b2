"""params.yaml as a whole: read, validated, every mistake reported together."""

from pathlib import Path
from typing import Any

from pydantic import Field, ValidationError, model_validator

from specialize.core.errors import ParamsError
from specialize.core.params.data import DataParams
from specialize.core.params.evaluate import EvaluateParams
from specialize.core.params.mistakes import closest, mistake_lines
from specialize.core.params.read_yaml import read_yaml
from specialize.core.params.recipe_spec import RecipeSpec
from specialize.core.params.report import ReportParams, ReportRun
from specialize.core.params.section import Section
from specialize.core.params.teacher import LOCAL, TeacherParams
from specialize.core.params.traces import TracesParams
from specialize.core.params.train import TrainParams


class Params(Section):
    """Every scientific choice of a run. Machine facts (cores, GPUs, keys) are not here."""

    data: DataParams = Field(description="Raw sources → problems with seeded splits.")
    teacher: TeacherParams = Field(description="Train problems → completions.")
    traces: TracesParams = Field(description="Completions → correct, deduplicated, decontaminated traces.")
    train: TrainParams = Field(description="Traces + a start checkpoint → fine-tuned checkpoints.")
    evaluate: EvaluateParams = Field(description="Checkpoints + problems → predictions, scores, selection.")
    report: ReportParams = Field(description="Scores → tables, figures, metrics.")

    @model_validator(mode="after")
    def _sections_agree(self) -> "Params":
        problems = []
        if self.evaluate.selection_format not in self.evaluate.formats:
            problems.append("evaluate.selection_format must be one of evaluate.formats")
        if self.report.format not in self.evaluate.formats:
            problems.append("report.format must be one of evaluate.formats")
        if self.report.generic_format not in self.evaluate.generic_formats:
            problems.append("report.generic_format must be one of evaluate.generic_formats")
        for name, start in self.train.starts.items():
            if start.pretraining and not self.data.texts:
                problems.append(
                    f"train.starts.{name}.pretraining: reads texts of the procedural world, but no dataset has source "
                    "'procedural'; set data.source to 'procedural', and 'source' of the other built-in datasets"
                )
            if start.tokenizer not in self.traces.tokenizers:
                known = ", ".join(self.traces.tokenizers)
                problems.append(
                    f"train.starts.{name}.tokenizer must be one of traces.tokenizers ({known}), got {start.tokenizer!r}"
                    + closest(start.tokenizer, list(self.traces.tokenizers))
                )
        seed = self.data.seed_dataset
        if (
            self.teacher.mode != "recorded"
            and self.teacher.base_url == LOCAL
            and self.data.source_of(seed) != "procedural"
        ):
            problems.append(
                f"teacher.base_url: the local teacher solves the procedural world alone, but the seed is '{seed}'"
            )
        problems += self.teacher.scoring_mistakes() if self.train.rounds else []
        matching = [name for name in self.train.students if self.train.run_of(name).loss == "distribution"]
        temperatures = (self.traces.alignment.target_temperature, self.teacher.sampling_temperature)
        if matching and temperatures == (None, None):
            problems.append(
                f"traces.alignment.target_temperature: expected a number, got null: student {matching[0]} matches the "
                "distributions of recorded completions, whose sampling temperature is not on record; estimate it by "
                "`python -m specialize.traces temperature --completions FILE`, or name it (paper: 1)"
            )
        if problems:
            raise ValueError("\n".join(problems))
        return self

    def report_run(self) -> ReportRun:
        """Return what decides the report: its own section, and whose scores it reads."""
        return ReportRun(
            **self.report.model_dump(),
            students=list(self.train.students),
            steps=self.train.checkpoint_steps,
            datasets=list(self.data.datasets),
            simulated_teacher=self.teacher.mode != "recorded" and self.teacher.base_url == LOCAL,
            starts={n: start.pretraining.objective for n, start in self.train.starts.items() if start.pretraining},
        )

    def recipe_specs(self) -> dict[str, list[RecipeSpec]]:
        """Return phase → its recipes, as each section states them."""
        rounds, temperature = self.train.rounds, self.teacher.sampling_temperature
        return {
            "data": self.data.recipe_specs(),
            "teacher": [*self.teacher.recipe_specs(), *self.teacher.round_specs(rounds)],
            "traces": [*self.traces.recipe_specs(temperature), *self.traces.round_specs(rounds, temperature)],
            "train": self.train.recipe_specs(),
            "evaluate": [*self.evaluate.recipe_specs(), *self.evaluate.round_specs(rounds)],
            "report": self.report_run().recipe_specs(),
        }


def load_params(path: Path) -> Params:
    """Read a params file. Raises ParamsError that lists every mistake, one a line."""
    return parse_params(read_yaml(path), str(path))


def parse_params(tree: Any, where: str) -> Params:
    """Validate a decoded tree. Raises ParamsError that lists every mistake, one a line."""
    try:
        return Params.model_validate(tree)
    except ValidationError as error:
        count, lines = mistake_lines(error, Params)
        head = f"{where}: {count} mistake{'s' if count > 1 else ''}"
        foot = "Rules between keys are checked once single values are valid. Every key: docs/reference/params.md"
        raise ParamsError("\n".join([head, *(f"  {line}" for line in lines), foot])) from None
