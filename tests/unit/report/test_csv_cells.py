"""No cell of a table is a formula to a spreadsheet, and numbers stay numbers."""

import csv
from pathlib import Path

import pandas
import pytest

from specialize.report.views.write_tables import write_csv


@pytest.mark.parametrize("text", ["=1+1", "=cmd|'/C calc'!A0", "+1+1", "-x", "@SUM(A1)", "\t=1", "\r=1"])
def test_a_formula_is_shown_as_text(tmp_path: Path, text: str) -> None:
    write_csv(tmp_path / "a.csv", pandas.DataFrame({"task": [text, "plain"], text: [1.5, -2.0]}))
    with (tmp_path / "a.csv").open(newline="") as stream:
        header, first, second = csv.reader(stream)
    assert header[1].startswith("'") and first[0].startswith("'") and second == ["plain", "-2.0"]


def test_numbers_as_texts_stay_numbers(tmp_path: Path) -> None:
    cells = ["-0.5", "+3", "1e-5", "", "-inf"]
    write_csv(tmp_path / "a.csv", pandas.DataFrame({"loss": cells, "n": [1, None, 2, 3, 4]}), "%.2f")
    lines = (tmp_path / "a.csv").read_text().splitlines()
    assert lines == ["loss,n", "-0.5,1.00", "+3,", "1e-5,2.00", ",3.00", "-inf,4.00"]
