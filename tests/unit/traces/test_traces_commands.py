"""The door of the traces phase: files in, files out, one line for every mistake."""

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from specialize.core.files import read_json, read_records, write_records, write_text
from specialize.core.params.traces import TracesParams
from specialize.lineage.recipe import recipe_text
from specialize.records.problems import Problem
from specialize.records.recipes import Recipe
from specialize.records.traces import TRACES_SCHEMA
from specialize.traces.__main__ import LOG, main
from specialize.traces.tables import read_traces, write_traces

GOOD = "2 + 2 = 4.\nThe answer is 4"
ROWS = [
    {"problem_id": "d/0", "teacher": "t", "sample": 0, "text": GOOD, "finish_reason": None, "usage": 3},
    {"problem_id": "d/1", "teacher": "t", "sample": 0, "text": GOOD, "finish_reason": "stop", "usage": 3},
    {"problem_id": "d/1", "teacher": "s", "sample": 0, "text": "4", "finish_reason": "stop", "usage": 3},
]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    write_text(
        tmp_path / "traces.json",
        recipe_text(Recipe(phase="traces", name="traces", params={}, code="", rules="", files={})),
    )
    questions = ["How many eggs?", "How many hens are in the yard?", "How many cows?"]
    problems = [
        Problem(id=f"d/{i}", dataset="d", question=q, answer="4", kind="number", rationale=f"It is {i} + 0.")
        for i, q in enumerate(questions)
    ]
    write_records(tmp_path / "train.jsonl", problems)
    write_records(tmp_path / "test.jsonl", [problems[0].model_copy(update={"id": "e/0"})])
    pq.write_table(pa.Table.from_pylist(ROWS), tmp_path / "part-0.parquet")
    return tmp_path


def build(
    folder: Path,
    *against: str,
    completions: tuple[str, ...] = ("part-0.parquet",),
    out: str = "out",
    more: tuple[str, ...] = (),
) -> int:
    files = {
        "--recipe": ["traces.json"],
        "--problems": ["train.jsonl"],
        "--completions": completions,
        "--against": against,
        "--output": [f"{out}/traces.parquet"],
        "--funnel": [f"{out}/funnel.json"],
    }
    options = [part for option, names in files.items() for part in (option, *(str(folder / name) for name in names))]
    return main(["build", *options, *more])


def show(folder: Path, *more: str) -> int:
    return main(["show", "--traces", f"{folder}/out/traces.parquet", "--problems", f"{folder}/train.jsonl", *more])


def test_build(project: Path) -> None:
    assert build(project, "test.jsonl", more=("--contamination", str(project / "out/contamination.json"))) == 0
    (overlap,) = json.loads((project / "out/contamination.json").read_text())["sets"].values()
    assert (overlap["asked"]["exact"], overlap["kept"]["exact"], len(overlap["examples"])) == (1, 0, 1)
    table = pq.read_table(project / "out/traces.parquet")
    assert table.schema.equals(TRACES_SCHEMA)
    question = "How many hens are in the yard?"
    assert table.to_pylist() == [
        {
            "problem_id": "d/1",
            "teacher": "t",
            "sample": 0,
            "question": question,
            "rationale": "2 + 2 = 4.",
            "answer": "4",
        }
    ]
    funnel = json.loads((project / "out/funnel.json").read_text())
    assert {row["step"]: row["dropped"] for row in funnel["steps"] if row["dropped"]} == {
        "no answer": 1,
        "contaminated: same question": 1,
    }
    assert funnel["steps"][1] == {
        "step": "no answer",
        "dropped": 1,
        "left": 2,
        "why": "no answer by the strict reading",
        "example": {
            "problem_id": "d/1",
            "teacher": "s",
            "sample": 0,
            "question": question,
            "answer": "4",
            "text": "4",
        },
    }
    assert sorted(funnel["by_teacher"]) == ["s", "t"]
    assert funnel["questions"] == {"asked": 3, "with a completion": 2, "with a trace": 1}


def test_exemplars_are_worked_and_clean(project: Path) -> None:
    problems = read_records(project / "train.jsonl", Problem)
    write_records(project / "train.jsonl", [*problems[:2], problems[2].model_copy(update={"rationale": None})])
    assert build(project, "test.jsonl", more=("--exemplars", str(project / "out/exemplars.jsonl"))) == 0
    assert read_records(project / "out/exemplars.jsonl", Problem) == [problems[1]]


def test_same_inputs_same_bytes(project: Path) -> None:
    assert build(project, "test.jsonl") == 0
    assert build(project, "test.jsonl", out="again") == 0
    for name in ("traces.parquet", "funnel.json"):
        assert (project / "out" / name).read_bytes() == (project / "again" / name).read_bytes()


def test_shards_may_come_in_any_order(project: Path) -> None:
    for number, row in enumerate(ROWS):
        pq.write_table(pa.Table.from_pylist([row]), project / f"shard-{number}.parquet")
    assert build(project) == 0
    assert build(project, completions=("shard-2.parquet", "shard-0.parquet", "shard-1.parquet"), out="again") == 0
    assert (project / "out/traces.parquet").read_bytes() == (project / "again/traces.parquet").read_bytes()


