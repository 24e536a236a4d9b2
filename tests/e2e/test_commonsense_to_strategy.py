"""CommonsenseQA as seed, StrategyQA out of distribution: two public sets by declaration alone, through the whole path.

The completions are made here: two thirds name the right option, in different words; one third another one.
"""

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
ASKED = 60
DATASETS = {
    "commonsense_qa": {
        "role": "seed",
        "files": {
            "train": "reasoning/CommonsenseQA/train_rand_split.jsonl",
            "test": "reasoning/CommonsenseQA/dev_rand_split.jsonl",
        },
        "question": "question.stem", "choices": "question.choices", "answer": "answerKey",
        "exemplars": "prompts/commonsense.jsonl", "validation": 500,
    },
    "strategy_qa": {
        "role": "out_of_distribution", "files": "reasoning/StrategyQA/task.json",
        "question": "input", "choices": "target_scores", "answer": "target_scores",
        "exemplars": "prompts/strategy.jsonl", "validation": 500,
    },
}  # fmt: skip
SHOTS = {
    "commonsense": (
        "What holds soup?\nOptions:\n(A) a bowl\n(B) a fork",
        "Soup is liquid, and a bowl holds liquids.",
        "(A)",
    ),
    "strategy": ("Can a bowl hold soup?", "Soup is liquid, and a bowl holds liquids.", "yes"),
}

pytestmark = [
    pytest.mark.slow,
    pytest.mark.e2e,
    pytest.mark.skipif(not SHARED.is_dir(), reason=f"the folder of real benchmarks is absent: {SHARED}"),
]


def completions():
    """Yield a recorded row for each of the first questions of the train file."""
    with (SHARED / "reasoning/CommonsenseQA/train_rand_split.jsonl").open(encoding="utf-8") as stream:
        rows = [json.loads(next(stream)) for _ in range(ASKED)]
    for number, row in enumerate(rows):
        options = {option["label"]: option["text"] for option in row["question"]["choices"]}
        shown = "\n".join(f"({label}) {text}" for label, text in options.items())
        right = row["answerKey"]
        wrong = next(label for label in options if label != right)
        said = [f"({right})", f"{right}, {options[right]}", f"({wrong})"][number % 3]
        thought = f"Of all options, {row['question']['question_concept']} fits one best."
        yield {
            "question": f"{row['question']['stem']}\nOptions:\n{shown}",
            "output": f"{thought}\nThe answer is {said}.",
        }


@pytest.fixture(scope="module")
def results(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("commonsense")
    (folder / "project").mkdir()
    for name in ("Snakefile", "workflow", "profiles", "src", "prompts"):
        source, target = PROJECT / name, folder / "project" / name
        shutil.copytree(source, target) if source.is_dir() else shutil.copy2(source, target)
    for name, (question, rationale, answer) in SHOTS.items():
        shot = {"question": question, "rationale": rationale, "answer": answer}
        (folder / "project" / "prompts" / f"{name}.jsonl").write_text(json.dumps(shot) + "\n")
    (root := folder / "raw").mkdir()
    for name in ("reasoning", "tokenizers"):
        (root / name).symlink_to(SHARED / name)
    (root / "recorded.json").write_text(json.dumps(list(completions())))
    yaml = YAML()
    params = yaml.load(PROJECT / "presets" / "recorded.yaml")
    params["data"] = {"source": "files", "root": str(root), "datasets": DATASETS}
    params["teacher"]["recorded"] = ["recorded.json"]
    params["train"] |= {"steps": 2, "checkpoint_every": 2, "warmup_steps": 1, "batch_tokens": 2048, "exemplars": 1}
    params["train"]["formats"] = {"zero_shot_chain_of_thought": 1.0}
    params["train"]["starts"]["random"]["architecture"] = {
        "d_model": 16, "d_kv": 8, "d_ff": 32, "num_layers": 1, "num_heads": 2,
    }  # fmt: skip
    params["evaluate"] |= {"items": 3, "max_new_tokens": 4, "exemplars": 1}
    yaml.dump(params, folder / "project" / "params.yaml")
    done = subprocess.run(
        [BIN / "snakemake", "--cores", "2"], cwd=folder / "project", stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-5000:]
    return folder / "project" / "results"


def test_right_options_become_traces_and_wrong_ones_do_not(results):
    funnel = json.loads((results / "traces" / "funnel.json").read_text())
    steps = {step["step"]: step["dropped"] for step in funnel["steps"]}
    assert funnel["questions"]["asked"] == 9741 and funnel["questions"]["with a completion"] == ASKED
    assert steps["no answer"] == 0 and steps["wrong answer"] == ASKED // 3
    assert funnel["questions"]["with a trace"] == ASKED - ASKED // 3

    import pyarrow.parquet as parquet

    traces = parquet.read_table(results / "traces" / "traces.parquet").to_pylist()
    assert all(len(trace["answer"]) == 3 and trace["answer"][0] == "(" for trace in traces)


def test_both_sets_are_scored(results):
    rows = list(csv.DictReader((results / "report" / "scores.csv").open()))
    assert {row["dataset"] for row in rows} == set(DATASETS)
    assert all(int(row["n"]) == 3 for row in rows)
