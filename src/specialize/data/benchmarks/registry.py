"""The real benchmarks, from upstream's files or from the Hub: the same parsers read both."""

from collections.abc import Callable
from pathlib import Path

from specialize.core.errors import ParamsError
from specialize.core.files import read_rows
from specialize.core.params.data import BBH_TASKS, DataParams
from specialize.core.questions import normalised_question
from specialize.data.benchmarks import asdiv, bbh, exemplars, gsm8k, hub, local_files, multiarith, svamp
from specialize.data.benchmarks.fields import Row
from specialize.data.raw_dataset import Collected
from specialize.records.problems import Problem

RowsOf = Callable[[str, str], list[Row]]
"""(dataset, part) → rows; part is `train`, `test` or a BBH task."""


def collect(params: DataParams, root: Path, exemplars_file: Path) -> dict[str, Collected]:
    """Return name → problems of every dataset asked for. Raises RecordError or SpecializeError, see the readers."""
    worked = list(read_rows(local_files.existing(exemplars_file, "data.exemplars names the worked maths problems")))
    rows_of = _rows_of(params, root)
    found = {}
    for name in params.datasets:
        if name == "bbh":
            found[name] = _bbh(rows_of, root)
        else:
            train = gsm8k.problems(rows_of(name, "train"), "train") if name == params.seed_dataset else []
            shots = exemplars.problems(worked, name)
            found[name] = Collected(_maths(name, rows_of(name, "test")), shots, _without(train, shots))
    return found


def _rows_of(params: DataParams, root: Path) -> RowsOf:
    if params.source == "files":
        return lambda name, part: local_files.rows(root, name, part)

    def from_hub(name: str, part: str) -> list[Row]:
        copy = params.datasets[name].hub
        if copy is None:
            raise ParamsError(f"data.datasets.{name}.hub: missing, but source is 'hub'")
        return hub.rows(copy, name, part)

    return from_hub


def _maths(name: str, rows: list[Row]) -> list[Problem]:
    match name:
        case "gsm8k":
            return gsm8k.problems(rows, "test")
        case "multiarith":
            return multiarith.problems(rows)
        case "asdiv":
            return asdiv.problems(rows)
        case "svamp":
            return svamp.problems(rows)
    raise ParamsError(f"data.datasets.{name}: no such benchmark")


def _bbh(rows_of: RowsOf, root: Path) -> Collected:
    # The exemplars first: a missing folder should not show only after a download.
    prompts = {task: local_files.bbh_prompt(root, task) for task in BBH_TASKS}
    shots = [shot for task, (where, prompt) in prompts.items() for shot in bbh.exemplars(prompt, task, where)]
    evaluation = [problem for task in BBH_TASKS for problem in bbh.problems(rows_of("bbh", task), task)]
    return Collected(evaluation, shots)


def _without(train: list[Problem], shots: list[Problem]) -> list[Problem]:
    """Leave out train problems that are an exemplar: the teacher sees the exemplars, answers and all."""
    shown = {normalised_question(shot.question) for shot in shots}
    return [problem for problem in train if normalised_question(problem.question) not in shown]