def test_without_evaluation_problems_it_says_so(project: Path, caplog: pytest.LogCaptureFixture) -> None:
    LOG.addHandler(caplog.handler)
    assert build(project) == 0
    LOG.removeHandler(caplog.handler)
    assert "nothing keeps their questions out of the traces" in caplog.messages[0]
    assert caplog.messages[-1] == "kept 2 of 3 (66.7 %), 2 of 3 questions"
    assert len(read_traces(project / "out/traces.parquet")) == 2


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"drop": "text"}, "bad.parquet:0: field 'text': expected a column of this name"),
        ({"text": None}, "bad.parquet:0: field 'text'"),
        ({"sample": -1}, "bad.parquet:0: field 'sample'"),
        ({"sample": "zero"}, "bad.parquet:0: field 'sample'"),
        ({"problem_id": "d/9"}, "field 'problem_id': expected the id of a problem, got 'd/9'"),
        ({}, "bad.parquet:0: field 'sample': expected one completion per problem, teacher and sample"),
    ],
)
def test_malformed_completions_leave_nothing(
    project: Path, capsys: pytest.CaptureFixture[str], change: dict[str, object], said: str
) -> None:
    row = {**ROWS[0], **change}
    row.pop(str(row.pop("drop", "")), None)
    pq.write_table(pa.Table.from_pylist([row]), project / "bad.parquet")
    assert build(project, completions=("part-0.parquet", "bad.parquet")) == 2
    assert said in capsys.readouterr().err
    assert not (project / "out").exists()


def test_no_parquet_no_file_wrong_recipe(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_text(project / "bad.parquet", "not a parquet file")
    assert build(project, completions=("bad.parquet",)) == 2
    assert "expected a Parquet file" in capsys.readouterr().err
    assert build(project, completions=("none.parquet",)) == 2
    assert "none.parquet" in capsys.readouterr().err
    write_text(
        project / "traces.json", recipe_text(Recipe(phase="data", name="data", params={}, code="", rules="", files={}))
    )
    assert build(project) == 2
    assert "expected a recipe of 'traces'" in capsys.readouterr().err


def test_show_prints_four_formats(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert build(project, "test.jsonl") == 0
    assert show(project) == 0
    text = capsys.readouterr().out
    assert text.count("\n--- source\n") == text.count("\n--- target\n") == 4
    assert (
        "Q: How many hens are in the yard?\nLet's think step by step\n--- target\n2 + 2 = 4.\nThe answer is 4" in text
    )
    before = text.split("=== in_context_chain_of_thought")[1].split("--- target")[0]
    assert "It is 0 + 0." in before and "It is 2 + 0." in before and "It is 1 + 0." not in before
    assert show(project, "--number", "0", "--format", "zero_shot_answer_only") == 0
    text = capsys.readouterr().out
    assert text.endswith(
        "=== zero_shot_answer_only\n--- source\nQ: How many hens are in the yard?\nA:\n--- target\nThe answer is 4\n"
    )


@pytest.mark.parametrize("number", ["-1", "1"])
def test_show_number_out_of_range(project: Path, capsys: pytest.CaptureFixture[str], number: str) -> None:
    assert build(project, "test.jsonl") == 0
    assert show(project, "--number", number) == 2
    assert "expected a number from 0 to 0" in capsys.readouterr().err


def test_show_of_no_traces_says_so(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "out").mkdir()
    write_traces(project / "out" / "traces.parquet", [])
    assert show(project) == 2
    assert "traces.parquet: holds no traces" in capsys.readouterr().err


def test_tokenizer_targets_and_coverage_through_the_door(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = TracesParams.model_validate({"tokenizers": {"words": {"vocabulary": 300}}}).tokenizer_run("words")
    recipe = Recipe(phase="traces", name="traces", params=run.model_dump(mode="json"), code="", rules="", files={})
    write_text(project / "words.json", recipe_text(recipe))
    assert build(project, "test.jsonl") == 0
    tell = ["--recipe", f"{project}/words.json"]
    folder, part, traces = f"{project}/tokenizer", f"{project}/part.coverage.json", f"{project}/out/traces.parquet"
    completions = ["--completions", f"{project}/part-0.parquet"]
    assert main(["tokenizer", *tell, "--root", ".", "--texts", traces, "--output", folder]) == 0
    made = ["--output", f"{project}/aligned.parquet", "--coverage", part]
    assert main(["targets", *tell, "--tokenizer", folder, "--traces", traces, *completions, *made]) == 0
    assert "soft" not in capsys.readouterr().err, "coverage is reported once, summed over shards"
    assert main(["coverage", *tell, part, part, "--output", f"{project}/coverage.json"]) == 0
    assert "soft" in capsys.readouterr().err
    one, two = read_json(Path(part)), read_json(project / "coverage.json")
    assert one["rejected"] == {"no log-probabilities": 1} and two["traces"] == 2
    for name in ("parquet", "coverage.json", "provenance.json"):
        (project / f"part-00007.{name}").touch()
    assert main(["coverage", *tell, part, "--output", f"{project}/coverage.json"]) == 0
    assert not list(project.glob("part-00007*")), "a run with more shards left them"
    assert (project / "part-0.parquet").is_file()
    capsys.readouterr()
    assert main(["align", "--tokenizer", folder, *completions, "--method", "dtw"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == len(ROWS)
    assert main(["align", "--tokenizer", folder, *completions, "--show"]) == 0
    assert capsys.readouterr().out == "not aligned: no log-probabilities\n"
    assert main(["align", "--tokenizer", folder, *completions, "--show", "9"]) == 2
    assert main(["align", "--tokenizer", folder, *completions, "--method", "dtw", "--groups", "merge"]) == 2
