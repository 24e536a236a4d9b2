"""The command for users: python -m specialize.evaluate judge FILE"""

import json

import pyarrow
import pyarrow.parquet as parquet
import pytest

from specialize.evaluate.__main__ import main


def run(tmp_path, capsys, lines):
    path = tmp_path / "answers.jsonl"
    path.write_bytes("\n".join(lines).encode("utf-8", "surrogatepass"))
    status = main(["judge", str(path)])
    out, err = capsys.readouterr()
    return status, [json.loads(line) for line in out.split("\n") if line], err


def test_both_readings_are_added_and_the_rest_kept(tmp_path, capsys):
    rows = [
        {"text": "5 + 13 = 18.\nThe answer is 18", "gold": "18", "id": 7},
        {"text": "She has 18 eggs", "gold": 18},
        {"text": "I do not know", "gold": "18"},
        {"text": "The answer is $1,234.50", "gold": 1234.5},
        {"text": "A\u2028B\nThe answer is −3", "gold": "#### -3"},
        {"text": "So the answer is (B).", "gold": "(B)"},
    ]
    status, out, err = run(tmp_path, capsys, [json.dumps(row) for row in rows] + ["", ""])
    assert status == 0
    assert err.split("\n")[:2] == [
        "strict    4 of 6 right, 66.7 % [30.0, 90.3]; 2 without an answer",
        "flexible  5 of 6 right, 83.3 % [43.6, 97.0]; 1 without an answer",
    ]
    assert [{"text": row["text"], "gold": row["gold"]} for row in out] == [
        {"text": r["text"], "gold": r["gold"]} for r in rows
    ]
    assert out[0] == {
        **rows[0],
        "strict": {"answer": "18", "correct": True},
        "flexible": {"answer": "18", "correct": True},
    }
    assert out[1]["strict"] == {"answer": None, "correct": False} and out[1]["flexible"] == {
        "answer": "18",
        "correct": True,
    }
    assert out[2]["flexible"] == {"answer": None, "correct": False}
    assert [row["strict"]["correct"] for row in out[3:]] == [True, True, True]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("{", "whole line"),
        ("[1]", "a JSON object"),
        ('{"text": "a"}', "'gold'"),
        ('{"gold": "a"}', "'text'"),
        ('{"text": 3, "gold": "3"}', "'text'"),
        ('{"text": "3", "gold": null}', "'gold'"),
        ('{"text": "3", "gold": [3]}', "'gold'"),
    ],
)
def test_a_bad_line_is_named_and_the_good_ones_before_it_are_out(tmp_path, capsys, line, words):
    status, out, err = run(tmp_path, capsys, ['{"text": "The answer is 1", "gold": "1"}', line])
    assert status == 2 and len(out) == 1
    assert "answers.jsonl:2" in err and words in err and "Traceback" not in err


def test_a_missing_file_is_a_plain_error(tmp_path, capsys):
    assert main(["judge", str(tmp_path / "none.jsonl")]) == 2
    assert "none.jsonl" in capsys.readouterr().err


def test_tables_and_parquet_are_judged_as_json_lines_are(tmp_path, capsys):
    rows = [{"text": 'It is 2, or\n"so".\nThe answer is 3', "gold": "3"}, {"text": "so: no, it is", "gold": "No"}]
    csv = tmp_path / "answers.csv"
    csv.write_text('\ufefftext,gold\n"It is 2, or\n""so"".\nThe answer is 3",3\n"so: no, it is",No\n', encoding="utf-8")
    tsv = tmp_path / "answers.tsv"
    tsv.write_text(
        csv.read_text(encoding="utf-8-sig")
        .replace(",3\n", "\t3\n")
        .replace("text,gold", "text\tgold")
        .replace(",No", "\tNo"),
        encoding="utf-8",
    )
    parquet.write_table(pyarrow.Table.from_pylist(rows), tmp_path / "answers.parquet")
    (tmp_path / "answers.jsonl").write_text("\n".join(map(json.dumps, rows)))
    found = {}
    for ending in ("csv", "tsv", "parquet", "jsonl"):
        assert main(["judge", str(tmp_path / f"answers.{ending}")]) == 0
        found[ending] = capsys.readouterr()
    assert set(found.values()) == {found["jsonl"]}
    assert [json.loads(line)["flexible"] for line in found["jsonl"].out.splitlines()] == [
        {"answer": "3", "correct": True}, {"answer": "no", "correct": True},
    ]  # fmt: skip


@pytest.mark.parametrize(("name", "content", "words"), [
    ("a.csv", b"text,gold\n1,2,3\n", "a.csv:2"),
    ("a.csv", b"text,gold\n1\n", "a.csv:2"),
    ("a.csv", b"text,label\n1,2\n", "'gold'"),
    ("a.csv", b"text,gold\n\xff,2\n", "UTF-8"),
    ("a.parquet", b"PAR0", "Parquet"),
])  # fmt: skip
def test_a_bad_table_is_named(tmp_path, capsys, name, content, words):
    (tmp_path / name).write_bytes(content)
    assert main(["judge", str(tmp_path / name)]) == 2
    err = capsys.readouterr().err
    assert words in err and "Traceback" not in err


def test_kind_and_options_are_told_by_flags(tmp_path, capsys):
    path = tmp_path / "a.jsonl"
    options = {"A": "ice", "B": "water"}
    rows = [
        {"text": "The answer is water.", "gold": "B", "options": given}
        for given in (options, ["ice", "water"], json.dumps(options))
    ]
    path.write_text("\n".join(map(json.dumps, rows)))
    assert main(["judge", str(path), "--kind", "choice", "--choices", "options"]) == 0
    assert [json.loads(line)["strict"]["answer"] for line in capsys.readouterr().out.splitlines()] == ["(B)"] * 3
    assert main(["judge", str(path), "--kind", "text"]) == 0
    assert capsys.readouterr().err.startswith("strict    0 of 3 right")
    for options in ("ice", ["ice"], {}, {"A": 1}, None):
        path.write_text(json.dumps({"text": "a", "gold": "A", "options": options}))
        assert main(["judge", str(path), "--choices", "options"]) == 2
        assert "a.jsonl:1" in capsys.readouterr().err
