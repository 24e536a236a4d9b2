"""Verdicts on how training goes: late checkpoints, losses, formats; each with a known truth."""

import numpy as np
import pytest
from made_evidence import Made, made_evidence, waves

from specialize.report.findings import data_formats, late_training, loss

LEVEL = (0.3, 0.3, 0.3, 0.3)
SLIGHT = (0.30, 0.31, 0.31, 0.31)
DOWN = (0.6, 0.5, 0.3, 0.1)
LARGE = 9000
MANY = tuple(range(0, 4100, 100))
AT_END = {"seed": 4000, "out_of_distribution": 4000}


def swinging(steps, out_of) -> list[Made]:
    """Three students of one size, each with its own swing; `out_of`: the other curve, of a student's phase."""
    curve, last = [0.5] * len(steps), {"seed": steps[-1], "out_of_distribution": steps[-1]}
    return [
        Made(
            f"s{number}",
            seed=waves(0.5, phase, len(steps)),
            out=out_of(phase),
            answer_only=curve,
            chain=curve,
            by=last,
            recipe={"seed": number},
        )
        for number, phase in enumerate((2.0, 2.3, 2.6))
    ]


@pytest.mark.parametrize(("sign", "word"), [(1, "does not hold"), (-1, "holds")])
def test_c9(sign, word):
    # sin(2 t) against sin(2 t) goes together, against −sin(2 t) the other way.
    made = swinging(MANY, lambda phase: waves(0.5, sign * phase, len(MANY)))
    verdict = late_training.independent_fluctuation(made_evidence(made, steps=MANY))
    assert verdict.word == word, verdict.parts


def test_c9_is_unclear_with_few_changes():
    few = MANY[:9]
    verdict = late_training.independent_fluctuation(
        made_evidence(swinging(few, lambda phase: waves(0.5, phase / 2, 9)), steps=few)
    )
    assert verdict.word == "unclear", verdict.parts


def test_c9_takes_off_what_all_students_of_a_size_do_at_a_step():
    # One curve for all, which moves both accuracies alike: nothing is left of it.
    def together(number):
        common = [0.4 + 0.1 * (at % 2) for at in range(9)]
        own = [0.02 * ((at + number) % 3 == 0) for at in range(9)]
        other = [0.02 * ((at + 2 * number) % 4 == 0) for at in range(9)]
        seed, out = ([a + b for a, b in zip(common, each, strict=True)] for each in (own, other))
        curve = [0.5] * 9
        return Made(
            f"s{number}", seed=seed, out=out, answer_only=curve, chain=curve, recipe={"seed": number}, by={"seed": 800}
        )

    verdict = late_training.independent_fluctuation(made_evidence([together(n) for n in range(4)], steps=MANY[:9]))
    assert float(verdict.parts[0].told.split()[4].replace("−", "-")) < 0.5


def test_c9_needs_many_checkpoints():
    assert late_training.independent_fluctuation(made_evidence([Made("s"), Made("l", LARGE)])).word == "not tested here"


def test_c9_counts_independent_changes():
    # Of the changes at one step of n students n − 1 are independent of their mean: 2 steps, nine students: 16.
    made = [
        Made(f"s{n}", seed=wave, out=wave, recipe={"seed": n}, by={"seed": 1600})
        for n, wave in enumerate([(0.3, 0.5, 0.4, 0.6), (0.3, 0.4, 0.5, 0.5), (0.3, 0.5, 0.5, 0.4)] * 3)
    ]
    steps = (0, 800, 1200, 1600)
    verdict = late_training.independent_fluctuation(made_evidence(made, steps=steps))
    assert "n 16 changes" in verdict.parts[0].told
    assert late_training.independent_fluctuation(made_evidence(made[:4], steps=steps)).word == "not tested here"


def test_correlation_is_pearsons_with_fishers_interval():
    x, y = np.array([0, 1, 2, 3, 4, 5]), np.array([0, 1, 1, 3, 2, 4])
    r, low, high = late_training.correlation(list(zip(x, y, strict=True)), free=len(x) - 1)
    direct = ((x - x.mean()) * (y - y.mean())).mean() / (x.std() * y.std())
    ends = np.tanh(np.arctanh(direct) + np.array([-1, 1]) * 1.959964 / np.sqrt(len(x) - 3))
    assert (r, low, high) == pytest.approx((direct, *ends), abs=1e-5)


