"""Each verdict on runs whose truth is known: one that holds, one that does not, one unclear, one not tested."""

import json
from dataclasses import replace

import pytest
from made_evidence import Made, made_evidence

from specialize.core.files import json_text
from specialize.core.statistics.paired import holm
from specialize.report.findings import (
    checkpoint_selection,
    generic_ability,
    maths_gain,
    model_size,
    start_checkpoint,
    topk_and_alignment,
)
from specialize.report.findings.registry import verdicts_json, verdicts_of
from specialize.report.findings.verdict import toward_each
from specialize.report.stats.bootstrap import Comparison

LEVEL = (0.3, 0.3, 0.3, 0.3)
SLIGHT = (0.30, 0.31, 0.31, 0.31)
DOWN = (0.6, 0.5, 0.3, 0.1)
SMALL, MIDDLE, LARGE = 1000, 3000, 9000


def ladder(**of_all) -> list[Made]:
    levels = {"s": (0.1, 0.2, 0.25, 0.3), "m": (0.2, 0.3, 0.4, 0.45), "l": (0.3, 0.4, 0.5, 0.6)}
    sizes = {"s": SMALL, "m": MIDDLE, "l": LARGE}
    return [Made(name, sizes[name], **{"seed": levels[name], "out": levels[name], **of_all}) for name in sizes]


@pytest.mark.parametrize(
    ("students", "word"),
    [
        (ladder(), "holds"),
        ([*ladder()[:2], Made("l", LARGE, seed=DOWN)], "does not hold"),
        ([Made("s", seed=SLIGHT, out=SLIGHT)], "unclear"),
        ([Made("s", out=SLIGHT)], "holds"),  # in the mean; the other set falls no five points
    ],
)
def test_c1(students, word):
    assert maths_gain.gains(made_evidence(students)).word == word


@pytest.mark.parametrize(
    ("seed", "word"), [((0.1, 0.2, 0.3, 0.5), "holds"), (SLIGHT, "does not hold"), ((0.1, 0.1, 0.1, 0.21), "unclear")]
)
def test_c2(seed, word):
    assert maths_gain.size_of_gain(made_evidence([Made("s", seed=seed, out=seed)])).word == word


@pytest.mark.parametrize(
    ("chain", "word"),
    [
        ((0.6, 0.0, 0.0, 0.0), "holds"),
        ((0.6, 0.4, 0.0, 0.0), "does not hold"),  # it falls to nothing, but later
        ((0.6, 0.5, 0.5, 0.5), "does not hold"),
        ((0.6, 0.04, 0.0, 0.0), "unclear"),
        ((0.0, 0.0, 0.0, 0.0), "not tested here"),  # nothing to lose
        (None, "not tested here"),
    ],
)
def test_c3(chain, word):
    verdict = generic_ability.chain_of_thought_lost(made_evidence([Made("s", chain=chain)]))
    assert verdict.word == word
    assert bool(verdict.lacking) == (word == "not tested here")


def test_c3_looks_no_earlier_than_the_paper_and_tells_what_was_there():
    made = [Made("s", chain=(0.6, 0.4, 0.0, 0.0))]
    verdict = generic_ability.chain_of_thought_lost(
        made_evidence(made, steps=(0, 11, 12, 300))
    )  # the paper's first: 11.5
    assert verdict.word == "holds"
    assert verdict.notes[1].startswith("After 11 updates: s: 40.0")
    assert len(generic_ability.chain_of_thought_lost(made_evidence(made, steps=(0, 12, 24, 300))).notes) == 1


@pytest.mark.parametrize(
    ("small", "large", "word"),
    [
        ((0.6, 0.4, 0.2, 0.1), (0.7, 0.6, 0.5, 0.4), "holds"),
        ((0.6, 0.4, 0.2, 0.1), LEVEL, "unclear"),
        ((0.6, 0.4, 0.2, 0.1), (0.3, 0.4, 0.5, 0.6), "does not hold"),
        ((0.6, 0.5, 0.5, 0.4), (0.7, 0.6, 0.3, 0.1), "does not hold"),  # the larger keeps less
        (None, None, "not tested here"),
    ],
)
def test_c4(small, large, word):
    students = [Made("s", answer_only=small), Made("l", LARGE, answer_only=large)]
    assert generic_ability.answer_only_lost(made_evidence(students)).word == word


