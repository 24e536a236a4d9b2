"""Declared datasets through the door: problems, splits, several sources at once, all mistakes together."""

import json
from pathlib import Path
from typing import Any

import pytest
from small_sources import Build, json_lines, parts

from specialize.core.files import read_json, read_records
from specialize.records.problems import Problem

WAREHOUSE = [{"context": f"{n} boxes came.", "q": "How many?", "sol": f"{n} in all.", "a": f"{n}"} for n in range(20)]
DECLARED = {"question": "{context} {q}", "answer": "{a}", "rationale": "{sol}"}


@pytest.fixture
def write(root: Path) -> Any:
    def put(name: str, content: str) -> str:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(content, encoding="utf-8")
        return name

    return put


def read(tmp_path: Path, dataset: str, split: str) -> list[Problem]:
    return read_records(tmp_path / "problems" / dataset / f"{split}.jsonl", Problem)


def test_a_declared_dataset_is_the_seed_beside_other_sources(build: Build, tmp_path: Path, write: Any) -> None:
    files = {
        "train": write("my/train.jsonl", json_lines(WAREHOUSE[:15])),
        "test": write("my/test.csv", "context,q,sol,a\n" + "\n".join(f'"{n} boxes",How many?,,{n}' for n in range(5))),
    }
    datasets = {
        "warehouse": {"role": "seed", "files": files, **DECLARED, "validation": 2},
        "svamp": {"role": "out_of_distribution", "validation": 2},
        "world_units": {"role": "out_of_distribution", "source": "procedural"},
    }
    sizes = {"evaluation": 4, "instructions": 3, "pretraining": 3}
    assert build(datasets=datasets, procedural=sizes) == 0
    first = read(tmp_path, "warehouse", "train")[0]
    assert first == Problem(
        id="warehouse/train/0", dataset="warehouse", question="0 boxes came. How many?", answer="0", kind="number",
        rationale="0 in all.",
    )  # fmt: skip
    assert read(tmp_path, "warehouse", "test")[0].rationale is None
    index = read_json(tmp_path / "problems" / "index.json")["datasets"]
    assert {name: each["splits"] for name, each in index.items()} == {
        "warehouse": {"train": 15, "validation": 2, "test": 3, "exemplars": 1},
        "svamp": {"validation": 2, "test": 2, "exemplars": 1},
        "world_units": {"test": 4, "exemplars": 4},
    }
    assert (tmp_path / "problems" / "world" / "instructions.jsonl").is_file()


def test_one_part_alone_is_split_by_seed_and_no_row_moves_another(build: Build, tmp_path: Path, write: Any) -> None:
    def ids(rows: list[dict[str, str]]) -> dict[str, str]:
        write("my/all.jsonl", json_lines(rows))
        dataset = {"role": "seed", "files": "my/all.jsonl", **DECLARED, "id": "a", "train_share": 0.5}
        assert build(datasets={"boxes": dataset}) == 0
        return {problem.id: split for split in ("train", "test") for problem in read(tmp_path, "boxes", split)}

    before, after = ids(WAREHOUSE), ids([{**WAREHOUSE[0], "context": "Another."}, *WAREHOUSE[1:]])
    assert set(before) == {f"boxes/{n}" for n in range(20)} and set(before.values()) == {"train", "test"}
    assert {name for name in before if before[name] != after[name]} <= {"boxes/0"}


def test_a_benchmark_without_a_train_part_may_be_the_seed(build: Build, tmp_path: Path) -> None:
    assert build(datasets={"svamp": {"role": "seed", "train_share": 0.5}}) == 0
    assert len(read(tmp_path, "svamp", "train")) + len(read(tmp_path, "svamp", "test")) == 4


def test_a_validation_part_is_the_validation_split(build: Build, tmp_path: Path, write: Any) -> None:
    files = {part: write(f"my/{part}.jsonl", json_lines(WAREHOUSE[at : at + 3])) for part, at in
             (("train", 0), ("validation", 3), ("test", 6))}  # fmt: skip
    assert build(datasets={"boxes": {"role": "seed", "files": files, **DECLARED}}) == 0
    assert [p.id for p in read(tmp_path, "boxes", "validation")] == [f"boxes/validation/{n}" for n in range(3)]


