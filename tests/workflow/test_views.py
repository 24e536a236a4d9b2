"""What a person looks at: tables and plots of DVC, the report and the summary of Snakemake."""

import base64
import json
import re

import pytest
from ruamel.yaml import YAML
from workspaces import BIN, LEARNING_RATE, PROJECT, Ran

pytestmark = pytest.mark.slow

TERMINAL = 140
"""Columns of a terminal. Each student of the default run, six with the replay's arm, has a column."""
NOBODY_BUILT = 2
"""Exit status of `make compare` where it names rows that nobody built (docs/decisions/0022), as those that are quickly
made here."""


@pytest.fixture
def two_commits(workspace):
    """Another learning rate, and numbers that nobody measured: what stands in the files is enough to look at."""
    workspace.commit()
    workspace.edit("params.yaml", *LEARNING_RATE)
    workspace.edit("results/metrics.json", '"nano.seed": 0.0', '"nano.seed": 12.5')
    curve = workspace.folder / "results" / "report" / "training.csv"
    head, *rows = curve.read_text().splitlines()
    loss = head.split(",").index("loss")
    changed = [",".join("1.25" if i == loss else cell for i, cell in enumerate(row.split(","))) for row in rows]
    curve.write_text("\n".join([head, *changed]) + "\n")
    return workspace


def test_metrics_and_params_are_compared(two_commits):
    told = two_commits.dvc("metrics", "diff").text
    assert re.search(r"nano\.seed +0\.0 +12\.5 +12\.5", told) and told.count("metrics.json") == 1
    told = two_commits.dvc("params", "diff").text
    assert re.search(r"train\.learning_rate +0\.005 +0\.004", told) and told.count("params.yaml") == 1


def test_plots_are_drawn_from_both(two_commits):
    two_commits.dvc("plots", "diff", "--out", "drawn")
    page = (two_commits.folder / "drawn" / "index.html").read_text()
    plots = YAML(typ="safe").load(PROJECT / "dvc.yaml")["plots"]
    titles = {settings["title"] for plot in plots for settings in plot.values()}
    specs = [spec for spec in _specs(page) if "mark" in spec]
    assert {spec["title"]["text"] for spec in specs} == titles
    assert "<DVC_METRIC" not in page, "a template asks for something that DVC does not give"
    for spec in specs:
        rows = spec["data"]["values"]
        fields = {channel["field"] for channel in spec["encoding"].values()}
        assert rows and all(fields <= set(row) for row in rows), spec["title"]
        assert {row["rev"] for row in rows} <= {"HEAD", "workspace"}
    (loss,) = (spec for spec in specs if spec["title"]["text"].startswith("Training loss"))
    assert {row["rev"] for row in loss["data"]["values"]} == {"HEAD", "workspace"}


def test_the_table_of_experiments_fits_a_terminal(workspace, monkeypatch):
    """With the students of the default run, and all their numbers other than before."""
    students = YAML(typ="safe").load(PROJECT / "params.yaml")["train"]["students"]
    numbers = [f"{student}.seed" for student in students] + [f"m.{name}" for name in ("ood", "ao", "cot")]
    for number in (1, 2):
        metrics = dict.fromkeys(numbers, 33.25 * number)
        (workspace.folder / "results" / "metrics.json").write_text(json.dumps(metrics))
        if number == 1:
            workspace.commit()
    workspace.edit("params.yaml", *LEARNING_RATE)
    workspace.dvc("exp", "save", "--force", "--name", "slower-than", "recipes")
    monkeypatch.setenv("COLUMNS", str(TERMINAL))
    table = make(workspace, "compare", status=NOBODY_BUILT).text
    assert table.count("results/metrics.json is not the one that dvc.lock names") == 3
    assert max(len(line) for line in table.splitlines()) <= TERMINAL and "…" not in table, table
    for column in ("train.learning_rate", *(name for name in numbers if not name.endswith(".cot"))):
        assert column in table


def test_make_ends_with_the_table_and_a_link_to_the_page(workspace):
    said = make(workspace, "run").text
    table = (workspace.folder / "results" / "report" / "table.txt").read_text()
    assert said.count(table) == 1
    page = (workspace.folder / "results" / "report" / "index.html").resolve()
    assert said.endswith(f"The whole report: {page.as_uri()}\n")


def test_comparing_before_the_first_commit_says_what_to_do(workspace):
    said = make(workspace, "compare", status=2).text
    assert "commit a baseline first" in said and "!" not in said


def test_accuracies_that_tie_are_shown(workspace):
    workspace.commit()
    workspace.edit("params.yaml", *LEARNING_RATE)
    workspace.dvc("exp", "save", "--force", "--name", "tie", "recipes")
    table = make(workspace, "compare", status=NOBODY_BUILT).text
    assert "tie: params.yaml asks for another results/recipes/train/nano.json" in table
    for column in ("train.learning_rate", "nano.seed", "nano.ood", "nano.ao"):
        assert column in table


def test_plan_says_what_would_run_in_few_lines(workspace):
    workspace.edit("params.yaml", *LEARNING_RATE)
    plan = make(workspace, "plan")
    assert len(plan.text.splitlines()) <= 10 and "recipe train/nano" in plan.text
    assert "train_student" in plan.rules and "sample_completions" not in plan.rules


def test_snakemakes_report_and_summary(workspace):
    workspace.snakemake("--report", "report.html")
    page = (workspace.folder / "report.html").read_text()
    captions = sorted((PROJECT / "workflow" / "captions").glob("*.rst"))
    assert captions
    whole = base64.b64encode((workspace.folder / "results" / "report" / "index.html").read_bytes()).decode()
    assert "results/report/index.html" in page and whole in page, "the page is embedded"
    for caption in captions:
        assert caption.read_text().split()[0:3] and " ".join(caption.read_text().split()[0:3]) in page, caption
    lines = workspace.snakemake("--summary").text.splitlines()
    table = [line.split("\t") for line in lines if line.startswith("results/")]
    assert {"results/metrics.json", "results/traces/traces.parquet"} <= {row[0] for row in table}
    assert {row[-1] for row in table} == {"no update"}


def make(workspace, target: str, status: int = 0) -> Ran:
    """Run a target in a workspace with the environment of these tests."""
    options = ("-s", "-o", "install", "-o", ".venv/.ready", f"BIN={BIN}")
    return workspace.run("make", *options, target, status=status)


def _specs(page: str) -> list[dict]:
    """Vega-Lite specifications in a page of DVC's."""
    decoder = json.JSONDecoder()
    starts = [match.start() for match in re.finditer(r"\{\s*\"\$schema\"", page)]
    return [decoder.raw_decode(page, start)[0] for start in starts]