def test_c5_needs_what_no_run_has_and_shows_what_it_can():
    verdict = maths_gain.beats_larger(made_evidence([*ladder()]))
    assert verdict.word == "not tested here"
    assert "s specialised against l at its start: 0.0" in verdict.notes[0]


def of_sizes(before: list[float], after: list[float], begun: str = "generalist") -> list[Made]:
    return [
        Made(
            f"{begun}-{size}",
            size,
            seed=(low, low, high, high),
            out=(low, low, high, high),
            recipe={"start": begun},
        )
        for size, low, high in zip((SMALL, MIDDLE, LARGE), before, after, strict=True)
    ]


STARTS = {"generalist": "instructions", "raw": "span_corruption"}


@pytest.mark.parametrize(
    ("before", "after", "word"),
    [
        ([0.02, 0.02, 0.02], [0.3, 0.45, 0.6], "holds"),
        ([0.1, 0.2, 0.3], [0.6, 0.4, 0.2], "does not hold"),
        ([0.02, 0.02, 0.02], [0.3, 0.31, 0.32], "unclear"),
    ],
)
def test_c6(before, after, word):
    verdict = model_size.log_linear(made_evidence(of_sizes(before, after), STARTS))
    assert verdict.word == word
    assert "raw" in verdict.lacking


def test_c6_of_a_raw_start_says_that_it_was_flat():
    raw = of_sizes([0.02, 0.02, 0.02], [0.2, 0.35, 0.5], "raw")
    verdict = model_size.log_linear(made_evidence([*of_sizes([0.1, 0.2, 0.3], [0.3, 0.45, 0.6]), *raw], STARTS))
    assert (verdict.word, verdict.lacking) == ("holds", "")
    steep = of_sizes([0.1, 0.35, 0.6], [0.5, 0.55, 0.6], "raw")
    assert model_size.log_linear(made_evidence(steep, STARTS)).word == "does not hold"
    assert model_size.log_linear(made_evidence(ladder()[:2])).word == "not tested here"


def test_c6_tells_the_slope_a_tenfold():
    verdict = model_size.log_linear(made_evidence(of_sizes([0.02] * 3, [0.3, 0.45, 0.6]), STARTS))
    (rises, fits) = verdict.parts
    assert fits.comparisons[0].value == pytest.approx(0, abs=1e-6)
    assert rises.comparisons[0].value == pytest.approx(0.15 / 0.477121, abs=1e-4)
    assert "R² 1.00 over 3 sizes, 31.4 points per tenfold" in fits.told


@pytest.mark.parametrize(
    ("after", "word"),
    [
        ([0.2, 0.8, 0.9], "does not hold"),  # rises, and clearly bends
        ([0.1, 0.45, 0.6], "unclear"),  # bends clearly, yet R² is .95
    ],
)
def test_c6_asks_whether_the_curve_bends(after, word):
    verdict = model_size.log_linear(made_evidence(of_sizes([0.02] * 3, after), STARTS))
    assert verdict.word == word, verdict.parts


@pytest.mark.parametrize(
    ("tuned", "raw", "word"),
    [
        ((0.3, 0.4, 0.5, 0.6), (0.0, 0.2, 0.4, 0.45), "holds"),
        ((0.3, 0.4, 0.4, 0.4), (0.0, 0.2, 0.4, 0.6), "does not hold"),
        ((0.3, 0.4, 0.5, 0.6), (0.2, 0.4, 0.5, 0.59), "unclear"),
    ],
)
def test_c7(tuned, raw, word):
    students = [Made("a", seed=tuned, recipe={"start": "generalist"}), Made("b", seed=raw, recipe={"start": "raw"})]
    assert start_checkpoint.better_start(made_evidence(students, STARTS)).word == word


