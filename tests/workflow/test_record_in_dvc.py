"""What Snakemake built is recorded as made by the recipes that it was built by, or not at all."""

import runpy
from pathlib import Path

import pytest
from workspaces import PROJECT, Workspace

DVC = """
stages:
  data:
    cmd: "true"
    deps: [results/recipes/data.json]
    outs: [results/problems]
"""


def test_recipes_lent_by_a_dry_run_beside_are_not_recorded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    workspace = Workspace(tmp_path)
    workspace.git("init", "--quiet")
    workspace.dvc("init", "--quiet")
    (tmp_path / "dvc.yaml").write_text(DVC)
    for name in ("results/recipes/data.json", "results/problems/a"):
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).write_text("as it was")
    record = runpy.run_path(str(PROJECT / "workflow" / "record_in_dvc.py"))["record"]
    assert record(Path(), ["data"], {"data.json": "as it was"})
    lock, entries = (tmp_path / "dvc.lock").read_bytes(), run_cache(tmp_path)
    assert len(entries) == 1
    (tmp_path / "results" / "recipes" / "data.json").write_text("lent")
    (tmp_path / "results" / "problems" / "a").write_text("of another recipe")
    assert not record(Path(), ["data"], {"data.json": "as it was"})
    assert (tmp_path / "dvc.lock").read_bytes() == lock
    (tmp_path / "dvc.lock").unlink()
    assert not record(Path(), ["data"], {"data.json": "as it was"})
    assert not (tmp_path / "dvc.lock").exists()
    assert run_cache(tmp_path) == entries, "or the next `dvc repro` would restore it as made by the lent recipe"


def run_cache(project: Path) -> list[Path]:
    return sorted(path for path in (project / ".dvc" / "cache" / "runs").rglob("*") if path.is_file())
