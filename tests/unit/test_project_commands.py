"""`python -m specialize`: recipes, check, docs."""

from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from specialize.__main__ import main
from specialize.core.params.reference import reference_text, schema_text


@pytest.fixture
def params_file(project: Path, tree: dict[str, Any]) -> Path:
    YAML(typ="safe", pure=True).dump(tree, project / "params.yaml")
    return project / "params.yaml"


def test_recipes_are_written_once(project: Path, params_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["recipes", "--project", str(project)]) == 0
    assert capsys.readouterr().out.startswith("recipes: 9, changed: data.json, evaluate.json, ")
    assert len(list((project / "results" / "recipes").rglob("*.json"))) == 9


def test_check_names_every_file_that_is_valid(params_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", str(params_file), str(params_file)]) == 0
    assert capsys.readouterr().out == f"{params_file}: valid\n" * 2


def test_check_tells_what_is_wrong(params_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    params_file.write_text(params_file.read_text().replace("steps: 20", "steps: some"))
    assert main(["check", str(params_file)]) == 2
    assert f"error: {params_file}: 1 mistake\n  train.steps: " in capsys.readouterr().err


def test_docs_are_what_the_models_say(tmp_path: Path) -> None:
    assert main(["docs", str(tmp_path / "reference")]) == 0
    assert (tmp_path / "reference" / "params.md").read_text(encoding="utf-8") == reference_text()
    assert (tmp_path / "reference" / "params.schema.json").read_text(encoding="utf-8") == schema_text()
