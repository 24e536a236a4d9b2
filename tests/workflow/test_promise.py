"""A score never stands beside parameters that did not produce it: rows T16–T22 of docs/explanation/agreement.md."""

import csv
import io
import os
import shutil
import subprocess
import sys
import time

import pytest
from ruamel.yaml import YAML
from workspaces import BIN, LEARNING_RATE, Workspace

RATE = "train.learning_rate=4e-3"
TRAINED = "results/checkpoints/nano/training.csv"
METRICS = "results/metrics.json"


def pulled_clone(workspace: Workspace, folder) -> Workspace:
    """git clone + dvc pull, through a remote in a local folder."""
    workspace.dvc("remote", "add", "--force", "--default", "store", str(folder / "remote"))
    workspace.commit()
    workspace.dvc("push", "--quiet")
    workspace.run("git", "clone", "--quiet", str(workspace.folder), str(folder / "clone"))
    clone = Workspace(folder / "clone")
    clone.dvc("pull", "--quiet")
    return clone


def rows(workspace: Workspace) -> dict[str, dict[str, str]]:
    """Experiment or commit → its row of `dvc exp show`."""
    shown = csv.DictReader(io.StringIO(workspace.dvc("exp", "show", "--csv").text))
    return {row["Experiment"] or row["rev"]: row for row in shown}


def scores_of(row: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in row.items() if name.startswith("nano.") and value not in ("", "!", "-")}


def metrics_at(workspace: Workspace, ref: str) -> str | None:
    """metrics.json of a commit; None: it has none."""
    ran = workspace.run("git", "show", f"{ref}:{METRICS}", status=None)
    return ran.text if ran.status == 0 else None


def wait_for(process: subprocess.Popen[str], word: str) -> list[str]:
    """Read what a process prints until a line holds `word`."""
    said = []
    for line in process.stdout:
        said.append(line)
        if word in line:
            return said
    raise AssertionError(f"{word!r} never came: {''.join(said)[-3000:]}")


