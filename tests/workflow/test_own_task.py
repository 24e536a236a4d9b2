"""A user's own task through the whole path: 60 templated problems in two files, options in a CSV, recorded completions."""

import csv
import json
import random

import pytest
from ruamel.yaml import YAML
from workspaces import fresh

COLUMNS = ("context", "question", "solution", "answer")
NUMBER = {"question": "{context} {question}", "answer": "answer", "rationale": "solution", "answer_kind": "number"}


def problems():
    rng = random.Random(0)
    for order in range(60):
        pallets, crates, back = rng.randint(2, 9), rng.randint(2, 9), rng.randint(1, 4)
        stay = pallets * crates - back
        yield (
            f"Order {order}: {pallets} pallets arrive with {crates} crates each and {back} crates go back.",
            "How many crates stay?",
            f"{pallets} * {crates} = {pallets * crates} crates arrive.\n{pallets * crates} - {back} = {stay} crates stay.",
            stay,
        )


def write_csv(path, header, rows):
    with path.open("w", newline="", encoding="utf-8") as stream:
        csv.writer(stream).writerows([header, *rows])


pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def own(tmp_path_factory):
    """The task's files, its params on the sizes of the tiny preset, built once."""
    folder = tmp_path_factory.mktemp("own")
    (raw := folder / "raw").mkdir()
    workspace = fresh(folder / "project")
    rows = list(problems())
    train = [dict(zip(COLUMNS, row, strict=True)) for row in rows[:40]]
    (raw / "train.jsonl").write_text("".join(json.dumps(row) + "\n" for row in train))
    write_csv(raw / "test.csv", COLUMNS, rows[40:])
    bays = [(f"Which bay holds item {n}?", "north", "south", "west", "ABC"[n % 3]) for n in range(12)]
    write_csv(raw / "bays.csv", ("q", "a", "b", "c", "gold"), bays)
    recorded = [
        {
            "question": f"{row['context']} {row['question']}",
            "output": f"{row['solution']}\nThe answer is {row['answer']}",
        }
        for row in train
    ]
    (raw / "recorded.json").write_text(json.dumps(recorded))
    yaml = YAML()
    params = yaml.load(workspace.folder / "params.yaml")
    params["data"] |= {
        "root": "../raw",
        "datasets": {
            "warehouse": {"role": "seed", "files": {"train": "train.jsonl", "test": "test.csv"}, "validation": 4, **NUMBER},
            "bays": {
                "role": "out_of_distribution", "files": "bays.csv", "question": "q", "answer": "gold",
                "choices": ["a", "b", "c"], "validation": 4,
            },
            "world_generic": {"role": "generic"},
        },
    }  # fmt: skip
    params["teacher"] = {"mode": "recorded", "recorded": ["recorded.json"]}
    params["traces"]["ngram"] = None
    yaml.dump(params, workspace.folder / "params.yaml")
    workspace.snakemake()
    return workspace


def test_the_whole_path_on_a_users_own_task(own):
    results = own.folder / "results"
    index = json.loads((results / "problems" / "index.json").read_text())["datasets"]
    assert {name: each["splits"] for name, each in index.items() if name != "world_generic"} == {
        "warehouse": {"train": 40, "validation": 4, "test": 16, "exemplars": 4},
        "bays": {"validation": 4, "test": 8, "exemplars": 4},
    }
    funnel = json.loads((results / "traces" / "funnel.json").read_text())
    assert [step["left"] for step in funnel["steps"]][-1] == 40, "without traces.ngram: null all would be dropped"
    score = json.loads((results / "scores" / "nano" / "step-4" / "bays.json").read_text())
    assert {row["split"] for row in score["rows"]} == {"validation", "test"}
    assert "warehouse" in (results / "report" / "index.html").read_text()


def test_a_file_that_nobody_declares_reruns_nothing(own):
    (own.folder.parent / "raw" / "notes.csv").write_text("not,declared\n")
    assert own.snakemake("-n").nothing_to_do


def test_a_changed_test_row_trains_nothing_again(own):
    """The traces come out as they were, so behind them only scores hang on the row."""
    path = own.folder.parent / "raw" / "test.csv"
    path.write_bytes(path.read_bytes().replace(b"Order 59", b"Order 91"))
    built = own.snakemake("results/traces/traces.parquet").rules
    assert built == ["build_problems", "import_completions", "filter_completions"]
    assert set(own.snakemake("-n").rules) == {"generate_predictions", "score_predictions", "build_report", "all"}
