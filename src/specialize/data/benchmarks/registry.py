"""The real benchmarks: one line each. From upstream's files or from the Hub, the same parsers read both."""

from difflib import get_close_matches
from pathlib import Path

from specialize.core.errors import ParamsError
from specialize.core.files import read_rows
from specialize.core.params.data import DataParams
from specialize.core.questions import normalised_question
from specialize.data.benchmarks import asdiv, bbh, exemplars, gsm8k, hub, local_files, multiarith, svamp
from specialize.data.benchmarks.benchmark import Benchmark
from specialize.data.benchmarks.fields import Row
from specialize.data.raw_dataset import RawDataset
from specialize.records.problems import Problem

BENCHMARKS: dict[str, Benchmark] = {
    "gsm8k": gsm8k.BENCHMARK,
    "multiarith": multiarith.BENCHMARK,
    "asdiv": asdiv.BENCHMARK,
    "svamp": svamp.BENCHMARK,
    "bbh": bbh.BENCHMARK,
}


def check_names(params: DataParams) -> None:
    """Raise ParamsError where a dataset is no benchmark, or where the seed dataset has no train part."""
    problems = []
    for name in params.datasets:
        if name not in BENCHMARKS:
            near = get_close_matches(name, BENCHMARKS, n=1)
            meant = f"; did you mean {near[0]!r}?" if near else ""
            problems.append(f"data.datasets.{name}: no such benchmark (there are {', '.join(BENCHMARKS)}){meant}")
        elif name == params.seed_dataset and "train" not in BENCHMARKS[name].files:
            problems.append(f"data.datasets.{name}: has no train part, so it cannot be the seed")
    if problems:
        raise ParamsError("\n".join(problems))


def collect(params: DataParams, root: Path, exemplars_file: Path) -> dict[str, RawDataset]:
    """Return name → problems of every dataset asked for.

    Raises RecordError or SpecializeError as the readers do.
    """
    worked = list(read_rows(local_files.existing(exemplars_file, "data.exemplars names the worked maths problems")))
    return {name: _benchmark(name, params, root, worked) for name in params.datasets}


def _benchmark(name: str, params: DataParams, root: Path, worked: list[Row]) -> RawDataset:
    benchmark = BENCHMARKS[name]
    # The exemplars first: a missing folder should not show only after a download.
    shots = benchmark.exemplars(root / name) if benchmark.exemplars else exemplars.problems(worked, name)
    train = _part("train", name, params, root) if name == params.seed_dataset else []
    evaluation = [p for part in benchmark.evaluation_parts for p in _part(part, name, params, root)]
    return RawDataset(evaluation, shots, _without(train, shots))


def _part(part: str, name: str, params: DataParams, root: Path) -> list[Problem]:
    benchmark = BENCHMARKS[name]
    if params.source == "files":
        rows = benchmark.read(local_files.existing(root / name / benchmark.files[part]))
    else:
        rows = hub.rows(params.datasets[name].hub or benchmark.hub, part, benchmark.parts_are_configs)
    return benchmark.problems(rows, part)


def _without(train: list[Problem], shots: list[Problem]) -> list[Problem]:
    """Leave out train problems that are an exemplar: the teacher sees the exemplars, answers and all."""
    shown = {normalised_question(shot.question) for shot in shots}
    return [problem for problem in train if normalised_question(problem.question) not in shown]
