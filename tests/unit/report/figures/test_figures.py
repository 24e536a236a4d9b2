"""A figure is one module: its name, caption, data and drawing; what else holds its caption holds the same text."""

import textwrap
from pathlib import Path

import pandas
import pytest
from made_evidence import Made, made_evidence

from specialize.report.figures import dynamics, scaling, training
from specialize.report.figures.registry import FIGURES, draw_figures
from specialize.report.stats.learning_curves import training_spread

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


def test_a_fitted_line_stays_inside_the_axis():
    """Two sizes at nothing and one near the top: the least-squares line would begin far below zero."""
    low, high = (0.0, 0.0, 0.0, 0.0), (0.0, 0.3, 0.6, 0.97)
    (axes,) = scaling.draw(made_evidence([Made("s", 1000, low), Made("m", 10_000, low), Made("l", 100_000, high)])).axes
    bottom, top = axes.get_ylim()
    fits = [line for line in axes.get_lines() if line.get_linestyle() != "None" and len(line.get_xdata()) == 2]
    assert fits
    for line in fits:
        assert all(bottom - 1e-9 <= y <= top + 1e-9 for y in line.get_ydata())


def test_panels_share_both_axes():
    figure = dynamics.draw(made_evidence([Made("s"), Made("l", 9000)]))
    first, second = figure.axes
    assert first.get_xlim() == second.get_xlim() and first.get_ylim() == second.get_ylim()
    assert [label.get_text() for label in second.get_xticklabels()], "steps are written below every panel"


def test_seeds_are_a_band_in_the_training_loss():
    losses = ([0.4, 0.3, 0.2], [0.5, 0.3, 0.1])
    students = [Made(f"s-{n}", losses={"loss": each}, recipe={"seed": n}) for n, each in enumerate(losses)]
    evidence = made_evidence(students)
    spread = training_spread(evidence, evidence.arms[0], "loss")
    assert list(spread["min"]) == [0.4, 0.3, 0.1] and list(spread["max"]) == [0.5, 0.3, 0.2]
    assert len(training.draw(evidence).axes[0].collections) == 1
