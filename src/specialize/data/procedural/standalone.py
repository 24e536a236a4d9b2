"""The procedural world as a data set of its own: its params from the command line, and one example of everything."""

from collections.abc import Iterator, Mapping, Sequence

from specialize.core.params.data import DataParams
from specialize.data.build import Splits
from specialize.data.procedural.datasets import WORLDS
from specialize.records.problems import Problem, Text
from specialize.records.record import Record

ROLES = {"world": "seed", "world_generic": "generic", "world_longer": "probe"}
_VALIDATION_SHARE = 3
"""Of the evaluation problems of a maths set, one in so many is for validation."""


def world_params(seed: int, train: int, evaluation: int, largest_number: int, mixture: int) -> DataParams:
    """Return the params of the whole world: all its datasets, and `mixture` problems and texts to pretrain on."""
    validation = evaluation // _VALIDATION_SHARE
    datasets = {}
    for name in WORLDS:
        role = ROLES.get(name, "out_of_distribution")
        datasets[name] = {"role": role, "validation": validation if role in ("seed", "out_of_distribution") else 0}
    sizes = {"train": train, "evaluation": evaluation, "largest_number": largest_number}
    return DataParams.model_validate(
        {
            "source": "procedural",
            "seed": seed,
            "datasets": datasets,
            "procedural": {**sizes, "instructions": mixture, "pretraining": mixture},
        }
    )


def examples(splits: Mapping[str, Splits], texts: Mapping[str, Sequence[Record]], each: int) -> Iterator[str]:
    """Yield `each` examples of every dataset (of a suite: every task), of the instructions and of the plain texts."""
    for name, parts in splits.items():
        yield f"## {name}\n"
        tasks = {problem.task for problem in parts["test"]}
        for task in sorted(tasks, key=str):
            yield from (_example(p) for p in [p for p in parts["test"] if p.task == task][:each])
    for name, rows in texts.items():
        yield f"## {name}\n"
        yield from (_example(row) for row in rows[:each])


def _example(row: Record) -> str:
    match row:
        case Problem():
            lines = [f"{row.task}:"] if row.task else []
            lines += [f"Q: {row.question}", *str(row.rationale).split("\n"), f"The answer is {row.answer}"]
            return "\n".join(lines) + "\n"
        case Text():
            return f"{row.text}\n"
    return row.model_dump_json() + "\n"
