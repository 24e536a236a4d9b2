"""Evidence made in memory: students whose every accuracy is given, so that each verdict's truth is known."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import pandas
from made_run import FORMATS, manifest, row

from specialize.core.params.report import ReportParams
from specialize.records.checkpoints import CheckpointManifest
from specialize.records.coverage import Coverage
from specialize.records.funnel import Funnel
from specialize.records.problems import DatasetSummary, ProblemIndex
from specialize.records.scores import Score, Selected
from specialize.report.load_results import Study, join_curves
from specialize.report.stats.contrasts import Evidence, evidence_of
from specialize.report.stats.predictions import by_problem

ZERO_SHOT, IN_CONTEXT = "zero_shot_chain_of_thought", "in_context_chain_of_thought"
N = 200
"""Problems of every benchmark and split."""
Curve = Sequence[float]
"""An accuracy at each checkpoint, in shares of 1."""


@dataclass
class Made:
    """A student. Curves stand at STEPS; None: not measured."""

    name: str
    parameters: int = 1000
    seed: Curve = (0.1, 0.3, 0.5, 0.6)
    out: Curve = (0.1, 0.3, 0.5, 0.6)
    in_context: Curve | None = None
    answer_only: Curve | None = (0.6, 0.4, 0.2, 0.1)
    chain: Curve | None = (0.6, 0.0, 0.0, 0.0)
    chain_by_rule: Curve | None = None
    """By the authors' substring rule; None: as by exact match."""
    trained: Curve | None = None
    recipe: dict[str, Any] = field(default_factory=dict)
    by: dict[str, int | None] = field(default_factory=lambda: {"seed": 300, "out_of_distribution": 300})
    losses: dict[str, Sequence[float]] = field(default_factory=dict)
    shift: int = 0
    """Which problems are solved first: students with another shift solve others."""


STEPS = (0, 100, 200, 300)


def made_evidence(
    students: Sequence[Made],
    starts: dict[str, str] | None = None,
    coverage: dict[str, Any] | None = None,
    steps: Sequence[int] = STEPS,
    **params: Any,
) -> Evidence:
    """Return the evidence of these students."""
    answers: list[pandas.DataFrame] = []
    scores = []
    for made in students:
        for place, step in enumerate(steps):
            scores += [_score(made, dataset, step, place, answers) for dataset in ("world", "plain", "generic")]
    study = Study(
        students=[made.name for made in sorted(students, key=lambda made: (made.parameters, made.name))],
        parameters={made.name: made.parameters for made in students},
        scores=sorted(scores, key=lambda score: (score.student, score.step, score.benchmark)),
        selected={
            made.name: Selected(student=made.name, format=ZERO_SHOT, reading="flexible", candidates=[], by=made.by)
            for made in students
        },
        manifests=[
            CheckpointManifest.model_validate(manifest(made.name, steps[0], made.parameters, _recipe(made)))
            for made in students
        ],
        curves=join_curves({made.name: pandas.DataFrame(_curve(made)) for made in students}),
        funnel=Funnel(steps=[], by_teacher={}, questions={}),
        problems=ProblemIndex(
            seed=1, datasets={"world": DatasetSummary(role="seed", splits={"test": N})}, shared_questions=0
        ),
        coverage={"pieces": Coverage.model_validate(coverage)} if coverage else {},
    )
    return evidence_of(study, by_problem(pandas.concat(answers)), ReportParams(**params), starts or {})


def _recipe(made: Made) -> dict[str, Any]:
    usual = {"seed": 1, "start": "generalist", "loss": "sample", "formats": "all", "steps": 300, "learning_rate": 1e-3}
    params = {**usual, **made.recipe, "student": made.name}
    return {**params, "formats": FORMATS[params["formats"]]}


def _score(made: Made, dataset: str, step: int, place: int, answers: list[pandas.DataFrame]) -> Score:
    role = {"world": "seed", "plain": "out_of_distribution", "generic": "generic"}[dataset]
    rows = []
    for split in ("test",) if role == "generic" else ("test", "validation"):
        for format, reading, curve in _measured(made, role):
            if curve is not None:
                correct = round(N * curve[place])
                rows.append(row(None, split, format, reading, N, correct))
                # Step by step the same problems first: what is won stays won.
                solved = {(made.shift + rank * 7) % N for rank in range(correct)}
                of_problems = [(f"{dataset}/a/{i}", i in solved) for i in range(N)]
                whose = {"student": made.name, "step": step, "dataset": dataset}
                how = {"split": split, "format": format, "reading": reading}
                answers.append(pandas.DataFrame(of_problems, columns=["id", "correct"]).assign(**whose, **how))
    return Score.model_validate(
        {
            "benchmark": dataset, "role": role, "student": made.name, "step": step, "checkpoint": "c", "scorer": "1",
            "prompts": {}, "plan": {"confidence": 0.95}, "rows": rows,
        }
    )  # fmt: skip


def _measured(made: Made, role: str) -> list[tuple[str, str, Curve | None]]:
    if role == "generic":
        by_rule = made.chain if made.chain_by_rule is None else made.chain_by_rule
        return [
            ("answer_only", "exact", made.answer_only), ("answer_only", "substring", made.answer_only),
            ("chain_of_thought", "exact", made.chain), ("chain_of_thought", "substring", by_rule),
            ("trained_chain_of_thought", "exact", made.trained),
        ]  # fmt: skip
    zero_shot = made.seed if role == "seed" else made.out
    return [(ZERO_SHOT, "flexible", zero_shot), (IN_CONTEXT, "flexible", made.in_context if role == "seed" else None)]


def _curve(made: Made) -> list[dict[str, str]]:
    length = max((len(values) for values in made.losses.values()), default=0)
    rows = [{"step": str(10 * (at + 1)), "loss": "1", "grad_norm": "1", "learning_rate": "1"} for at in range(length)]
    for name, values in made.losses.items():
        for row_, value in zip(rows, values, strict=True):
            row_[name] = str(value)
    return rows


def waves(base: float, phase: float, count: int) -> list[float]:
    """Return accuracies that rise and then swing around a level."""
    return [base + 0.05 * math.sin(phase * at) for at in range(count)]