@pytest.mark.parametrize(
    ("small", "large", "word"),
    [
        ((0.1, 0.2, 0.3, 0.5), LEVEL, "holds"),
        ((0.1, 0.2, 0.5, 0.3), LEVEL, "does not hold"),
        (SLIGHT, LEVEL, "unclear"),
        ((0.1, 0.2, 0.3, 0.8), (0.1, 0.2, 0.3, 0.5), "does not hold"),  # the largest gains less, but gains
    ],
)
def test_c10(small, large, word):
    verdict = late_training.largest_stops_first(made_evidence([Made("s", seed=small), Made("l", LARGE, seed=large)]))
    assert verdict.word == word


def test_c10_needs_two_sizes():
    assert late_training.largest_stops_first(made_evidence([Made("s")])).word == "not tested here"


def losses(level: float) -> dict[str, list[float]]:
    return {"teacher_kl": [level + 0.001 * (at % 3) for at in range(30)], "sample_nll": [level] * 30}


def matched(distribution: tuple[float, ...], sample: tuple[float, ...], kl: float = 0.1, **own) -> list[Made]:
    return [
        Made("d", seed=distribution, out=distribution, losses=losses(kl), recipe={"loss": "distribution"}, **own),
        Made("t", seed=sample, out=sample, losses=losses(0.2)),
    ]


@pytest.mark.parametrize(
    ("students", "word"),
    [
        (matched(LEVEL, LEVEL), "holds"),
        (matched(LEVEL, LEVEL, kl=0.3), "does not hold"),
        (matched((0.1, 0.2, 0.3, 0.6), LEVEL), "does not hold"),  # accuracy is not alike
        (matched(LEVEL, (0.1, 0.2, 0.3, 0.34)), "unclear"),
        ([Made("t")], "not tested here"),
    ],
)
def test_c11(students, word):
    assert loss.lower_loss(made_evidence(students)).word == word


def test_c11_without_curves_on_one_scale_still_tells_of_accuracy():
    students = [Made("d", seed=LEVEL, recipe={"loss": "distribution"}), Made("t", seed=LEVEL)]
    verdict = loss.lower_loss(made_evidence(students))
    assert [part.answer for part in verdict.parts] == ["yes"]
    assert "teacher_kl" in verdict.lacking


@pytest.mark.parametrize(
    ("students", "word"),
    [
        (matched((0.1, 0.2, 0.3, 0.6), LEVEL), "holds"),
        (matched(LEVEL, (0.1, 0.2, 0.3, 0.6)), "does not hold"),
        (matched(SLIGHT, LEVEL), "unclear"),
        ([Made("t")], "not tested here"),
    ],
)
def test_q3(students, word):
    assert loss.better_objective(made_evidence(students)).word == word


UP = (0.1, 0.2, 0.3, 0.5)


@pytest.mark.parametrize(
    ("finding", "kind", "zero_shot", "in_context", "word"),
    [
        (data_formats.in_context_only, "in_context", UP, UP, "holds"),
        (data_formats.in_context_only, "in_context", DOWN, UP, "does not hold"),
        (data_formats.in_context_only, "in_context", SLIGHT, UP, "unclear"),
        (data_formats.in_context_only, "in_context", UP, None, "not tested here"),
        (data_formats.in_context_only, "all", UP, UP, "not tested here"),
        (data_formats.zero_shot_only, "zero_shot", UP, DOWN, "holds"),
        (data_formats.zero_shot_only, "zero_shot", UP, UP, "does not hold"),
        (data_formats.zero_shot_only, "zero_shot", UP, SLIGHT, "unclear"),
        (data_formats.zero_shot_only, "zero_shot", UP, None, "not tested here"),
        (data_formats.zero_shot_only, "all", UP, DOWN, "not tested here"),
    ],
)
def test_c12_and_c13(finding, kind, zero_shot, in_context, word):
    made = Made("s", seed=zero_shot, in_context=in_context, recipe={"formats": kind})
    verdict = finding(made_evidence([made]))
    assert verdict.word == word
    assert bool(verdict.lacking) == (word == "not tested here")


def test_c13_asks_for_a_fall_only_where_there_is_something_to_lose():
    verdict = data_formats.zero_shot_only(
        made_evidence([Made("s", seed=UP, in_context=(0.02, 0.1, 0.1, 0.2), recipe={"formats": "zero_shot"})])
    )
    assert (verdict.word, len(verdict.parts)) == ("holds", 1)
    assert "in context, for it to fall" in verdict.lacking


def test_c13_tells_how_in_context_data_end_beside_zero_shot_data():
    made = [
        Made("i", seed=UP, in_context=UP, recipe={"formats": "in_context"}),
        Made("z", seed=UP, in_context=DOWN, recipe={"formats": "zero_shot"}),
    ]
    (note,) = data_formats.zero_shot_only(made_evidence(made)).notes
    assert note.startswith("Prompted in context, i against z, world: +40.0")
