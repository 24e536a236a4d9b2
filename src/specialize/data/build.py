"""Raw datasets → the records of every split, and the index."""

from collections.abc import Mapping

from specialize.core.errors import ParamsError, SpecializeError
from specialize.core.params.data import DataParams
from specialize.data.guessing import guesses
from specialize.data.raw_dataset import RawDataset
from specialize.data.splits import draw_validation, shared_questions
from specialize.records.problems import DatasetSummary, Problem, ProblemIndex, Split

Splits = dict[Split, list[Problem]]


def split_all(collected: Mapping[str, RawDataset], params: DataParams) -> tuple[dict[str, Splits], ProblemIndex]:
    """Return dataset → split → problems, and the index.

    Every dataset has test and exemplars, the seed dataset train, and those with `validation` problems validation.
    Raises ParamsError where a validation split cannot be filled.
    """
    for name, each in collected.items():
        _check(name, each, is_seed=name == params.seed_dataset)
    shared = shared_questions({name: each.evaluation for name, each in collected.items()})
    splits = {name: _split(name, each, params, shared) for name, each in collected.items()}
    summaries = {
        name: DatasetSummary(
            role=params.datasets[name].role,
            splits={split: len(problems) for split, problems in each.items()},
            guesses=guesses(splits[params.seed_dataset]["train"], each["test"]),
        )
        for name, each in splits.items()
    }
    return splits, ProblemIndex(seed=params.seed, datasets=summaries, shared_questions=len(shared))


def _split(name: str, collected: RawDataset, params: DataParams, shared: set[str]) -> Splits:
    part = params.datasets[name]
    splits: Splits = {"train": collected.train} if part.role == "seed" else {}
    if collected.validation:
        splits["validation"] = collected.validation
        return {**splits, "test": collected.evaluation, "exemplars": collected.exemplars}
    try:
        validation, test = draw_validation(collected.evaluation, part.validation, params.seed, part.drawn_from, shared)
    except ParamsError as error:
        raise ParamsError(f"data.datasets.{name}: {error}") from None
    if part.validation:
        splits["validation"] = validation
    return {**splits, "test": test, "exemplars": collected.exemplars}


def _check(name: str, collected: RawDataset, is_seed: bool) -> None:
    if not collected.evaluation:
        raise SpecializeError(f"data.datasets.{name}: the source holds no evaluation problem (part 'test')")
    if is_seed and not collected.train:
        raise SpecializeError(f"data.datasets.{name}: the source holds no train problem, or too few to split some off")
    seen: set[str] = set()
    for problem in (*collected.train, *collected.validation, *collected.evaluation):
        if problem.id in seen:
            raise SpecializeError(f"data.datasets.{name}: two rows have the id '{problem.id}'")
        seen.add(problem.id)
