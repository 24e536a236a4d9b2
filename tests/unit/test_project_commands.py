"""`python -m specialize`: recipes, check, docs, and the list of every command; the help of every phase."""

import argparse
import shlex
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

import specialize.__main__ as project_module
import specialize.data.__main__ as data
import specialize.evaluate.__main__ as evaluate
import specialize.report.__main__ as report
import specialize.teacher.__main__ as teacher
import specialize.traces.__main__ as traces
import specialize.train.__main__ as train
from specialize.__main__ import main
from specialize.core import cli
from specialize.core.params.reference import reference_text, schema_text
from specialize.lineage.write_recipes import PHASES

MODULES = {"": project_module, "data": data, "teacher": teacher, "traces": traces, "train": train,
           "evaluate": evaluate, "report": report}  # fmt: skip


@pytest.fixture
def params_file(project: Path, tree: dict[str, Any]) -> Path:
    YAML(typ="safe", pure=True).dump(tree, project / "params.yaml")
    return project / "params.yaml"


def test_recipes_are_written_once(project: Path, params_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["recipes", "--project", str(project)]) == 0
    assert capsys.readouterr().out.startswith("recipes: 10, changed: data.json, evaluate.json, ")
    assert len(list((project / "results" / "recipes").rglob("*.json"))) == 10


def test_check_names_every_file_that_is_valid(params_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", str(params_file), str(params_file)]) == 0
    assert capsys.readouterr().out == f"{params_file}: valid\n" * 2


def test_check_tells_what_is_wrong(params_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    params_file.write_text(params_file.read_text().replace("steps: 20", "steps: some"))
    assert main(["check", str(params_file)]) == 2
    assert f"error: {params_file}: 1 mistake\n  train.steps: " in capsys.readouterr().err


def test_check_refuses_datasets_that_cannot_be_read(
    params_file: Path, tree: dict[str, Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    mine = {"role": "probe", "files": "mine.csv", "question": "q", "answer": "a"}
    tree["data"] |= {"root": str(tmp_path), "datasets": {"gsm8k": {"role": "seed"}, "mine": mine}}
    YAML(typ="safe", pure=True).dump(tree, params_file)
    assert main(["check", str(params_file)]) == 2
    assert f"error: data.datasets.mine.files: no file {tmp_path / 'mine.csv'}" in capsys.readouterr().err
    (tmp_path / "mine.csv").touch()
    assert main(["check", str(params_file)]) == 0
    tree["data"]["datasets"]["svmp"] = {"role": "probe"}
    YAML(typ="safe", pure=True).dump(tree, params_file)
    assert main(["check", str(params_file)]) == 2
    assert "data.datasets.svmp: source 'files' has no such dataset" in capsys.readouterr().err


def test_docs_are_what_the_models_say(tmp_path: Path) -> None:
    assert main(["docs", str(tmp_path / "reference")]) == 0
    assert (tmp_path / "reference" / "params.md").read_text(encoding="utf-8") == reference_text()
    assert (tmp_path / "reference" / "params.schema.json").read_text(encoding="utf-8") == schema_text()


def test_without_a_command_every_command_is_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 0
    listed = capsys.readouterr().out
    for phase in PHASES:
        assert f"\npython -m specialize.{phase}\n" in listed
    for module in MODULES.values():
        lines = cli.command_lines(module.build_parser())
        assert lines and all(f"\n{line}" in listed for line in lines)
    for command in ("recipes", "check", "preset", "explain", "sample", "build", "judge"):
        assert f"\n  {command} " in listed


@pytest.mark.parametrize("phase", MODULES)
def test_help_has_an_example_that_is_valid_and_a_tree_of_files(phase: str) -> None:
    parser: argparse.ArgumentParser = MODULES[phase].build_parser()
    assert parser.prog == ".".join(filter(None, ["python -m specialize", phase]))
    shown = parser.format_help()
    assert "\nin:\n" in shown and "\nout:\n" in shown and "├── " in shown
    example = shown.partition("\nexample:\n")[2].partition("\n\n")[0]
    words = shlex.split(example.partition(parser.prog)[2].replace("\\\n", " "))
    assert parser.parse_args(words).command
