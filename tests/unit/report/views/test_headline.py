"""The three numbers at the head of the page and at the end of the terminal's table."""

from made_evidence import Made, made_evidence

from specialize.report.formatting import rounded
from specialize.report.views.headline import tiles_of
from specialize.report.views.main_table import columns_of


def test_a_gain_and_the_format_in_which_there_was_most_to_lose():
    evidence = made_evidence([Made("m", answer_only=(0.2, 0.1, 0.1, 0.1), chain=(0.4, 0.1, 0.0, 0.0))])
    seed, out, generic = tiles_of(evidence, columns_of(evidence), evidence.arms[0])
    assert (seed.role, out.role, generic.role) == ("seed", "out_of_distribution", "generic")
    assert seed.change.verdict == "gain" and generic.change.verdict == "loss"
    assert generic.says == "the price: chain of thought"
    assert generic.change.before is not None and generic.change.before.accuracy == 0.4


def test_what_was_not_scored_has_no_tile():
    evidence = made_evidence([Made("m", answer_only=None, chain=None)])
    assert [tile.role for tile in tiles_of(evidence, columns_of(evidence), evidence.arms[0])] == [
        "seed",
        "out_of_distribution",
    ]


def test_percent_without_needless_digits():
    assert [rounded(share) for share in (0, 0.0004, 0.0056, 0.009, 0.0096, 0.376, 0.94, 1)] == [
        "0", "0.0", "0.6", "0.9", "1", "38", "94", "100",
    ]  # fmt: skip