def test_c7_pairs_only_what_is_alike_but_for_the_start():
    students = [Made("a"), Made("b", recipe={"start": "raw", "loss": "distribution"})]
    verdict = start_checkpoint.better_start(made_evidence(students, STARTS))
    assert verdict.word == "not tested here"
    assert "span_corruption" in verdict.lacking
    students = [Made("a"), Made("b", recipe={"start": "raw", "learning_rate": 1e-2})]
    assert (
        start_checkpoint.better_start(made_evidence(students, STARTS)).notes[0]
        == "a and b differ in learning rate too."
    )


def test_c7_asks_nothing_of_the_gains_where_both_starts_stand_alike():
    students = [
        Made("a", seed=(0.1, 0.2, 0.5, 0.9), recipe={"start": "generalist"}),
        Made("b", seed=(0.1, 0.2, 0.3, 0.5), recipe={"start": "raw"}),
    ]
    verdict = start_checkpoint.better_start(made_evidence(students, STARTS))
    assert (verdict.word, len(verdict.parts)) == ("holds", 1)
    assert "clearly more than the raw one" in verdict.lacking
    assert "Before the training a against b: 0.0" in verdict.notes[0]


APART = {"seed": 200, "out_of_distribution": 300}


@pytest.mark.parametrize(
    ("seed", "out", "by", "word"),
    [
        ((0.1, 0.3, 0.5, 0.4), (0.1, 0.3, 0.4, 0.5), APART, "holds"),
        ((0.1, 0.3, 0.4, 0.5), (0.1, 0.3, 0.4, 0.5), APART, "does not hold"),
        ((0.1, 0.3, 0.5, 0.5), (0.1, 0.3, 0.5, 0.5), APART, "unclear"),
        (LEVEL, LEVEL, {"seed": 300, "out_of_distribution": 300}, "not tested here"),
        (LEVEL, LEVEL, {"seed": None, "out_of_distribution": None}, "not tested here"),
    ],
)
def test_c8(seed, out, by, word):
    verdict = checkpoint_selection.selection_tradeoff(made_evidence([Made("s", seed=seed, out=out, by=by)]))
    assert verdict.word == word
    assert bool(verdict.lacking) == (word == "not tested here")


def coverage(soft: int, mass: float, numbers: int) -> dict:
    counts = {"tokens": 100, "soft": soft, "chunked": 0, "teacher_mass": soft * mass, "kept_mass": soft * mass * 0.9}
    return {"traces": 3, "all": counts, "numbers": {**counts, "soft": numbers}}


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (coverage(90, 0.99, 80), ["holds", "holds"]),
        (coverage(90, 0.80, 20), ["does not hold", "does not hold"]),
        (coverage(0, 0.0, 0), ["not tested here", "not tested here"]),
        (None, ["not tested here", "not tested here"]),
    ],
)
def test_c14_and_c15(given, words):
    evidence = made_evidence([Made("s")], coverage=given)
    assert [
        topk_and_alignment.top_k_is_enough(evidence).word,
        topk_and_alignment.alignment_supervises(evidence).word,
    ] == words


def test_c14_and_c15_hold_by_construction_where_the_teacher_is_our_own():
    evidence = replace(made_evidence([Made("s")], coverage=coverage(90, 0.99, 80)), simulated_teacher=True)
    for finding in (topk_and_alignment.top_k_is_enough, topk_and_alignment.alignment_supervises):
        assert finding(evidence).word == "by construction"
        assert "grammar" in finding(evidence).by_construction
    evidence = replace(made_evidence([Made("s")], coverage=coverage(90, 0.80, 80)), simulated_teacher=True)
    assert topk_and_alignment.top_k_is_enough(evidence).word == "does not hold"


