"""Experiments side by side: every row of `dvc exp show` holds what its parameters make (row T7, the queue)."""

import csv
import io
import json
import re
import subprocess
import time

import pytest
from workspaces import BIN, Workspace, fresh

pytestmark = pytest.mark.slow

SLOWER = "train.learning_rate=4e-3"
FEWER = ("evaluate.items=2", "evaluate.max_new_tokens=7")
LONGEST_S = 500


@pytest.fixture(scope="module")
def fewer(tmp_path_factory) -> Workspace:
    """Fewer items, shorter answers: built from scratch."""
    workspace = fresh(tmp_path_factory.mktemp("fewer") / "project")
    workspace.edit("params.yaml", "  items: 4\n", "  items: 2\n")
    workspace.edit("params.yaml", "  max_new_tokens: 8\n", "  max_new_tokens: 7\n")
    workspace.snakemake()
    return workspace


def test_t7_a_queue_of_six_with_two_workers_and_one_that_fails(workspace, built, changed, fewer):
    workspace.commit()
    queue = {
        "slower": ([SLOWER], changed),
        "fewer": (FEWER, fewer),
        "titled": (["report.title=Another"], built),
        "slower-titled": ([SLOWER, "report.title=Another"], changed),
        "fewer-titled": ([*FEWER, "report.title=Another"], fewer),
        "third": (["report.title=Third"], built),
    }
    for name, (changes, _) in queue.items():
        settings = [word for change in changes for word in ("--set-param", change)]
        workspace.dvc("exp", "run", "--queue", "--name", name, *settings)
    # No question is that short: its training fails, beside the others.
    workspace.dvc("exp", "run", "--queue", "--name", "failing", "--set-param", "train.max_source_tokens=16")
    # Its workers live on and would keep a pipe open: what they say goes nowhere.
    start = [BIN / "dvc", "queue", "start", "--jobs", "2"]
    subprocess.run(start, cwd=workspace.folder, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    wait_for_queue(workspace)
    rows = shown(workspace)
    assert set(queue) <= set(rows), workspace.dvc("queue", "status").text
    for name, (_, truth) in queue.items():
        made, right = workspace.experiment(name), truth.locked()
        if "title" in name or name == "third":
            assert made.pop("results/report") != right.pop("results/report"), "the title stands in the report"
        assert made == right, name
        metrics = json.loads((truth.folder / "results" / "metrics.json").read_text())
        assert {key: float(rows[name][key]) for key in metrics} == metrics, name
    assert rows["slower"]["train.learning_rate"] == rows["slower-titled"]["train.learning_rate"] == "0.004"
    assert rows["fewer"]["evaluate.items"] == "2"
    assert rows["third"]["report.title"] == "Third"
    assert re.search(r"failing .*Failed", workspace.dvc("queue", "status").text)
    assert "no batch can be made" in workspace.dvc("queue", "logs", "failing").text
    assert workspace.digests() == built.digests(), "the workspace is as it was"


def wait_for_queue(workspace: Workspace) -> None:
    """Until no experiment waits or runs."""
    deadline = time.monotonic() + LONGEST_S
    while time.monotonic() < deadline:
        said = workspace.dvc("queue", "status").text
        if not {"Queued", "Running"} & set(said.split()):
            return
        time.sleep(2)
    raise AssertionError(said)


def shown(workspace: Workspace) -> dict[str, dict[str, str]]:
    """Rows of `dvc exp show` by the experiment's name; metrics go by their bare names."""
    table = csv.DictReader(io.StringIO(workspace.dvc("exp", "show", "--csv").text))
    return {row["Experiment"]: row for row in table if row["Experiment"]}
