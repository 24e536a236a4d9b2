"""results/metrics.json: one flat object, narrow enough for `dvc exp show`."""

from specialize.report.stats.changes import accuracy_of
from specialize.report.stats.contrasts import Evidence


def metrics_of(evidence: Evidence) -> dict[str, float | int]:
    """Return `{arm}.{number}` → test accuracy in % of the selected checkpoint, the mean over an arm's seeds.

    `seed` of every arm; of the largest arm of the main ladder also `ood`, the out-of-distribution mean, and
    generic tasks in answer-only (`ao`) and chain of thought (`cot`). A number that was not measured is left out.
    """
    wanted = [(arm, "seed", evidence.seed()) for arm in evidence.arms]
    largest = evidence.ladders[0][-1]
    wanted += [
        (largest, "ood", evidence.out()),
        (largest, "ao", evidence.generic("answer_only")),
        (largest, "cot", evidence.generic("chain_of_thought")),
    ]
    metrics: dict[str, float | int] = {}
    for arm, name, measure in wanted:
        estimate = accuracy_of(evidence, arm, evidence.front, measure) if measure else None
        if estimate:
            metrics[f"{arm.name}.{name}"] = round(100 * estimate.accuracy, 2)
    return metrics