def test_sizes_losses_and_starts_are_compared_after_equal_updates():
    # Selected at step 200 and 300: the one that was stopped earlier has the better checkpoint, and the worse end.
    early = {"seed": 200, "out_of_distribution": 200}
    made = [
        Made("a", seed=(0.1, 0.3, 0.9, 0.3), recipe={"start": "generalist"}, by=early),
        Made("b", seed=(0.1, 0.2, 0.3, 0.6), recipe={"start": "raw"}),
    ]
    verdict = start_checkpoint.better_start(made_evidence(made, STARTS))
    assert verdict.parts[0].comparisons[0].value == pytest.approx(-0.3)


def compared(value: float, p: float) -> Comparison:
    reach = 0.5 * abs(value)
    return Comparison(label="", value=value, low=value - reach, high=value + reach, n=100, seeds=1, p=p)


def test_one_of_twenty_the_other_way_is_chance_until_holm_says_otherwise():
    gains = [compared(0.1, 0.001)] * 19
    assert toward_each([*gains, compared(-0.1, 0.04)], 1) == ["yes"] * 19 + ["open"]
    assert toward_each([*gains, compared(-0.1, 0.0001)], 1)[-1] == "no"
    assert toward_each([compared(-0.1, 0.04)], 1) == ["no"]


def test_holm_is_over_all_comparisons_of_the_report():
    verdicts = verdicts_of(made_evidence(ladder()))
    found = [each for verdict in verdicts for part in verdict.parts for each in part.comparisons if each.p is not None]
    assert len(found) > 10
    assert [each.p_holm for each in found] == pytest.approx(holm([each.p for each in found]), abs=1e-5)


GONE = (0.6, 0.0, 0.0, 0.0)


@pytest.mark.parametrize(
    ("exact", "by_rule", "word"),
    [
        (LEVEL, GONE, "holds"),
        (GONE, GONE, "does not hold"),
        ((0.6, 0.3, 0.3, 0.3), GONE, "unclear"),
        (LEVEL, LEVEL, "not tested here"),  # nothing fell
        (None, None, "not tested here"),
    ],
)
def test_q1(exact, by_rule, word):
    assert generic_ability.scorer_or_skill(made_evidence([Made("s", chain=exact, chain_by_rule=by_rule)])).word == word


@pytest.mark.parametrize(
    ("trained", "word"),
    [
        ((0.1, 0.3, 0.5, 0.55), "holds"),
        (GONE, "does not hold"),
        (LEVEL, "holds"),
        ((0.6, 0.4, 0.3, 0.3), "unclear"),  # half of it
        ((0.02, 0.02, 0.02, 0.02), "not tested here"),  # the start has none to keep
        (None, "not tested here"),
    ],
)
def test_q2(trained, word):
    verdict = generic_ability.format_or_skill(made_evidence([Made("s", chain=GONE, trained=trained)]))
    assert verdict.word == word
    if word == "holds":
        assert verdict.parts[0].told.startswith("s: ")


def test_every_finding_is_there_once_and_says_what_it_lacks():
    verdicts = verdicts_of(made_evidence([Made("s", answer_only=None, chain=None)]))
    assert [verdict.name for verdict in verdicts] == [*(f"C{number}" for number in range(1, 16)), "Q1", "Q2", "Q3"]
    assert all(verdict.lacking for verdict in verdicts if verdict.word == "not tested here")
    assert all(len(verdict.claim) <= 86 for verdict in verdicts), "a line of the terminal"
    rows = json.loads(json_text(verdicts_json(verdicts)))
    assert {row["verdict"] for row in rows} <= {"holds", "does not hold", "unclear", "not tested here"}
    assert rows[0]["parts"][0]["comparisons"][0]["n"] == 400, "of both maths sets"


def test_nothing_but_the_start_was_scored():
    last = {"seed": None, "out_of_distribution": None}
    verdicts = verdicts_of(made_evidence([Made("s", by=last), Made("l", LARGE, by=last)], steps=(0,)))
    assert not [verdict.name for verdict in verdicts if verdict.word in ("holds", "does not hold")]
