"""Accuracy and loss along the checkpoints of an arm."""

from collections.abc import Sequence
from statistics import fmean
from typing import Any

import pandas

from specialize.report.arms import Arm
from specialize.report.stats.accuracies import Measure
from specialize.report.stats.changes import accuracy_of
from specialize.report.stats.contrasts import Evidence

ABILITIES = ("seed", "out_of_distribution", "generic_answer_only", "generic_chain_of_thought")
CHAINS = ("in_context_chain_of_thought", "zero_shot_chain_of_thought")
COLUMNS = {"step": int, "n": int, "accuracy": float, "low": float, "high": float}


def stacked(tables: Sequence[pandas.DataFrame], columns: Sequence[str]) -> pandas.DataFrame:
    """Return these columns of the tables, one below the other; without rows where there are no tables."""
    table = pandas.concat(tables, ignore_index=True) if tables else pandas.DataFrame(columns=list(columns))
    return table[list(columns)]


def steps_of(evidence: Evidence, arm: Arm) -> list[int]:
    """Return the steps at which every replicate was scored, ascending."""
    return sorted(set.intersection(*(set(evidence.study.steps(student)) for student in arm.names)))


def accuracy_curve(evidence: Evidence, arm: Arm, measure: Measure) -> pandas.DataFrame:
    """Return step, n, accuracy, low and high, these three in %, where every replicate has the accuracy."""
    rows = [
        (step, each.n, 100 * each.accuracy, 100 * each.low, 100 * each.high)
        for step in steps_of(evidence, arm)
        if (each := accuracy_of(evidence, arm, dict.fromkeys(arm.names, step).__getitem__, measure))
    ]
    return pandas.DataFrame(rows, columns=list(COLUMNS)).astype(COLUMNS)


def dynamics(evidence: Evidence, arm: Arm) -> dict[str, pandas.DataFrame]:
    """Return ability → accuracy_curve: on validation problems; generic suites without any, on test problems."""
    return {name: accuracy_curve(evidence, arm, measure) for name, measure in ability_measures(evidence).items()}


def dynamics_table(evidence: Evidence, arm: Arm) -> pandas.DataFrame:
    """Return step and a column for each ability: accuracy in %, NaN where it was not measured."""
    table = pandas.DataFrame({"step": steps_of(evidence, arm)})
    for ability, curve in dynamics(evidence, arm).items():
        table[ability] = table["step"].map(curve.set_index("step")["accuracy"])
    return table.reindex(columns=["step", *ABILITIES])


def ability_measures(evidence: Evidence) -> dict[str, Measure]:
    """Return what is followed along the training, by name in the order of ABILITIES; datasets may be none."""
    study, params = evidence.study, evidence.params
    maths = {
        role: Measure(role, tuple(study.benchmarks(role)), params.format, params.reading, "validation")
        for role in ("seed", "out_of_distribution")
    }
    tasks = tuple(study.benchmarks("generic"))
    known = study.problems.datasets
    validated = all(name in known and "validation" in known[name].splits for name in tasks)
    split = "validation" if validated else "test"
    generic = {
        f"generic_{format}": Measure("generic", tasks, format, params.generic_reading, split)
        for format in ("answer_only", "chain_of_thought")
    }
    return maths | generic


def format_curves(evidence: Evidence, arm: Arm) -> dict[str, pandas.DataFrame]:
    """Return chain-of-thought format → accuracy_curve of the seed dataset: validation problems, or test problems."""
    datasets, reading = tuple(evidence.study.benchmarks("seed")), evidence.params.reading
    curves = {}
    for format in CHAINS:
        for split in ("validation", "test"):
            curves[format] = accuracy_curve(evidence, arm, Measure("seed", datasets, format, reading, split))
            if len(curves[format]):
                break
    return curves


def training_curve(evidence: Evidence, arm: Arm, column: str) -> "pandas.Series[float]":
    """Return step → mean over seeds of a column of training.csv, at the steps that every replicate logged."""
    by_step = _logged(evidence, arm, column)
    curve: pandas.Series[float] = by_step.agg(fmean)[by_step.size() == len(arm.names)]
    return curve


def training_spread(evidence: Evidence, arm: Arm, column: str) -> pandas.DataFrame:
    """Return step → min and max over seeds, at the steps of `training_curve`."""
    by_step = _logged(evidence, arm, column)
    spread: pandas.DataFrame = by_step.agg(["min", "max"])[by_step.size() == len(arm.names)]
    return spread


def _logged(evidence: Evidence, arm: Arm, column: str) -> Any:
    logged = evidence.study.curves.reindex(columns=["student", "step", column])
    logged = logged[logged["student"].isin(arm.names)].replace("", None).dropna()
    return logged[column].astype(float).groupby(logged["step"].astype(float).astype(int))
