"""The whole path on real data: the recorded preset, with everything that takes time made small."""

import csv
import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from ruamel.yaml import YAML

PROJECT = Path(__file__).resolve().parents[2]
SHARED = PROJECT.parent / "shared" / "data"
BIN = Path(sys.executable).parent

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(not SHARED.is_dir(), reason=f"the folder of real benchmarks is absent: {SHARED}"),
]


@pytest.fixture(scope="module")
def results(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("recorded")
    for name in ("Snakefile", "workflow", "profiles", "src", "prompts"):
        source, target = PROJECT / name, folder / name
        shutil.copytree(source, target) if source.is_dir() else shutil.copy2(source, target)
    yaml = YAML()
    params = yaml.load(PROJECT / "presets" / "recorded.yaml")
    params["data"]["root"] = str(SHARED)
    params["teacher"]["recorded"] = params["teacher"]["recorded"][3:]
    params["train"] |= {"steps": 2, "checkpoint_every": 2, "warmup_steps": 1, "batch_tokens": 2048}
    params["train"]["starts"]["random"]["architecture"] = {
        "d_model": 16, "d_kv": 8, "d_ff": 32, "num_layers": 1, "num_heads": 2,
    }  # fmt: skip
    params["evaluate"] |= {"items": 3, "items_per_task": 1, "max_new_tokens": 4}
    yaml.dump(params, folder / "params.yaml")
    done = subprocess.run(
        [BIN / "snakemake", "--cores", "2"],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-5000:]
    assert (folder / "results/report/index.html").as_uri() in done.stdout, "the job's last line names the page"
    return folder / "results"


def test_every_benchmark_is_scored_with_n_and_interval(results):
    rows = list(csv.DictReader((results / "report" / "scores.csv").open()))
    assert {row["dataset"] for row in rows} == {"gsm8k", "multiarith", "asdiv", "svamp", "bbh"}
    assert {row["step"] for row in rows} == {"0", "2"}
    assert len({row["task"] for row in rows if row["dataset"] == "bbh"} - {""}) == 27
    for row in rows:
        assert int(row["n"]) > 0 and 0 <= float(row["low"]) <= float(row["accuracy"]) <= float(row["high"]) <= 1
    readings = {(row["dataset"] == "bbh", row["reading"]) for row in rows}
    assert readings == {(False, "strict"), (False, "flexible"), (True, "exact"), (True, "substring")}


def test_the_funnel_of_real_completions(results):
    funnel = json.loads((results / "traces" / "funnel.json").read_text())
    steps = {step["step"]: step for step in funnel["steps"]}
    assert funnel["questions"] == {"asked": 7473, "with a completion": 7441, "with a trace": 7151}
    assert (steps["no answer"]["dropped"], steps["wrong answer"]["dropped"]) == (6, 15)
    assert steps["contaminated: shared words"]["dropped"] == 23


def test_the_checkpoint_has_t5s_tokenizer_and_loads(results):
    from transformers import AutoModelForSeq2SeqLM, AutoTokenizer

    folder = results / "checkpoints" / "mini" / "step-2"
    tokenizer = AutoTokenizer.from_pretrained(folder)
    assert (
        tokenizer("Let's think step by step")["input_ids"]
        == AutoTokenizer.from_pretrained(SHARED / "tokenizers" / "t5")("Let's think step by step")["input_ids"]
    )
    assert AutoModelForSeq2SeqLM.from_pretrained(folder).get_input_embeddings().weight.shape[0] == 32128


def test_no_path_of_this_machine_and_no_question_of_a_test_set_in_the_traces(results):
    import pyarrow.parquet as parquet

    from specialize.core.questions import normalised_question

    for path in results.rglob("*.json"):
        if "logs" not in path.parts:
            text = path.read_text(encoding="utf-8")
            assert str(SHARED) not in text and str(PROJECT) not in text, path
    asked = {
        normalised_question(q)
        for q in parquet.read_table(results / "traces" / "traces.parquet")["question"].to_pylist()
    }
    for path in [*results.glob("problems/*/test.jsonl"), *results.glob("problems/*/validation.jsonl")]:
        with path.open(encoding="utf-8") as stream:
            assert not asked & {normalised_question(json.loads(line)["question"]) for line in stream}
