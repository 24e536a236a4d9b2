"""Rows of `dvc exp show` whose scores are not of their parameters."""

import json
from dataclasses import replace
from hashlib import md5
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from specialize.core.files import json_text
from specialize.core.params.load import parse_params
from specialize.lineage.tracked.rows import METRICS, RECIPES, Row, doubt, doubts

PROJECT = Path(__file__).resolve().parents[4]


@pytest.fixture(scope="module")
def row() -> Row:
    """As a whole build leaves it."""
    params = (PROJECT / "presets" / "tiny.yaml").read_text(encoding="utf-8")
    return built(params)


def built(params: str) -> Row:
    tree = YAML(typ="safe", pure=True).load(params)
    specs = [spec for specs in parse_params(tree, "params.yaml").recipe_specs().values() for spec in specs]
    recipes = {spec.file: json_text({"params": spec.params}) for spec in specs}
    metrics = '{"nano.seed": 1.5}\n'
    deps = [{"path": f"{RECIPES}/{name}", "md5": md5(text.encode()).hexdigest()} for name, text in recipes.items()]
    outs = [{"path": METRICS, "md5": md5(metrics.encode()).hexdigest()}]
    report = {"deps": deps, "outs": outs, "params": {"params.yaml": tree}}
    return Row(metrics, params, json.dumps({"stages": {"report": report}}), recipes)


def edited(params: str) -> str:
    assert "learning_rate: 5.0e-3" in params
    return params.replace("learning_rate: 5.0e-3", "learning_rate: 4.0e-3")


@pytest.mark.parametrize("same_code", [True, False])
def test_a_build_is_believed_and_so_is_a_row_without_scores(row: Row, same_code: bool) -> None:
    assert doubt(row, same_code) is None
    assert doubt(replace(row, params=f"# a comment\n{row.params}"), same_code) is None
    assert doubt(replace(row, params=edited(row.params or ""), metrics=None), same_code) is None


@pytest.mark.parametrize("same_code", [True, False])
def test_edited_params_beside_old_scores(row: Row, same_code: bool) -> None:
    assert "params.yaml" in (doubt(replace(row, params=edited(row.params or "")), same_code) or "")


def test_a_default_that_is_written_out_changes_nothing(row: Row) -> None:
    assert row.params and "dropout" not in row.params
    written = row.params.replace("  steps: 4\n", "  steps: 4\n  dropout: 0.1\n")
    assert doubt(replace(row, params=written), True) is None


def test_dvc_was_made_to_vouch_for_old_recipes(row: Row) -> None:
    """`dvc commit --force` of every stage by its name: the lock holds the new params, and the hashes of old recipes."""
    other = built(edited(row.params or ""))
    assert f"{RECIPES}/train/" in (doubt(replace(other, recipes=row.recipes, lock=row.lock), True) or "")
    lock = json.loads(row.lock or "")
    lock["stages"]["report"]["params"] = json.loads(other.lock or "")["stages"]["report"]["params"]
    assert f"{RECIPES}/train/" in (doubt(replace(row, params=other.params, lock=json.dumps(lock)), True) or "")


def test_recipes_or_scores_that_the_lock_does_not_name(row: Row) -> None:
    assert "not the recipe" in (doubt(replace(built(edited(row.params or "")), lock=row.lock), True) or "")
    assert "not the one" in (doubt(replace(row, metrics='{"nano.seed": 99.0}\n'), True) or "")
    for lock in (None, "", "<<<<<<< ours\n", "stages: {}", "[1, 2"):
        assert "no dvc.lock" in (doubt(replace(row, lock=lock), True) or "")


def test_without_git_the_workspace_alone_is_looked_at(
    row: Row, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert doubts(tmp_path) == {}
    for name, text in {"params.yaml": row.params, "dvc.lock": row.lock, METRICS: '{"nano.seed": 2.0}\n'}.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text or "")
    assert doubts(tmp_path) == {"workspace": f"{METRICS} is not the one that dvc.lock names"}
