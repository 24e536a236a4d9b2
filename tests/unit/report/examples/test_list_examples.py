"""Single problems: what became of an answer, what the page embeds, and the same from the command line."""

import base64
import json
import re
import zlib

import pytest
from made_run import HOSTILE, MadeRun

from specialize.report.__main__ import FILTERS as HELP
from specialize.report.__main__ import main
from specialize.report.examples import embed
from specialize.report.examples.outcomes import FILTERS, OUTCOMES, outcome
from specialize.report.examples.read_answers import Answer

STUDENTS = {"base": 247_577_856, "xl": 2_849_757_184}


def answer(strict: bool, flexible: bool, found: str | None = "42") -> Answer:
    return Answer("text", {"strict": found, "flexible": "42"}, {"strict": strict, "flexible": flexible})


WRONG, RIGHT = answer(False, False), answer(True, True)
UNMARKED = answer(False, True, None)


@pytest.mark.parametrize(
    ("first", "second", "passed"),
    [
        (WRONG, RIGHT, {"fixed"}),
        (RIGHT, WRONG, {"broken"}),
        (WRONG, WRONG, {"both wrong"}),
        (RIGHT, RIGHT, {"both right"}),
        (WRONG, UNMARKED, {"fixed", "format lost", "readings disagree"}),
        (UNMARKED, RIGHT, {"both right"}),
        (UNMARKED, UNMARKED, {"both right", "readings disagree"}),
    ],
)
def test_what_became_of_an_answer(first, second, passed):
    assert {name for name, passes in FILTERS.items() if passes(first, second, "flexible")} == passed
    assert outcome(first, second, "flexible") in passed & set(OUTCOMES)


def test_every_filter_is_an_option():
    assert list(HELP) == list(FILTERS)


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """A report of a made run; its folder of results."""
    folder = tmp_path_factory.mktemp("run")
    assert main(MadeRun(folder, students=STUDENTS, steps=(0, 10, 3000, 4000)).arguments()) == 0
    return folder


def embedded(page: str) -> tuple[dict, dict]:
    """The index and the inflated blocks of a page."""
    index = json.loads(re.search(r'id="index">(.*?)</script>', page)[1])
    blocks = re.findall(r'data-block="([^"]+)">([^<]*)<', page)
    return index, {name: json.loads(zlib.decompress(base64.b64decode(block))) for name, block in blocks}


def test_the_page_holds_questions_and_answers(built):
    index, blocks = embedded((built / "report/index.html").read_text())
    assert [student["name"] for student in index["students"]] == ["base", "xl"]
    assert {student["selected"] for student in index["students"]} == {3000}
    (seed,) = (dataset for dataset in index["datasets"] if dataset["role"] == "seed")
    assert seed["formats"][seed["format"]] == "zero_shot_chain_of_thought"
    assert seed["readings"][seed["reading"]] == "flexible"
    questions, answers = blocks["gsm8k"], blocks["xl/gsm8k"]
    assert len(questions["problems"]) == 200 and len(questions["items"]) == 400
    assert answers["steps"] == [0, 10, 3000, 4000]
    assert {len(answers[name]) for name in ("texts", "marks", "found")} == {400}
    scores = json.loads((built / "scores/xl/step-3000/gsm8k.json").read_text())["rows"]
    (row,) = (
        row for row in scores
        if (row["split"], row["format"], row["reading"]) == ("test", "zero_shot_chain_of_thought", "flexible")
    )  # fmt: skip
    right = [
        marks[2][seed["reading"]] == "1"
        for marks, (_, format) in zip(answers["marks"], questions["items"], strict=True)
        if format == seed["format"]
    ]
    assert sum(right) == row["correct"]


def test_a_page_is_bounded_and_says_what_is_left_out(tmp_path, monkeypatch):
    monkeypatch.setattr(embed, "LARGEST", 100_000)
    run = MadeRun(tmp_path, students={"a": 10}, steps=(0, 3000, 4000))
    assert main(run.arguments()) == 0
    page = (tmp_path / "report/index.html").read_text()
    _, blocks = embedded(page)
    texts = [text for name, block in blocks.items() if "/" in name for row in block["texts"] for text in row]
    assert 30_000 < sum(map(len, texts)) < 110_000
    tasks = {problem[1] for problem in blocks["bbh"]["problems"]}
    assert len(tasks) == 4, "problems are left out at even distances"
    assert re.search(r"\d+ of 730 test problems at 3 of 3 checkpoints; left out: problems at even", page)


def test_further_seeds_have_start_and_selection_alone(tmp_path):
    run = MadeRun(tmp_path, students={"a-1": 10, "a-2": 10}, recipes={"a-2": {"seed": 2}})
    assert main(run.arguments()) == 0
    index, _ = embedded((tmp_path / "report/index.html").read_text())
    assert [len(student["steps"]) for student in index["students"]] == [4, 2]


def test_examples_from_the_command_line(built, capsys):
    assert main(["examples", "--results", str(built), "--fixed", "--limit", "2"]) == 0
    said = capsys.readouterr().out
    assert said.startswith(
        "gsm8k, test problems, zero_shot_chain_of_thought, flexible reading: xl, step 0 -> xl, step 3000\n"
    )
    count = int(re.search(r"(\d+) fixed", said)[1])
    assert count > 2 and said.count(": fixed\n") == 2
    assert f"{count - 2} more: --limit {count}" in said
    assert "wrong, read as" in said and "right, read as '42'" in said


def test_two_students_are_compared_and_searched(built, capsys):
    asked = ["--student", "xl", "--against", "base", "--before", "4000", "--after", "4000", "--search", "gsm8k/test/7"]
    assert main(["examples", "--results", str(built), *asked, "--limit", "100"]) == 0
    said = capsys.readouterr().out
    assert "base, step 4000 -> xl, step 4000" in said
    assert len(re.findall(r"^gsm8k/test/7\d*: ", said, re.MULTILINE)) == 11


def test_a_terminal_gets_no_control_characters(built, capsys):
    assert main(["examples", "--results", str(built), "--search", "owned"]) == 0
    said = capsys.readouterr().out
    assert not re.search(r"[\x1b\x07\u202e]", said) and "\\x1b]0;owned" in said and HOSTILE[:9] in said


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        (["--student", "xs"], "no student 'xs' here; there are: base, xl"),
        (["--dataset", "gsm"], "no dataset 'gsm' here; there are: gsm8k, asdiv"),
        (["--after", "7"], "no step of xl '7' here; there are: 0, 10, 3000, 4000"),
        (["--format", "x"], "no format 'x' here"),
    ],
)
def test_what_is_not_there_is_named(built, capsys, asked, told):
    assert main(["examples", "--results", str(built), *asked]) == 2
    assert told in capsys.readouterr().err


def test_the_table_ends_with_the_headline_and_a_real_problem(built):
    table = (built / "report/table.txt").read_text()
    end = table[table.index("* clear") :]
    assert re.search(r"^xl \(2\.85B\), before -> after", end, re.MULTILINE)
    assert all(word in end for word in ("gsm8k", "the price", ": fixed", "gold", "right, read as"))
