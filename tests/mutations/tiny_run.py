"""A run of presets/tiny.yaml in a folder, made by the phases' own commands in this process, and raw files beside it."""

import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from shutil import copytree
from typing import Any

import pyarrow
import pyarrow.parquet

from specialize.__main__ import main as project
from specialize.core.files import read_rows, write_json, write_text
from specialize.data.__main__ import main as data
from specialize.evaluate.__main__ import main as evaluate
from specialize.lineage.recipe import recipe_text
from specialize.records.recipes import Recipe
from specialize.report.__main__ import main as report
from specialize.teacher.__main__ import main as teacher
from specialize.traces.__main__ import main as traces
from specialize.train.__main__ import main as train

PROJECT = Path(__file__).resolve().parents[2]
DOORS = {"": project, "data": data, "teacher": teacher, "traces": traces, "train": train, "evaluate": evaluate, "report": report}  # fmt: skip
R = "results"
PROBLEMS = f"{R}/problems"
WORLD = f"{PROBLEMS}/world"
PART = f"{R}/completions/part-00000.parquet"
TRACES = f"{R}/traces/traces.parquet"
BPE = f"{R}/traces/tokenizers/bpe"
ALIGNED = f"{R}/traces/aligned/bpe"
STEPS = ("0", "4")
SCORES = [f"{R}/scores/nano/step-{step}/{name}.json" for step in STEPS for name in ("world", "world_plain", "world_generic")]  # fmt: skip


def _made(phase: str, command: str, recipe: str, provenance: str, *options: str) -> tuple[str, ...]:
    return (phase, command, "--recipe", f"{R}/recipes/{recipe}.json", "--provenance", f"{R}/{provenance}", *options)


GENERATE = _made(
    "evaluate", "generate", "evaluate/generate", "predictions/nano/provenance.json", "--problems", PROBLEMS,
    "--work", f"{R}/work/evaluate", "--output", f"{R}/predictions/nano",
    *(f"{R}/checkpoints/nano/step-{step}/manifest.json" for step in STEPS),
)  # fmt: skip
SCORE = _made(
    "evaluate", "score", "evaluate", "scores/nano/provenance.json", "--problems", PROBLEMS,
    "--output", f"{R}/scores/nano", *(name.replace("/scores/", "/predictions/").replace(".json", ".parquet") for name in SCORES),
)  # fmt: skip


BUILD = _made("data", "build", "data", "problems/provenance.json", "--output", PROBLEMS)
SAMPLE = _made(
    "teacher", "sample", "teacher", "completions/provenance.json", "--problems", f"{WORLD}/train.jsonl",
    "--worked", f"{WORLD}/exemplars.jsonl", "--work", f"{R}/work/teacher", "--output", PART,
)  # fmt: skip
FILTER = _made(
    "traces", "build", "traces", "traces/provenance.json", "--completions", PART, "--problems", f"{WORLD}/train.jsonl",
    "--against", f"{WORLD}/test.jsonl", "--output", TRACES, "--exemplars", f"{R}/traces/exemplars.jsonl",
    "--funnel", f"{R}/traces/funnel.json",
)  # fmt: skip
TOKENIZER = _made(
    "traces", "tokenizer", "traces/bpe", "traces/tokenizers/bpe/provenance.json", "--root", "raw", "--texts",
    TRACES, f"{WORLD}/instructions.jsonl", "--output", BPE,
)  # fmt: skip
TARGETS = _made(
    "traces", "targets", "traces/bpe", "traces/aligned/bpe/part-00000.provenance.json", "--tokenizer", BPE,
    "--traces", TRACES, "--completions", PART, "--output", f"{ALIGNED}/part-00000.parquet",
    "--coverage", f"{ALIGNED}/part-00000.coverage.json",
)  # fmt: skip
COVERAGE = _made(
    "traces", "coverage", "traces/bpe", "traces/aligned/bpe/provenance.json",
    "--output", f"{ALIGNED}/coverage.json", f"{ALIGNED}/part-00000.coverage.json",
)  # fmt: skip
START = _made(
    "train", "start", "train/starts/generalist", "starts/generalist/provenance.json", "--texts", WORLD,
    "--tokenizers", f"{R}/traces/tokenizers", "--work", f"{R}/work/starts", "--output", f"{R}/starts/generalist",
)  # fmt: skip
TRAIN = _made(
    "train", "run", "train/nano", "checkpoints/nano/provenance.json", "--traces", TRACES,
    "--exemplars", f"{R}/traces/exemplars.jsonl", "--tokenizer", BPE, "--aligned", f"{ALIGNED}/part-00000.parquet",
    "--start", f"{R}/starts/generalist/manifest.json", "--root", "raw", "--work", f"{R}/work/train",
    "--output", f"{R}/checkpoints/nano",
)  # fmt: skip
REPORT = _made(
    "report", "build", "report", "report/provenance.json", "--problems", f"{PROBLEMS}/index.json", "--funnel",
    f"{R}/traces/funnel.json", "--scores", f"{R}/scores", "--checkpoints", f"{R}/checkpoints",
    "--predictions", f"{R}/predictions", "--coverage", f"{ALIGNED}/coverage.json", "--output", f"{R}/report",
    "--metrics", f"{R}/metrics.json",
)  # fmt: skip
IMPORT = (
    "teacher", "import", "--recipe", "raw/import.json", "--problems", f"{WORLD}/train.jsonl",
    "--recorded", "raw/a.json", "raw/b.jsonl", "--output", "out/part-00000.parquet",
)  # fmt: skip
OWN = ("data", "build", "--recipe", "raw/own.json", "--root", "raw", "--output", "out/problems")
PREPARE = (BUILD, SAMPLE, FILTER, TOKENIZER, TARGETS, COVERAGE)
LEARN = (START, TRAIN, GENERATE, SCORE, REPORT)


