"""Rows that DVC or Git was made to put together wrongly are named (docs/decisions/0022)."""

import json
import shutil
import sys
from hashlib import md5, sha256
from pathlib import Path

import pytest
from workspaces import BIN, LEARNING_RATE, Workspace

RATE = "train.learning_rate=4e-3"
TRAINED = "results/checkpoints/nano/training.csv"


def named(workspace: Workspace) -> dict[str, str]:
    """Row → what `python -m specialize rows`, the last line of `make compare`, says of it."""
    ran = workspace.run("env", "PYTHONPATH=src", sys.executable, "-m", "specialize", "rows", status=None)
    assert ran.status in (0, 2) and (ran.status == 0) == (ran.text == ""), ran.text
    lines = [line.strip() for line in ran.text.splitlines() if line.startswith("  ")]
    return {name: why for name, _, why in (line.partition(": ") for line in lines)}


@pytest.mark.slow
def test_rows_that_nobody_built_are_named(workspace):
    workspace.commit()
    assert named(workspace) == {}
    # DVC runs nothing of this project then: the recipe is the old one, and so is the score.
    workspace.dvc("exp", "run", "--name", "single", "--single-item", "--set-param", RATE, "train@nano")
    asks = "params.yaml asks for another results/recipes/train/nano.json"
    assert named(workspace) == {"single": asks, "workspace": asks}
    workspace.dvc("exp", "remove", "single")
    assert named(workspace) == {"workspace": asks}
    workspace.git("commit", "--all", "--quiet", "--message=an edit alone")
    assert named(workspace) == {"HEAD": asks, "workspace": asks}
    for stage in ("recipes", "train@nano", "evaluate@nano", "report"):
        workspace.dvc("commit", "--force", stage)
    workspace.commit("and DVC made to vouch for it")
    assert named(workspace) == {"HEAD": asks, "workspace": asks}


@pytest.mark.slow
def test_a_forged_result_in_a_remote_that_nobody_verifies(workspace, tmp_path):
    remote = tmp_path / "remote"
    workspace.dvc("remote", "add", "--default", "store", str(remote))
    workspace.commit()
    workspace.dvc("push", "--quiet")
    score, provenance = (f"results/scores/nano/{name}" for name in ("step-4/world.json", "provenance.json"))
    true = {name: (workspace.folder / name).read_bytes() for name in (score, provenance)}
    forged = true[score].replace(b'"accuracy": 0.0', b'"accuracy": 0.9', 1)
    assert forged != true[score]
    said = json.loads(true[provenance])
    said["outputs"][score] = {"sha256": sha256(forged).hexdigest(), "size": len(forged)}
    for name, data in {score: forged, provenance: json.dumps(said).encode()}.items():
        digest = md5(true[name]).hexdigest()
        stored = remote / "files" / "md5" / digest[:2] / digest[2:]
        stored.chmod(0o644)
        stored.write_bytes(data)
    workspace.run("git", "clone", "--quiet", str(workspace.folder), str(tmp_path / "clone"))
    clone = Workspace(tmp_path / "clone", workspace.bin)
    clone.dvc("pull", "--quiet")
    assert (clone.folder / score).read_bytes() == forged and "up to date" in clone.dvc("status").text, "DVC believes it"
    assert {"score_predictions", "build_report"} <= set(clone.snakemake("-n").rules), "Snakemake does not"


@pytest.mark.slow
def test_what_a_killed_run_had_not_recorded_is_not_trained_again(workspace, changed):
    lock = (workspace.folder / "dvc.lock").read_bytes()
    workspace.edit("params.yaml", *LEARNING_RATE)
    workspace.snakemake(TRAINED)
    (workspace.folder / "dvc.lock").write_bytes(lock)
    shutil.rmtree(workspace.folder / ".dvc" / "cache" / "runs")
    (workspace.folder / ".snakemake" / "unrecorded").touch()
    ran = workspace.dvc("repro", "train@nano")
    assert "the outputs made before are kept" in ran.text and " updates of " not in ran.text
    target = "results/checkpoints/nano"
    assert workspace.digests(target) == changed.digests(target)


@pytest.mark.slow
def test_a_training_that_fails_leaves_no_score_of_other_params(workspace):
    workspace.edit("params.yaml", "  max_source_tokens: 256", "  max_source_tokens: 16")
    assert "no batch can be made" in workspace.snakemake(status=1).text
    assert not (workspace.folder / "results" / "metrics.json").exists()


@pytest.mark.slow
def test_touch_makes_nothing_fresh(workspace):
    workspace.edit("params.yaml", "title: ", "title: A ")
    workspace.snakemake("--touch")
    assert "build_report" in workspace.snakemake("-n").rules
    assert "report" in workspace.dvc("status").text


@pytest.mark.slow
def test_a_folder_with_an_odd_name(built, tmp_path):
    workspace = built.copy(tmp_path / "sp ace" / "it's Größe $x (1)")
    workspace.edit("params.yaml", "title: ", "title: A ")
    assert "DVC has recorded" in workspace.snakemake().text
    assert workspace.dvc("repro").stages == []
    elsewhere = workspace.run(str(BIN / "snakemake"), "-n", "--directory", str(tmp_path), status=1)
    assert "run snakemake in the project's folder" in elsewhere.text


@pytest.mark.slow
def test_a_worktree_of_git(workspace, built, tmp_path):
    workspace.commit()
    workspace.git("worktree", "add", "--quiet", str(tmp_path / "tree"), "-b", "other")
    tree = Workspace(Path(tmp_path / "tree"), workspace.bin)
    tree.dvc("cache", "dir", "--local", str(workspace.folder / ".dvc" / "cache"))
    tree.dvc("checkout", "--quiet")
    assert tree.snakemake("-n").nothing_to_do
    assert tree.digests() == built.digests()
    assert "up to date" in tree.dvc("status").text
