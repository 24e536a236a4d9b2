"""Every kind of file gives the same rows, and says where a row stands."""

import json
from pathlib import Path

import pytest

from specialize.core.errors import SpecializeError
from specialize.data.declared.read_table import read_table

ROWS = [{"q": "One, and\n“one”?", "a": "2"}, {"q": "None?", "a": "NA"}, {"q": "001?", "a": "1e3"}]


def write(folder: Path, name: str, content: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def comma(rows: list[dict[str, str]], separator: str = ",") -> str:
    lines = [separator.join(rows[0])]
    lines += [separator.join(f'"{cell}"' for cell in row.values()) for row in rows]
    return "\n".join(lines) + "\n"


def test_all_kinds_of_file_give_the_same_rows(tmp_path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet

    lines = "".join(json.dumps(row) + "\n" for row in ROWS)
    files = {
        "a.jsonl": lines,
        "b.json": json.dumps(ROWS),
        "c.json": json.dumps({"name": "x", "tags": ["p", "q"], "examples": ROWS}),
        "d.json": lines,  # JSON Lines under the wrong name
        "e.csv": comma(ROWS),
        "f.tsv": comma(ROWS, "\t"),
        "g.csv": "\ufeff" + comma(ROWS).replace("\n", "\r\n"),
    }
    paths = [write(tmp_path, name, content) for name, content in files.items()]
    pyarrow.parquet.write_table(pa.Table.from_pylist(ROWS), tmp_path / "h.parquet")
    for path in (*paths, tmp_path / "h.parquet"):
        found = [{name: cell.replace("\r\n", "\n") for name, cell in row.items()} for _, row in read_table(path)]
        assert found == ROWS, path.name


def test_a_row_knows_its_line(tmp_path: Path) -> None:
    content = 'q,a\n"two\nlines",1\n\nplain,2\n"three\n\nlines",3\nlast,4'
    places = [where.rsplit(":", 1)[1] for where, _ in read_table(write(tmp_path, "a.csv", content))]
    assert places == ["2", "5", "6", "9"]
    objects = write(tmp_path, "b.json", '{"data": [{"a": 1}, {"a": 2}]}')
    assert [where for where, _ in read_table(objects)] == [f"{objects}:data[0]", f"{objects}:data[1]"]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.csv", "", "a.csv:1: field '(first line)': expected the names of the columns"),
        ("a.csv", "q,a\nx,1\ny,2,3\n", "a.csv:3: field '(whole line)': expected as many cells as columns"),
        ("a.csv", "q,a\ny,2,3\n", "a.csv:2: field '(whole line)': expected 2 cells, as the first line has"),
        ("a.csv", b"q,a\nm\xfcll,1\n", "a.csv:1: field '(whole file)': expected text in UTF-8"),
        ("a.json", '{"a": [{"x": 1}], "b": [{"x": 1}]}', "expected an array of rows, or an object with one such array"),
        ("a.json", '{"a": 1', "a.json:1: field '(whole file)': expected JSON in UTF-8"),
        ("a.jsonl", '{"a": 1}\n{"a"\n', "a.jsonl:2: field '(whole line)'"),
        ("a.parquet", "no parquet", "expected Parquet"),
        ("a.xlsx", "", "expected a file that ends in .jsonl, .ndjson, .json, .csv, .tsv, .parquet"),
    ],
)
def test_what_cannot_be_read_is_named(tmp_path: Path, name: str, content: str | bytes, message: str) -> None:
    with pytest.raises(SpecializeError) as error:
        read_table(write(tmp_path, name, content))
    assert message in str(error.value)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(
        SpecializeError, match=r"absent\.csv: no such file. Files of data\.datasets count from data\.root"
    ):
        read_table(tmp_path / "absent.csv")
