"""The figures of the report, in the order of the paper; a new one is a module here and a line in FIGURES."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Protocol

import matplotlib
import pandas

from specialize.report.figures import dynamics, formats, objectives, other_arms, scaling, training
from specialize.report.figures.style import STYLE, svg_of
from specialize.report.stats.contrasts import Evidence


class Figure(Protocol):
    """What a module of this folder gives."""

    NAME: str
    """Of its files: results/report/NAME.svg and NAME.csv, workflow/captions/NAME.rst."""
    CAPTION: str
    """Plain text, for the page and for `snakemake --report`."""
    NUMBERS: str
    """How NAME.csv writes real numbers."""

    def table(self, evidence: Evidence) -> pandas.DataFrame:
        """Return its data, as NAME.csv holds them; empty where the run has nothing to draw."""

    def draw(self, evidence: Evidence) -> Any:
        """Return the matplotlib figure."""


FIGURES: tuple[Figure, ...] = (scaling, dynamics, other_arms, training, objectives, formats)


@dataclass(frozen=True)
class Drawn:
    """A figure of a run."""

    figure: Figure
    svg: str
    table: pandas.DataFrame


def draw_figures(evidence: Evidence) -> dict[str, Drawn]:
    """Return the figures by name; the same numbers give the same bytes."""
    with _style():
        return {each.NAME: Drawn(each, svg_of(each.draw(evidence)), each.table(evidence)) for each in FIGURES}


def draw_panels(evidence: Evidence) -> dict[str, str]:
    """Return arm → its panel of `dynamics` as SVG, for the head of the page."""
    with _style():
        return {arm.name: svg_of(dynamics.draw_arm(evidence, arm)) for arm in evidence.arms}


@contextmanager
def _style() -> Iterator[None]:
    # Whatever matplotlibrc the user has, the figures are ours.
    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(STYLE)
        yield