def started(workspace: Workspace, *command: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [BIN / command[0], *command[1:]],
        cwd=workspace.folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


@pytest.mark.parametrize(
    "how",
    [
        ("exp", "run", "--name", "part", "--set-param", RATE, "train@nano"),
        ("exp", "run", "--name", "part", "--single-item", "--set-param", RATE, "report"),
        pytest.param(
            ("exp", "run", "--name", "part", "--set-param", RATE, "--downstream", "evaluate@nano"),
            marks=pytest.mark.slow,
        ),
    ],
    ids=["target", "single item", "downstream"],
)
def test_t16_a_partial_experiment_shows_no_score_of_other_params(workspace, how):
    workspace.commit()
    ran = workspace.dvc(*how, status=None)
    found = workspace.run("git", "for-each-ref", "--format=%(refname)").text
    if ran.status == 0:
        assert metrics_at(workspace, workspace.experiment_ref("part")) is None
    else:
        assert "/part" not in found and "without --single-item and --downstream" in ran.text
    assert not (workspace.folder / METRICS).exists()


@pytest.mark.slow
def test_t16_a_partial_build_leaves_no_score(workspace, changed):
    workspace.edit("params.yaml", *LEARNING_RATE)
    workspace.snakemake("-n", TRAINED)
    assert (workspace.folder / METRICS).exists(), "a look takes nothing away"
    workspace.snakemake(TRAINED)
    assert not (workspace.folder / METRICS).exists() and not (workspace.folder / "results" / "report").exists()
    workspace.snakemake()
    assert workspace.digests() == changed.digests()


def test_t17_dvc_does_not_vouch_for_what_nobody_built(workspace, changed, monkeypatch):
    workspace.commit()
    workspace.edit("params.yaml", *LEARNING_RATE)
    lock = (workspace.folder / "dvc.lock").read_bytes()
    for command in (("commit", "--force"), ("exp", "save", "--name", "saved")):
        ran = workspace.dvc(*command, status=None)
        assert ran.status and "which record what they build" in ran.text
    assert (workspace.folder / "dvc.lock").read_bytes() == lock
    monkeypatch.setenv("PYTHONPATH", "src")
    saved = workspace.run(sys.executable, "workflow/record_in_dvc.py", "--save", "saved", status=2)
    assert "Run `make` first" in saved.text
    assert "saved" not in workspace.run("git", "for-each-ref", "--format=%(refname)").text
    assert "up to date" not in workspace.dvc("status").text
    assert "train@nano" in workspace.dvc("repro").stages
    assert workspace.digests() == changed.digests()
    assert workspace.snakemake("-n").nothing_to_do
    assert "up to date" in workspace.dvc("status").text


@pytest.mark.slow
def test_fresh_results_can_be_saved_as_an_experiment(workspace, built, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", "src")
    workspace.commit()
    workspace.run(sys.executable, "workflow/record_in_dvc.py", "--save", "kept")
    assert metrics_at(workspace, workspace.experiment_ref("kept")) == (built.folder / METRICS).read_text()


@pytest.mark.parametrize("where", ["params", pytest.param("recipe", marks=pytest.mark.slow)])
def test_t18_and_t19_what_changes_while_a_stage_runs_is_not_filed(workspace, built, changed, where):
    """Another terminal edits params.yaml and looks, or puts another recipe in the place."""
    workspace.edit("params.yaml", *LEARNING_RATE)
    process = started(workspace, "dvc", "repro", "train@nano")
    said = wait_for(process, " updates of ")
    if where == "params":
        workspace.edit("params.yaml", LEARNING_RATE[1], "  learning_rate: 3.0e-3")
        assert "train_student" in workspace.snakemake("-n", TRAINED, status=None).rules
    else:
        recipe = "results/recipes/train/nano.json"
        shutil.copy2(built.folder / recipe, workspace.folder / recipe)
    said += process.stdout.readlines()
    assert process.wait() != 0 and "nothing is recorded" in "".join(said)
    if where == "params":
        workspace.edit("params.yaml", "  learning_rate: 3.0e-3", LEARNING_RATE[1])
    with workspace.recorded() as jobs:
        ran = workspace.dvc("repro")
    assert jobs["train_student"] == 1 and "the outputs made before are kept" in ran.text
    assert workspace.digests() == changed.digests()


@pytest.mark.slow
def test_t20_a_clone_that_pulled_gets_its_results_back(workspace, built, tmp_path):
    clone = pulled_clone(workspace, tmp_path)
    clone.edit("params.yaml", *LEARNING_RATE)
    clone.dvc("repro", "train@nano")
    clone.edit("params.yaml", *reversed(LEARNING_RATE))
    with clone.recorded() as jobs:
        clone.dvc("repro")
    assert not jobs.keys() & {"train_student", "generate_predictions", "score_predictions"}
    assert clone.digests() == built.digests()


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["hardlink", pytest.param("symlink", marks=pytest.mark.slow)])
def test_t21_linked_caches(workspace, built, tmp_path, kind):
    clone = pulled_clone(workspace, tmp_path)
    clone.dvc("config", "--local", "cache.type", kind)
    clone.dvc("checkout", "--quiet", "--relink")
    assert clone.snakemake("-n").nothing_to_do
    clone.edit("params.yaml", *LEARNING_RATE)
    assert set(clone.snakemake("-n").rules) == {
        "train_student", "generate_predictions", "score_predictions", "build_report", "all",
    }  # fmt: skip
    clone.edit("params.yaml", *reversed(LEARNING_RATE))
    assert clone.snakemake("-n").nothing_to_do
    assert clone.digests() == built.digests()


@pytest.mark.slow
def test_t22_a_project_in_a_subfolder_of_a_repository(built, tmp_path):
    workspace = built.copy(tmp_path / "repository" / "project")
    for name in (".git", ".dvc", "dvc.lock"):
        path = workspace.folder / name
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    Workspace(tmp_path / "repository").git("init", "--quiet")
    workspace.dvc("init", "--subdir", "--quiet")
    assert "DVC has recorded 10 stages" in workspace.snakemake().text
    assert "up to date" in workspace.dvc("status").text


@pytest.mark.slow
def test_t22_another_locale(workspace, monkeypatch):
    workspace.edit("params.yaml", "title: ", "title: Größe ")
    for name, value in {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}.items():
        monkeypatch.setenv(name, value)
    assert "DVC has recorded" in workspace.snakemake().text
    monkeypatch.undo()
    assert "up to date" in workspace.dvc("status").text


@pytest.mark.slow
def test_results_that_no_lock_knows_are_recorded(workspace, built, tmp_path):
    """After a merge DVC's guide says to remove dvc.lock."""
    clone = pulled_clone(workspace, tmp_path)
    lock = (clone.folder / "dvc.lock").read_text()
    (clone.folder / "dvc.lock").write_text(f"<<<<<<< ours\n{lock}=======\n{lock}>>>>>>> theirs\n")
    assert "conflict markers" in clone.snakemake().text
    (clone.folder / "dvc.lock").unlink()
    assert "DVC has recorded" in clone.snakemake().text
    assert clone.dvc("repro").stages == []
    assert clone.digests() == built.digests()


@pytest.mark.slow
def test_a_recipe_that_somebody_edited_is_put_right(workspace, built):
    workspace.edit("results/recipes/train/nano.json", '"learning_rate": 0.005', '"learning_rate": 0.004')
    assert workspace.snakemake().nothing_to_do
    assert workspace.digests() == built.digests()
    assert "up to date" in workspace.dvc("status").text


@pytest.mark.slow
def test_an_edited_result_is_never_believed(workspace, built):
    """DVC remembers a file by inode, time and size."""
    workspace.edit("params.yaml", "title: ", "title: A ")
    workspace.snakemake("-n")
    workspace.dvc("status")
    workspace.edit("params.yaml", "title: A ", "title: ")
    path = workspace.folder / METRICS
    text = path.read_text()
    with path.open("r+") as stream:
        stream.write(text.replace(": 0.0", ": 9.0", 1))
    assert path.read_text() != text
    workspace.snakemake("-n")
    assert "report" in workspace.dvc("status").text
    workspace.dvc("repro")
    assert workspace.digests() == built.digests()


@pytest.mark.slow
def test_what_gives_the_same_bytes_again_trains_nothing(workspace, built):
    """A deleted file upstream: it is made again, and all that follows is as it was."""
    (workspace.folder / "results" / "problems" / "world" / "test.jsonl").unlink()
    before = (workspace.folder / "results" / "checkpoints" / "nano" / "step-4" / "model.safetensors").stat().st_ino
    ran = workspace.snakemake()
    assert ran.text.count("the outputs made before are kept") >= 5
    assert workspace.digests() == built.digests()
    after = (workspace.folder / "results" / "checkpoints" / "nano" / "step-4" / "model.safetensors").stat().st_ino
    assert before == after, "the student was not trained again"


@pytest.mark.slow
def test_dvc_beside_a_running_snakemake_stops_before_it_removes_anything(workspace, changed):
    workspace.edit("params.yaml", *LEARNING_RATE)
    process = started(workspace, "snakemake", "--cores", "1")
    wait_for(process, "checkpoints -> ")
    assert "at work in this folder" in workspace.dvc("repro", status=255).text
    process.communicate()
    assert process.returncode == 0
    assert workspace.digests() == changed.digests()


def test_options_that_would_bypass_the_params_are_refused(workspace):
    assert "dvc exp run -S" in workspace.snakemake("-n", "--config", "steps=8", status=1).text
    workspace.edit("params.yaml", *LEARNING_RATE)
    assert "project's own profile" in workspace.snakemake("--workflow-profile", "none", status=1).text


@pytest.mark.slow
def test_a_clock_that_was_ahead_does_no_harm(workspace, built):
    future = time.time() + 10**8
    for name in ("results/recipes/train/nano.json", "results/traces/traces.parquet", "results/traces/provenance.json"):
        os.utime(workspace.folder / name, (future, future))
    assert workspace.snakemake("-n").nothing_to_do
    workspace.edit("params.yaml", "title: ", "title: A ")
    workspace.snakemake()
    assert workspace.snakemake("-n").nothing_to_do


@pytest.mark.slow
def test_line_ends_of_another_system(workspace, tmp_path):
    clone = pulled_clone(workspace, tmp_path)
    other = tmp_path / "crlf"
    clone.run("git", "clone", "--quiet", "--config", "core.autocrlf=true", str(workspace.folder), str(other))
    crlf = Workspace(other)
    crlf.dvc("pull", "--quiet")
    assert "up to date" in crlf.dvc("status").text
    assert crlf.snakemake("-n").nothing_to_do


def test_lock_file_holds_no_hand_made_stage(built):
    """The guard of `dvc commit` is no stage that anybody builds."""
    lock = YAML(typ="safe").load(built.folder / "dvc.lock")
    assert "only-what-was-built-is-recorded" not in lock["stages"]
