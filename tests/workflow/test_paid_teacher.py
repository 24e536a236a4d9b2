"""A teacher elsewhere, in the whole workflow: what a pull brought is not asked for again, by neither tool."""

import shutil
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from kill_sampling import served, stats
from workspaces import fresh

COMPLETIONS = "results/completions/part-00000.parquet"


def test_more_samples_after_a_pull_cost_only_those(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The cache is lost between runs, as in another clone; the completions are there, as after `dvc pull`."""
    cache = tmp_path / "cache"
    monkeypatch.setenv("SPECIALIZE_CACHE", str(cache))
    workspace = fresh(tmp_path / "project")
    workspace.snakemake("results/problems/index.json")
    shutil.copy(workspace.folder / "results/problems/world/train.jsonl", tmp_path / "problems.jsonl")
    with served(tmp_path, {}) as url:
        workspace.edit("params.yaml", "  mode: online", f"  base_url: {url}\n  mode: online")
        for samples, build in {2: "snakemake", 3: "snakemake", 4: "dvc"}.items():
            workspace.edit("params.yaml", f"  samples: {max(2, samples - 1)}\n", f"  samples: {samples}\n")
            if build == "snakemake":
                workspace.snakemake(COMPLETIONS)
            else:
                workspace.dvc("repro", "teacher")
            assert stats(url)["choices"] == 24 * samples
            rows = pq.read_table(workspace.folder / COMPLETIONS).to_pylist()
            assert [row["sample"] for row in rows] == list(range(samples)) * 24
            shutil.rmtree(cache)
