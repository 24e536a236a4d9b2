"""The door on small files in upstream's layout: what it writes, and that an error leaves everything as it was."""

import json
from pathlib import Path
from typing import Any

import pytest
from small_sources import Build, parts

from specialize.core.files import read_json, read_records
from specialize.records.problems import Problem, ProblemIndex


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def test_writes_every_split_and_the_index(build: Build, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert build() == 0
    problems = tmp_path / "problems"
    index = ProblemIndex.model_validate(read_json(problems / "index.json"))
    assert {name: summary.splits for name, summary in index.datasets.items()} == {
        "gsm8k": {"train": 4, "validation": 2, "test": 2, "exemplars": 1},
        "multiarith": {"validation": 2, "test": 2, "exemplars": 1},
        "asdiv": {"validation": 2, "test": 2, "exemplars": 1},
        "svamp": {"validation": 2, "test": 2, "exemplars": 1},
        "bbh": {"test": 27, "exemplars": 54},
    }
    for name, summary in index.datasets.items():
        for split, count in summary.splits.items():
            assert len(read_records(problems / name / f"{split}.jsonl", Problem)) == count
    assert len(contents(problems)) == 1 + sum(len(summary.splits) for summary in index.datasets.values())


def test_running_again_writes_the_same_bytes(build: Build, tmp_path: Path) -> None:
    build()
    before = contents(tmp_path / "problems")
    assert build() == 0
    assert contents(tmp_path / "problems") == before


def test_what_an_earlier_configuration_left_goes_but_foreign_files_stay(build: Build, tmp_path: Path) -> None:
    build()
    (tmp_path / "problems" / "notes.txt").write_text("mine")
    (tmp_path / "problems" / "svamp" / "notes.txt").write_text("mine")
    assert build(datasets={"gsm8k": {"role": "seed"}}) == 0
    assert set(contents(tmp_path / "problems")) == {
        "index.json", "notes.txt", "svamp/notes.txt",
        "gsm8k/train.jsonl", "gsm8k/test.jsonl", "gsm8k/exemplars.jsonl",
    }  # fmt: skip


def test_train_problem_that_is_an_exemplar_is_left_out(build: Build, root: Path, tmp_path: Path) -> None:
    (root / "exemplars.jsonl").write_text('{"question": "what is 1, and 2", "rationale": "r", "answer": "3"}\n')
    assert build() == 0
    train = read_records(tmp_path / "problems" / "gsm8k" / "train.jsonl", Problem)
    assert [problem.id for problem in train] == ["gsm8k/train/0", "gsm8k/train/2", "gsm8k/train/3"]


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


SPOILED = [
    ("gsm8k/train.jsonl", "#### 4", "four", "train.jsonl:3: field 'answer'"),
    ("gsm8k/test.jsonl", "#### 8", "#### 8 #### 9", "test.jsonl:3: field 'answer'"),
    ("gsm8k/test.jsonl", '{"question"', '{"question', "test.jsonl:1: field '(whole line)': expected one JSON value"),
    ("multiarith/MultiArith.json", "[2.0]", "[2.0, 3.0]", "MultiArith.json[2]: field 'lSolutions'"),
    ("multiarith/MultiArith.json", "}]", "}", "MultiArith.json:1: "),
    ("multiarith/MultiArith.json", "[{", '{"a": [{', "MultiArith.json:1: "),
    (
        "svamp/SVAMP.json",
        '"Answer": 1.0',
        '"Answer": "x"',
        "SVAMP.json[1]: field 'Answer': expected one number, got 'x'",
    ),
    ("svamp/SVAMP.json", "chal-1", "chal-0", "two rows have the id 'svamp/chal-0'"),
    ("asdiv/ASDiv.xml", "<Answer>1 (cats)</Answer>", "", "ASDiv.xml[a-1]: field 'Answer'"),
    (
        "asdiv/ASDiv.xml",
        "<Answer>1 (cats)</Answer>",
        "<Answer>1 <b>cats</b></Answer>",
        "ASDiv.xml[a-1]: field 'Answer'",
    ),
    ("asdiv/ASDiv.xml", "<Answer>1 (cats)</Answer>", "<Body>again</Body>", "ASDiv.xml[a-1]: field 'Body'"),
    ("asdiv/ASDiv.xml", 'encoding="UTF-8"', 'encoding="klingon"', "ASDiv.xml:1: "),
    ("asdiv/ASDiv.xml", 'encoding="UTF-8"', 'encoding="big5"', "ASDiv.xml:1: "),
    ("asdiv/ASDiv.xml", "</Body>", "<Body>", "well-formed XML, got 'mismatched tag"),
    (
        "asdiv/ASDiv.xml",
        "<Question>How many?</Question>\n<Solution-Type>Addition</Solution-Type>\n<Answer>0 (cats)",
        "<Question>How & many?",
        "ASDiv.xml:6: ",
    ),
    ("bbh/bbh/navigate.json", '"target"', '"goal"', "navigate.json:examples[0]: field 'target'"),
    ("bbh/bbh/navigate.json", '"examples"', '"example"', "navigate.json:1: field 'examples'"),
    ("bbh/cot-prompts/navigate.txt", "-----", "---", "navigate.txt:2: "),
    ("bbh/cot-prompts/navigate.txt", "So the answer is two", "It is two", "navigate.txt:9: "),
    ("exemplars.jsonl", "rationale", "reason", "exemplars.jsonl:1: field 'rationale'"),
]


@pytest.mark.parametrize(("name", "old", "new", "message"), SPOILED)
def test_malformed_row_is_one_line_and_leaves_nothing_behind(
    build: Build,
    root: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    name: str,
    old: str,
    new: str,
    message: str,
) -> None:
    assert build() == 0
    before, beside = contents(tmp_path / "problems"), sorted(tmp_path.iterdir())
    capsys.readouterr()
    edit(root / name, old, new)
    assert build() == 2
    said = capsys.readouterr().err
    assert message in said
    assert said.startswith("error: ") and said.count("\n") == 1
    assert contents(tmp_path / "problems") == before
    assert sorted(tmp_path.iterdir()) == beside


@pytest.mark.parametrize(
    "name",
    ["gsm8k/train.jsonl", "asdiv/ASDiv.xml", "bbh/bbh/snarks.json", "bbh/cot-prompts/snarks.txt", "exemplars.jsonl"],
)
def test_missing_file_is_named_with_what_to_do(
    build: Build, root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    (root / name).unlink()
    assert build() == 2
    said = capsys.readouterr().err
    assert str(root / name) in said and ("data.root" in said or "data.exemplars" in said)
    assert not (tmp_path / "problems").exists()


BAD_PARAMS = [
    ({"datasets": parts(validation=5)}, "data.datasets.asdiv: cannot draw 5 validation problems from 4"),
    ({"source": "elsewhere"}, "source"),
    (
        {"datasets": {"gsm8k": {"role": "seed"}, "gsm8": {"role": "probe"}, "world": {"role": "probe"}}},
        "data.datasets.gsm8: source 'files' has no such dataset (it has gsm8k, multiarith, asdiv, svamp, bbh); "
        "did you mean 'gsm8k'?",
    ),
    (
        {"source": "procedural", "datasets": {"gsm8k": {"role": "seed"}}},
        "data.datasets.gsm8k: source 'procedural' has no such dataset",
    ),
    ({"source": "procedural", "datasets": {"world_plain": {"role": "seed"}}}, "only 'world' has a train split"),
]


@pytest.mark.parametrize(("params", "message"), BAD_PARAMS)
def test_bad_params_end_cleanly(
    build: Build, capsys: pytest.CaptureFixture[str], params: dict[str, Any], message: str
) -> None:
    assert build(**params) == 2
    assert message in capsys.readouterr().err


def test_empty_sources_are_refused(build: Build, root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (root / "svamp" / "SVAMP.json").write_text("[]")
    assert build() == 2
    assert "data.datasets.svamp: the source holds no evaluation problem" in capsys.readouterr().err


def test_question_of_two_evaluation_sets_is_counted_and_never_validation(
    build: Build, root: Path, tmp_path: Path
) -> None:
    question = "Ed has 1 cats. How many?"  # ASDiv's second row
    path = root / "multiarith" / "MultiArith.json"
    rows = [*json.loads(path.read_text()), {"sQuestion": question, "lSolutions": [1]}]
    path.write_text(json.dumps(rows))
    for seed in range(4):
        assert build(seed=seed) == 0
        assert read_json(tmp_path / "problems" / "index.json")["shared_questions"] == 1
        for name in ("asdiv", "multiarith"):
            validation = read_records(tmp_path / "problems" / name / "validation.jsonl", Problem)
            assert len(validation) == 2 and question not in {problem.question for problem in validation}
