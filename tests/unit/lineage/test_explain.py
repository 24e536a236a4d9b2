"""How a file came to be."""

import json
import subprocess
from pathlib import Path

import pytest
from made_jobs import job, make_jobs

from specialize.core.errors import SpecializeError
from specialize.lineage.explain import why


@pytest.fixture
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    make_jobs()
    return tmp_path


def recipes() -> dict[str, str]:
    return {path.name: path.read_text() for path in Path("results/recipes").glob("*.json")}


def changed() -> dict[str, str]:
    """The recipes as edited params ask for them."""
    now = recipes()
    now["data.json"] = now["data.json"].replace('"seed": 1', '"seed": 2')
    return now


def commit(folder: Path) -> str:
    """Commit the recipes; return the commit's short hash."""
    who = ("-c", "user.name=test", "-c", "user.email=test@example.org")
    for command in (("init", "-q"), ("add", "results/recipes"), (*who, "commit", "-q", "-m", "run")):
        subprocess.run(["git", *command], cwd=folder, check=True)
    return subprocess.check_output(["git", "log", "-1", "--format=%h"], cwd=folder, text=True).strip()


def test_it_tells_recipe_inputs_and_what_came_before(made: Path) -> None:
    told = why("results/b/two.txt", made, recipes())
    assert "made by phase 'teacher'\n    results/recipes/teacher.json" in told and "      seed: 1" in told
    assert "results/a/one.txt  sha256 7692c3ad3540bb80" in told  # printf one | sha256sum
    assert told.index("by way of") < told.index("results/recipes/data.json"), "upstream params too"
    assert told.index("results/a/provenance.json: up") < told.index("results/b/provenance.json: up")
    assert told.endswith("would not be made again now\n")


def test_it_tells_the_reason_for_making_it_again(made: Path) -> None:
    told = why("results/b/two.txt", made, changed())
    assert "results/a/provenance.json: results/recipes/data.json is not the recipe that made this" in told
    assert told.endswith("would be made again now\n")
    assert "no commit holds that recipe" in why("results/a/one.txt", made, changed())


def test_git_tells_the_commit_and_the_recipe_as_it_was(made: Path) -> None:
    assert "not in Git" in why("results/a/one.txt", made, recipes())
    first = commit(made)
    for name, text in changed().items():
        (made / "results" / "recipes" / name).write_text(text)
    assert commit(made) != first
    told = why("results/a/one.txt", made, recipes())
    assert f"Git commit {first} " in told and "      seed: 1" in told and "seed: 2" not in told


def test_a_checkpoint_tells_where_it_was_trained(made: Path) -> None:
    manifest = {"python": "3.11.7", "machine": "riscv64", "libraries": {"torch": "2.0"}}
    job("teacher", ["results/a/one.txt"], "results/b/step-1/manifest.json", json.dumps(manifest))
    told = why("results/b/step-1/manifest.json", made, recipes())
    assert "  trained with\n    Python 3.11.7 on riscv64; torch 2.0\n" in told


def test_a_file_that_nobody_made(made: Path) -> None:
    with pytest.raises(SpecializeError, match="results/none"):
        why("results/none", made, recipes())
