"""A figure is one module: its name, caption, data and drawing; what else holds its caption holds the same text."""

import textwrap
from pathlib import Path

import pandas
import pytest
from made_evidence import Made, made_evidence

from specialize.report.figures.registry import FIGURES, draw_figures

CAPTIONS = Path(__file__).parents[4] / "workflow" / "captions"


@pytest.fixture(scope="module")
def drawn():
    losses = {"teacher_kl": [0.3, 0.2, 0.1], "sample_nll": [0.4, 0.3, 0.2]}
    students = [
        Made("s", recipe={"formats": "zero_shot"}),
        Made("l", 9000, losses=losses),
        Made("l-kl", 9000, losses=losses, recipe={"loss": "distribution"}),
    ]
    return draw_figures(made_evidence(students))


def test_every_figure_has_a_module_of_its_name_and_a_caption_for_snakemake():
    assert [figure.__name__.rpartition(".")[2] for figure in FIGURES] == [figure.NAME for figure in FIGURES]
    assert {path.stem for path in CAPTIONS.glob("*.rst")} == {"scores", "index", *(figure.NAME for figure in FIGURES)}


@pytest.mark.parametrize("figure", FIGURES, ids=lambda figure: figure.NAME)
def test_the_caption_of_snakemakes_report_is_the_modules(figure):
    assert (CAPTIONS / f"{figure.NAME}.rst").read_text() == textwrap.fill(figure.CAPTION, 120) + "\n"


@pytest.mark.parametrize("figure", FIGURES, ids=lambda figure: figure.NAME)
def test_a_figure_comes_with_its_data(drawn, figure):
    made = drawn[figure.NAME]
    assert made.svg.startswith("<?xml")
    assert len(made.table) and not made.table.duplicated().any()


def test_what_a_run_lacks_is_an_empty_table_with_the_same_columns(drawn):
    alone = draw_figures(made_evidence([Made("s", answer_only=None, chain=None)]))
    empty = {name for name, made in alone.items() if made.table.empty}
    assert empty == {"other_arms", "objectives", "formats", "training"}
    for name in empty - {"training"}:
        assert list(alone[name].table.columns) == list(drawn[name].table.columns)


def test_the_two_losses_of_a_pair_are_in_one_table(drawn):
    table = drawn["objectives"].table
    assert set(table["pair"]) == {"l-kl against l"}
    assert set(zip(table["arm"], table["loss"], strict=True)) == {("l-kl", "distribution"), ("l", "sample")}
    assert list(table.loc[(table["arm"] == "l") & (table["scale"] == "teacher_kl"), "value"]) == [0.3, 0.2, 0.1]


def test_accuracies_are_in_percent_with_their_intervals(drawn):
    table = drawn["formats"].table.set_index(["arm", "format", "step"])
    first = table.loc[("s", "zero_shot_chain_of_thought", 0)]
    assert (first["accuracy"], first["n"]) == (10, 200)
    assert first["low"] < 10 < first["high"]
    assert pandas.api.types.is_float_dtype(table["accuracy"])