@contextmanager
def inside(folder: Path) -> Iterator[None]:
    """Work in a folder, with the request cache in it."""
    before, cache = Path.cwd(), os.environ.get("SPECIALIZE_CACHE")
    os.chdir(folder)
    os.environ["SPECIALIZE_CACHE"] = str(folder / "cache")
    try:
        yield
    finally:
        os.chdir(before)
        os.environ.pop("SPECIALIZE_CACHE") if cache is None else os.environ.update(SPECIALIZE_CACHE=cache)


def call(command: Sequence[str]) -> int:
    """Run `python -m specialize.<phase> …` in this process and folder; return its exit status."""
    return DOORS[command[0]](command[1:])


def make(folder: Path, whole: bool) -> None:
    """Make the run. whole: with students, scores and report; else the data, completions and traces alone."""
    for name in ("workflow", "prompts"):
        copytree(PROJECT / name, folder / name)
    for name, source in (("requirements.lock", "requirements.lock"), ("params.yaml", "presets/tiny.yaml")):
        (folder / name).write_bytes((PROJECT / source).read_bytes())
    with inside(folder):
        for command in (("", "recipes"), *PREPARE, *(LEARN if whole else ())):
            assert call(command) == 0, command
        _raw_files(Path("raw"))
        for command in (IMPORT, OWN):
            assert call(command) == 0, command
        assert call(("teacher", "cache", "--folder", "cache", "import", PART)) == 0
        assert call(("teacher", "cache", "--folder", "cache", "export", "raw/cache.jsonl")) == 0


def _raw_files(folder: Path) -> None:
    questions = [row for _, row in islice(read_rows(Path(f"{WORLD}/train.jsonl")), 6)]
    recorded = [{"question": row["question"], "output": "2 + 2 = 4.\nThe answer is 4"} for row in questions]
    for name, rows in (("a.json", recorded), ("whole.json", {"data": recorded})):
        write_json(folder / name, rows)
    write_text(folder / "b.jsonl", "".join(json.dumps(_response(row["question"])) + "\n" for row in questions))
    table = [{"q": row["question"], "a": row["answer"], "o": ["one", "two"]} for row in questions]
    cells = [{"q": row["q"], "a": row["a"]} for row in table]
    write_text(folder / "own.csv", "q,a\n" + "".join(f'"{row["q"]}",{row["a"]}\n' for row in cells))
    write_text(folder / "own.tsv", "q\ta\n" + "".join(f"{row['q']}\t{row['a']}\n" for row in cells))
    write_text(folder / "own.jsonl", "".join(json.dumps(row) + "\n" for row in table))
    write_json(folder / "own_rows.json", {"rows": cells})
    pyarrow.parquet.write_table(pyarrow.Table.from_pylist(table), folder / "own.parquet")
    judged = [{"text": f"The answer is {row['answer']}", "gold": row["answer"]} for row in questions]
    write_text(folder / "judge.jsonl", "".join(json.dumps(row) + "\n" for row in judged))
    write_text(folder / "judge.csv", "text,gold\n" + "".join(f"{row['text']},{row['gold']}\n" for row in judged))
    pyarrow.parquet.write_table(pyarrow.Table.from_pylist(judged), folder / "judge.parquet")
    own: dict[str, Any] = {"role": "out_of_distribution", "question": "q", "answer": "a"}
    datasets = {
        f"own-{number}": {**own, "files": name}
        for number, name in enumerate(("own.csv", "own.tsv", "own_rows.json", "own.parquet"))
    }
    datasets["own-4"] = {**own, "role": "seed", "files": "own.jsonl"}
    for name, phase, params in (
        ("own", "data", {"source": "files", "datasets": datasets, "exemplars": "prompts/maths.jsonl"}),
        ("import", "teacher", {"recorded": ["a.json", "b.jsonl"]}),
    ):
        recipe = Recipe(phase=phase, name=phase, params=params, code="", rules="", files={})
        write_text(folder / f"{name}.json", recipe_text(recipe))


def _response(question: str) -> dict[str, Any]:
    logprobs = {
        "tokens": ["The", " answer", " is", " 4"],
        "token_logprobs": [-0.5, -0.1, -0.1, -2.0],
        "top_logprobs": [{"The": -0.5, "A": -1.0}, {" answer": -0.1}, {" is": -0.1}, {" 4": -2.0, " 5": -2.5}],
    }
    choice = {"text": "The answer is 4", "index": 0, "finish_reason": "stop", "logprobs": logprobs}
    return {"question": question, "choices": [choice], "usage": {"prompt_tokens": 9, "completion_tokens": 4}}
