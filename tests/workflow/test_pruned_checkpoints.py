"""Weights that were removed after scoring: nothing is stale while nothing reads them, for Snakemake and for DVC."""

import shutil
import sys

import pytest
from workspaces import Workspace

pytestmark = pytest.mark.slow
CHECKPOINTS = "results/checkpoints/nano"
ANOTHER_PROMPT = ("  generic_formats: [answer_only, chain_of_thought]", "  generic_formats: [answer_only]")


def prune(workspace: Workspace, *options: str) -> str:
    command = ["env", "PYTHONPATH=src", sys.executable, "workflow/prune_checkpoints.py", *options]
    return workspace.run(*command).text


def weights(workspace: Workspace) -> list[str]:
    return sorted(path.parent.name for path in (workspace.folder / CHECKPOINTS).glob("step-*/model.safetensors"))


@pytest.fixture(scope="module")
def pruned(built, tmp_path_factory) -> Workspace:
    workspace = built.copy(tmp_path_factory.mktemp("pruned") / "project")
    assert "would be removed" in prune(workspace, "--keep", "last", "--dry-run")
    assert weights(workspace) == ["step-0", "step-4"]
    said = prune(workspace, "--keep", "last")
    assert "nano: keeps the weights of step 4" in said and "DVC has recorded" in said
    assert weights(workspace) == ["step-4"]
    return workspace


def test_nothing_is_left_to_do_for_either_tool(pruned):
    assert pruned.snakemake("-n").nothing_to_do
    assert "up to date" in pruned.dvc("status").text
    assert pruned.dvc("repro").stages == []
    assert "0.000 GB" in prune(pruned, "--keep", "last"), "once is enough"


def test_a_clone_that_pulls_has_nothing_to_do(pruned, tmp_path):
    workspace = pruned.copy(tmp_path / "project")
    workspace.dvc("remote", "add", "--force", "--default", "store", str(tmp_path / "remote"))
    workspace.commit()
    workspace.dvc("push", "--quiet")
    workspace.run("git", "clone", "--quiet", str(workspace.folder), str(tmp_path / "clone"))
    clone = Workspace(tmp_path / "clone")
    clone.dvc("pull", "--quiet")
    assert weights(clone) == ["step-4"] and clone.snakemake("-n").nothing_to_do


def test_a_score_that_is_gone_is_made_from_predictions(pruned, built, tmp_path):
    workspace = pruned.copy(tmp_path / "project")
    shutil.rmtree(workspace.folder / "results" / "scores" / "nano")
    assert "train_student" not in workspace.snakemake().rules and weights(workspace) == ["step-4"]
    assert workspace.digests("results/scores/") == built.digests("results/scores/")


@pytest.mark.parametrize("gone", [False, True], ids=["another prompt", "predictions that are gone"])
def test_what_would_read_them_trains_again_to_the_same_bytes(pruned, built, tmp_path, gone):
    workspace = pruned.copy(tmp_path / "project")
    if gone:
        shutil.rmtree(workspace.folder / "results" / "predictions" / "nano")
    else:
        workspace.edit("params.yaml", *ANOTHER_PROMPT)
    assert "train_student" in workspace.snakemake().rules
    assert workspace.digests(f"{CHECKPOINTS}/") == built.digests(f"{CHECKPOINTS}/")
    if gone:
        assert workspace.digests("results/predictions/") == built.digests("results/predictions/")
    assert workspace.snakemake("-n").nothing_to_do and "up to date" in workspace.dvc("status").text


def test_dvc_restores_them_from_its_cache_where_it_has_them(pruned, built, tmp_path):
    workspace = pruned.copy(tmp_path / "project")
    workspace.edit("params.yaml", *ANOTHER_PROMPT)
    ran = workspace.dvc("repro")
    assert "train@nano" in ran.text and "train_student" not in ran.rules, ran.text[-3000:]
    assert workspace.digests(f"{CHECKPOINTS}/") == built.digests(f"{CHECKPOINTS}/")
    assert "up to date" in workspace.dvc("status").text and workspace.snakemake("-n").nothing_to_do


def test_dvc_trains_them_again_where_it_has_not(pruned, built, tmp_path):
    workspace = pruned.copy(tmp_path / "project")
    workspace.commit()
    workspace.dvc("gc", "--workspace", "--force")
    workspace.edit("params.yaml", *ANOTHER_PROMPT)
    assert "train_student" in workspace.dvc("repro").rules
    assert workspace.digests(f"{CHECKPOINTS}/") == built.digests(f"{CHECKPOINTS}/")
    assert "up to date" in workspace.dvc("status").text and workspace.snakemake("-n").nothing_to_do
