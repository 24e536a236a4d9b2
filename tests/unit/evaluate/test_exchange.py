"""Exports: read back by the tools whose formats they are, where these are installed.

`EXCHANGE_PYTHON=/path/to/python` names an interpreter that has every_eval_ever and inspect_ai.
"""

import json
import os
import subprocess
import sys
from importlib.util import find_spec

import pytest
from made_checkpoint import FORMAT, answer_row, write_checkpoint, write_problems

from specialize.evaluate.__main__ import main

STAMP = 1_700_000_000


@pytest.fixture(scope="module")
def exports(tmp_path_factory):
    results = tmp_path_factory.mktemp("run") / "results"
    rows = [answer_row(f"world/{i}", i % 3 == 0, text=f"So it is {i}. The answer is 3 \u2028 é") for i in range(6)]
    generic = [
        answer_row(f"suite/a/{i}", i == 0, format="answer_only", readings=("exact", "substring")) for i in range(2)
    ]
    folder = write_checkpoint(results, "s", 1600, {"world": rows, "suite": generic})
    write_problems(results, "world", {f"world/{i}": f"Al has {i} hens. How many?" for i in range(6)})
    write_problems(results, "suite", {f"suite/a/{i}": f"Sort {i}" for i in range(2)})
    output = results.parent / "exports"
    assert main(["export", str(folder), "--output", str(output), "--timestamp", str(STAMP)]) == 0
    return output


def run_with(package, code, *arguments):
    """Run Python code that imports `package`; skip where no interpreter has it."""
    python = os.environ.get("EXCHANGE_PYTHON") or (sys.executable if find_spec(package) else None)
    if python is None:
        pytest.skip(f"{package} is not installed (EXCHANGE_PYTHON names a Python that has it)")
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run([python, "-c", code, *map(str, arguments)], capture_output=True, text=True, env=environment)
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout


def test_every_eval_ever_accepts_the_files(exports):
    root = exports / "every_eval_ever"
    files = sorted(root.rglob("*.json*"))
    assert len(files) == 4
    code = """
import sys
from pathlib import Path
from every_eval_ever.validator.validation_core import validate_file
root, files = Path(sys.argv[1]), [Path(name) for name in sys.argv[2:]]
known = {path.relative_to(root).as_posix(): path for path in files}
for name, path in known.items():
    report = validate_file(
        path, repo_path=name, available_files=set(known), read_repo_file=lambda name: known[name].read_text(),
        run_semantic_checks=True,
    )
    print(report.valid, report.errors, report.warnings)
"""
    lines = run_with("every_eval_ever", code, root, *files).splitlines()
    assert lines == ["True [] []"] * 4


def test_inspect_reads_the_logs(exports):
    logs = sorted((exports / "inspect").rglob("*.json"))
    assert len(logs) == 2
    code = """
import json, sys
from inspect_ai.log import read_eval_log
log = read_eval_log(next(name for name in sys.argv[1:] if "world" in name))
print(json.dumps({
    "status": log.status, "model": log.eval.model, "n": len(log.samples),
    "accuracy": {score.name: score.metrics["accuracy"].value for score in log.results.scores},
    "right": sum(sample.scores["flexible"].value == "C" for sample in log.samples),
    "output": log.samples[1].output.completion,
}))
"""
    read = json.loads(run_with("inspect_ai", code, *logs))
    assert read == {
        "status": "success", "model": "specialize/local/s-step-1600", "n": 6,
        "accuracy": {"strict": 0.333333, "flexible": 0.333333}, "right": 2,
        "output": "So it is 1. The answer is 3 \u2028 é",
    }  # fmt: skip


def test_what_the_files_say_without_their_tools(exports):
    aggregate = next(path for path in (exports / "every_eval_ever").rglob("*.json") if path.parts[-4] == "world")
    whole = json.loads(aggregate.read_text())
    assert {result["evaluation_result_id"] for result in whole["evaluation_results"]} == {
        f"world/test/{FORMAT}/{reading}" for reading in ("strict", "flexible")
    }
    samples = [
        json.loads(line)
        for line in aggregate.with_name(f"{aggregate.stem}_samples.jsonl").read_text().split("\n")
        if line
    ]
    assert len(samples) == 12 == whole["detailed_evaluation_results"]["total_rows"]
    right = [row["evaluation"]["is_correct"] for row in samples if row["evaluation_result_id"].endswith("flexible")]
    assert sum(right) / 6 == pytest.approx(whole["evaluation_results"][0]["score_details"]["score"], abs=1e-6)
    harness = next((exports / "lm_eval").rglob("samples_world*.jsonl"))
    rows = [json.loads(line) for line in harness.read_text().split("\n") if line]
    assert [row["filter"] for row in rows[:2]] == ["strict-match", "flexible-extract"]
    assert sum(row["exact_match"] for row in rows) == 4


def test_the_same_timestamp_gives_the_same_bytes_and_missing_problems_are_told(exports, tmp_path, capsys):
    predictions = exports.parent / "results/predictions/s"
    assert main(["export", str(predictions), "--output", str(tmp_path), "--timestamp", str(STAMP)]) == 0
    for path in sorted(exports.rglob("*.json*")):
        assert (tmp_path / path.relative_to(exports)).read_bytes() == path.read_bytes()
    alone = write_checkpoint(tmp_path / "r", "c", 1, {"world": [answer_row("world/1", True)]})
    assert main(["export", str(alone), "--output", str(tmp_path / "o")]) == 2
    assert "problems/world/test.jsonl" in capsys.readouterr().err
