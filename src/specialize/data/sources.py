"""Where problems come from: the procedural world, benchmarks, and datasets that params declare, side by side."""

from collections.abc import Sequence
from pathlib import Path

from specialize.core.errors import ParamsError
from specialize.core.files import read_rows
from specialize.core.params.data import DataParams
from specialize.core.params.mistakes import closest
from specialize.core.questions import normalised_question
from specialize.data import exemplars
from specialize.data.benchmarks.local_files import existing
from specialize.data.benchmarks.registry import BENCHMARKS, read_benchmark
from specialize.data.declared.parse_rows import parts_of
from specialize.data.procedural import datasets
from specialize.data.prompt_templates import read_template
from specialize.data.raw_dataset import RawDataset
from specialize.data.splits import split_off_train
from specialize.records.problems import Problem
from specialize.records.prompt_style import PromptTemplate


def check_names(params: DataParams) -> None:
    """Raise ParamsError where a dataset is neither declared nor built in."""
    mistakes = []
    for name, dataset in params.datasets.items():
        if dataset.is_declared:
            continue
        source = params.source_of(name)
        known = datasets.WORLDS if source == "procedural" else tuple(BENCHMARKS)
        if name not in known:
            mistakes.append(
                f"data.datasets.{name}: source '{source}' has no such dataset (it has {', '.join(known)})"
                f"{closest(name, known) or '.'} One of your own is declared by files or hub, question and answer"
            )
        elif source == "procedural" and name != "world" and name == params.seed_dataset:
            mistakes.append(f"data.datasets.{name}: of the procedural world only 'world' has a train split")
    if mistakes:
        raise ParamsError("\n".join(mistakes))


def check_files(params: DataParams, root: Path) -> None:
    """Raise ParamsError where a file of a declared dataset is not below `root`."""
    missing = [
        f"data.datasets.{name}.files: no file {root / file}"
        for name, dataset in params.datasets.items()
        for files in dataset.parts.values()
        for file in files
        if not (root / file).is_file()
    ]
    if missing:
        raise ParamsError("\n".join(missing))


def collect(params: DataParams, root: Path, default_exemplars: Path) -> dict[str, RawDataset]:
    """Return name → problems of every dataset asked for.

    root: folder of the raw files; default_exemplars: worked problems for datasets without their own.
    Raises ParamsError, RecordError or SpecializeError, see the readers.
    """
    check_names(params)
    generated = datasets.collect(params, [name for name in params.datasets if params.source_of(name) == "procedural"])
    return {
        name: generated[name] if name in generated else _read(name, params, root, default_exemplars)
        for name in params.datasets
    }


def _read(name: str, params: DataParams, root: Path, default_exemplars: Path) -> RawDataset:
    dataset, is_seed = params.datasets[name], name == params.seed_dataset
    path = Path(dataset.exemplars) if dataset.exemplars else default_exemplars
    hint = f"data.{f'datasets.{name}.' if dataset.exemplars else ''}exemplars names the worked problems"
    shots = exemplars.problems(list(read_rows(existing(path, hint))), name)
    if dataset.is_declared:
        parts = parts_of(name, dataset, root)
        train, validation, evaluation = (parts.get(part, []) for part in ("train", "validation", "test"))
        raw = RawDataset(evaluation, shots, train, validation)
    else:
        raw = read_benchmark(name, dataset, params.source_of(name), root, shots, with_train=is_seed)
    if is_seed and not (raw.train and raw.evaluation):
        train, evaluation = split_off_train([*raw.train, *raw.evaluation], dataset.train_share, params.seed)
        raw = RawDataset(evaluation, raw.exemplars, train, raw.validation)
    train = _without(raw.train, raw.exemplars) if is_seed else []
    made = RawDataset(raw.evaluation, raw.exemplars, train, raw.validation)
    return _in_words(made, read_template(Path(dataset.template))) if dataset.template else made


def _in_words(raw: RawDataset, template: PromptTemplate) -> RawDataset:
    """Return the dataset with every problem in the words of the template."""

    def written(problems: Sequence[Problem]) -> list[Problem]:
        return [problem.model_copy(update={"template": template}) for problem in problems]

    return RawDataset(written(raw.evaluation), written(raw.exemplars), written(raw.train), written(raw.validation))


def _without(train: Sequence[Problem], shots: Sequence[Problem]) -> list[Problem]:
    """Leave out train problems that are an exemplar: the teacher sees the exemplars, answers and all."""
    shown = {normalised_question(shot.question) for shot in shots}
    return [problem for problem in train if normalised_question(problem.question) not in shown]