def test_own_exemplars(build: Build, tmp_path: Path, write: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write("all.jsonl", json_lines(WAREHOUSE))
    (tmp_path / "prompts").mkdir()
    shot = {"question": "2 boxes came. How many?", "rationale": "2 in all.", "answer": "2"}
    (tmp_path / "prompts" / "boxes.jsonl").write_text(json_lines([shot]))
    dataset = {"role": "seed", "files": "all.jsonl", **DECLARED, "exemplars": "prompts/boxes.jsonl"}
    assert build(datasets={"boxes": dataset}) == 0
    assert [p.answer for p in read(tmp_path, "boxes", "exemplars")] == ["2"]
    assert all(p.answer != "2" for p in read(tmp_path, "boxes", "train"))


KINDS = [
    ({"a": "1,000"}, {"answer_kind": "number"}, ("1000", "number")),
    ({"a": "so 2.\n#### 72"}, {}, ("72", "number")),
    ({"a": [3, 4.0]}, {"answer_kind": "numbers"}, ("3; 4", "numbers")),
    ({"a": "7"}, {"answer_kind": "numbers"}, ("7", "numbers")),
    ({"a": " \\frac{1}{2} "}, {"answer_kind": "math"}, ("\\frac{1}{2}", "math")),
    ({"a": 12}, {"answer_kind": "text"}, ("12", "text")),
    ({"a": "blue"}, {}, ("blue", "text")),
    ({"a": True}, {"answer_kind": "choice"}, ("yes", "choice")),
]


@pytest.mark.parametrize(("row", "given", "gold"), KINDS)
def test_answer_kinds(build: Build, tmp_path: Path, write: Any, row: Any, given: Any, gold: Any) -> None:
    write("a.json", json.dumps([{"q": "Which?", **row}]))
    datasets = {"gsm8k": {"role": "seed"}, "mine": {"role": "probe", "files": "a.json", "question": "q", "answer": "a"}}
    datasets["mine"] |= given
    assert build(datasets=datasets) == 0
    (problem,) = read(tmp_path, "mine", "test")
    assert (problem.answer, problem.kind) == gold


def test_options_stand_behind_the_question_or_where_the_template_says(build: Build, tmp_path: Path, write: Any) -> None:
    write("a.csv", "q,A,B,gold\nWarm colour?,red,blue,0\n")
    declared = {"role": "probe", "files": "a.csv", "answer": "gold", "choices": ["A", "B"]}
    datasets = {
        "gsm8k": {"role": "seed"},
        "behind": {**declared, "question": "q"},
        "inside": {**declared, "question": "{choices}\n{q}"},
    }
    assert build(datasets=datasets) == 0
    (behind,), (inside,) = read(tmp_path, "behind", "test"), read(tmp_path, "inside", "test")
    assert behind.question == "Warm colour?\nOptions:\n(A) red\n(B) blue"
    assert inside.question == "Options:\n(A) red\n(B) blue\nWarm colour?"
    assert (behind.answer, behind.kind, behind.choices) == ("(A)", "choice", {"A": "red", "B": "blue"})


def test_mistakes_are_reported_together(
    build: Build, root: Path, write: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = ["1,Why?,3", "1,How?,4", "2,,5", "3,Who?,", "4,What?,many", *(f"{n},Q{n}?,x" for n in range(5, 30))]
    write("a.csv", "id,q,a\n" + "\n".join(rows) + "\n")
    mine = {
        "role": "probe", "files": "a.csv", "question": "q", "answer": "a", "id": "id", "answer_kind": "number",
    }  # fmt: skip
    assert build(datasets={"gsm8k": {"role": "seed"}, "mine": mine}) == 2
    said = capsys.readouterr().err.splitlines()
    assert said[0] == "error: data.datasets.mine: 29 mistakes in its rows"
    assert said[1:5] == [
        f"  {root}/a.csv:3: field 'id': expected an id that no other row has, got 'mine/1'",
        f"  {root}/a.csv:4: field 'q': expected a question, got ''",
        f"  {root}/a.csv:5: field 'a': expected an answer, got ''",
        f"  {root}/a.csv:6: field 'a': expected one number (answer_kind: number), got 'many'",
    ]
    assert len(said) == 22 and said[-1] == "  … and 9 more"


def test_words_of_a_template_are_no_question_and_no_answer(
    build: Build, write: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    write("train.csv", "q,a\n,1\nWhy?,\n")
    write("test.csv", "q,a\n,2\n")
    mine = {
        "role": "seed",
        "files": {"train": "train.csv", "test": "test.csv"},
        "question": "Q: {q}",
        "answer": "is {a}",
    }
    assert build(datasets={"mine": mine}) == 2
    said = capsys.readouterr().err
    assert "3 mistakes" in said, "of both parts"
    assert "train.csv:2: field 'Q: {q}': expected a question" in said
    assert "train.csv:3: field 'is {a}': expected an answer" in said
    assert "test.csv:2: field 'Q: {q}': expected a question" in said


def test_a_column_that_no_row_has_is_one_mistake(
    build: Build, root: Path, write: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    write("a.csv", "id,question,answer\n1,Why?,3\n2,How?,4\n")
    mine = {"role": "probe", "files": "a.csv", "question": "{qestion}", "answer": "anser"}
    assert build(datasets={"gsm8k": {"role": "seed"}, "mine": mine}) == 2
    assert capsys.readouterr().err.splitlines() == [
        "error: data.datasets.mine: 2 mistakes in its rows",
        f"  {root}/a.csv:2: field 'qestion': expected one of the columns answer, id, question, got 'qestion'. "
        "Did you mean 'question'?",
        f"  {root}/a.csv:2: field 'anser': expected one of the columns answer, id, question, got 'anser'. "
        "Did you mean 'answer'?",
    ]


BAD = [
    ({"question": "q"}, "answer: missing, but 'question' is given"),
    ({"question": "q", "answer": "a"}, "files or hub: missing, but 'question' is given"),
    ({"question": "q", "answer": "a", "files": "a.csv", "hub": {"id": "x"}}, "expected one of them, got both"),
    ({"answer": "a", "files": "a.csv"}, "question: missing, but files, answer given"),
    (
        {"question": "q", "answer": "a", "files": {"dev": "a.csv"}},
        "expected the parts train, validation, test, got dev",
    ),
    (
        {"question": "q", "answer": "a", "files": {"validation": "a", "test": "b"}, "validation": 3},
        "validation: expected 0, since the source has a part 'validation' of its own",
    ),
    ({"question": "q", "answer": "a", "files": "a.csv", "exemplars": "my/a.jsonl"}, "expected a file below prompts/"),
    (
        {"question": "q", "answer": "a", "files": "a.csv", "choices": "c", "answer_kind": "text"},
        "answer_kind: expected choice, since 'choices' is given, got text",
    ),
    ({"question": "q", "answer": "a", "files": "/tmp/a.csv"}, "files: expected paths below data.root, got /tmp/a.csv"),
    ({"question": "q", "answer": "a", "files": "a.csv", "source": "hub"}, "source: expected files or nothing"),
]


@pytest.mark.parametrize(("given", "message"), BAD)
def test_declarations_that_contradict_themselves(
    build: Build, capsys: pytest.CaptureFixture[str], given: dict[str, Any], message: str
) -> None:
    assert build(datasets={"gsm8k": {"role": "seed"}, "mine": {"role": "probe", **given}}) == 2
    assert message in capsys.readouterr().err


def test_names_are_folder_names(build: Build, capsys: pytest.CaptureFixture[str]) -> None:
    assert build(datasets={**parts(), "../x": {"role": "probe"}}) == 2
    assert "datasets.../x: expected a name of 1 to 64 lower-case letters" in capsys.readouterr().err
