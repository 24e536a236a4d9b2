"""`python -m specialize preview`: what is shown of the problems before anything is paid."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML
from small_sources import json_lines

from specialize.__main__ import main
from specialize.data.overlaps import contradictions, near_copies, overlaps
from specialize.data.student_tokens import unwritable
from specialize.records.problems import Problem

Show = Callable[..., int]


def problem(question: str, answer: str = "1", name: str = "d/0") -> Problem:
    return Problem(id=name, dataset="d", question=question, answer=answer, kind="text")


@pytest.fixture
def show(tree: dict[str, Any], root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Show:
    """Preview the datasets, with a declared one whose train and test rows overlap."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "prompts").mkdir()
    (root / "exemplars.jsonl").rename(tmp_path / "prompts" / "maths.jsonl")
    (root / "train.jsonl").write_text(
        json_lines([{"q": f"Box {n} holds how many balls?", "a": n, "w": "½"} for n in range(6)])
    )
    (root / "test.csv").write_text("q,a\nbox 3 holds how many balls,3\nAnother?,4\nAnother?,5\n")
    mine = {"role": "seed", "files": {"train": "train.jsonl", "test": "test.csv"}, "question": "q", "answer": "a"}
    tree["data"] |= {"root": str(root), "datasets": {"mine": mine, "svamp": {"role": "out_of_distribution"}}}
    tree["traces"]["ngram"] = 3

    def run(*arguments: str) -> int:
        YAML(typ="safe", pure=True).dump(tree, tmp_path / "params.yaml")
        return main(["preview", *arguments])

    return run


def test_preview(show: Show, capsys: pytest.CaptureFixture[str]) -> None:
    assert show("--number", "3") == 0
    shown = capsys.readouterr().out
    for line in (
        "## mine: seed, from files",
        "splits: train 6, test 3, exemplars 1",
        "answers: number 9",
        "with a worked solution: 0 of 9",
        "words a question: median 6, longest 6",
        "warning: mine/1 and mine/2 ask the same and have different answers",
        "[mine/train/3] number\nQ: Box 3 holds how many balls?\nLet's think step by step\n→ 3",
        "mine train and mine test: 1, such as mine/train/3 and mine/0",
        "6 of 6 train questions share 3 words in a row with an evaluation question",
    ):
        assert line in shown, line
    assert shown.count("Let's think step by step") == 6


def test_one_dataset_alone(show: Show, capsys: pytest.CaptureFixture[str]) -> None:
    assert show("--dataset", "svamp") == 0
    shown = capsys.readouterr().out
    assert "## svamp: out of distribution" in shown and "## mine" not in shown
    assert show("--dataset", "swamp") == 2
    assert "--dataset swamp: expected one of mine, svamp" in capsys.readouterr().err


def test_a_tokenizer_that_cannot_be_loaded(show: Show, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert show("--tokenizer", str(tmp_path)) == 2
    assert f"--tokenizer {tmp_path}: cannot be loaded" in capsys.readouterr().err


def test_overlaps_count_questions_but_for_case_and_marks() -> None:
    sets = {"a": [problem("One?"), problem("Two?")], "b": [problem("one!")], "c": [problem("Three?")]}
    assert [(each.left, each.right, each.questions) for each in overlaps(sets)] == [("a", "b", 1)]
    near = near_copies([problem("How many are a b c now?"), problem("Else")], [problem("See a b c")], 3)
    assert [each.question for each in near] == ["How many are a b c now?"]


def test_contradictions_are_equal_to_the_letter() -> None:
    rows = [problem("( A )", "1", "x"), problem("A", "2", "y"), problem("(  A )", "3", "z"), problem("A", "2", "w")]
    assert contradictions(rows) == [("x", "z")]


def test_t5_cannot_write_some_characters(shared_data: Path) -> None:
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(shared_data / "tokenizers" / "t5")
    rows = [problem("q", answer) for answer in ("¾", "a − b", "{x}", "5 - 2", "né", "a\nb")]
    assert unwritable(tokenizer, rows) == {"\n": 1, "{": 1, "}": 1, "¾": 1, "−": 1}


def test_tokens_of_the_students_tokenizer(
    show: Show, tree: dict[str, Any], root: Path, shared_data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (root / "t5").symlink_to(shared_data / "tokenizers" / "t5")
    tree["traces"]["tokenizers"]["t5"] = {"source": "t5"}
    tree["data"]["datasets"]["mine"]["rationale"] = "{w}"
    tree["data"]["datasets"]["mine"]["files"] = {"train": "train.jsonl", "test": "train.jsonl"}
    tree["train"]["max_source_tokens"] = 16
    assert show("--number", "1") == 0
    shown = capsys.readouterr().out
    assert "tokens a prompt (t5): median 16, longest 17; 2 longer than train.max_source_tokens (16)" in shown
    assert "warning: t5 cannot write, in so many answers or solutions of 6 test problems: '½' 6" in shown
