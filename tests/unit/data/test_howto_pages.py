"""The how-to pages on own tasks: their files and params, as they stand there, through check, preview and build."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from specialize.__main__ import main as project
from specialize.core.files import read_json, read_records, write_text
from specialize.data.__main__ import main
from specialize.lineage.recipe import recipe_text
from specialize.records.problems import Problem
from specialize.records.recipes import Recipe

HOWTO = Path(__file__).resolve().parents[3] / "docs" / "howto"
SIZES = {"train": 24, "evaluation": 12, "steps": 2, "largest_number": 20, "instructions": 4, "pretraining": 4}
PAGES = {
    "bring_your_own_task": ("warehouse", {"train": 3, "validation": 1, "test": 1, "exemplars": 1}),
    "own_multiple_choice": ("bays", {"test": 3, "exemplars": 1}),
    "own_free_text": ("letters", {"train": 5, "test": 3, "exemplars": 1}),
}


@pytest.fixture(params=PAGES)
def page(request: pytest.FixtureRequest, tmp_path: Path, tree: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> str:
    """Write the files of a page, and params.yaml with its params."""
    monkeypatch.chdir(tmp_path)
    text = (HOWTO / f"{request.param}.md").read_text(encoding="utf-8")
    shot = '{"question": "One and one?", "rationale": "1 + 1 = 2.", "answer": "2"}\n'
    files = {"prompts/maths.jsonl": shot, **dict(re.findall(r"^```\w+ (\S+)\n(.*?)^```$", text, re.M | re.S))}
    for name, content in files.items():
        path = tmp_path / name if name.startswith("prompts/") else tmp_path / "raw" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
    for block in re.findall(r"^```yaml\n(.*?)^```$", text, re.M | re.S):
        for section, given in YAML(typ="safe").load(block).items():
            tree[section] = {**tree[section], **given}
    tree["data"] |= {"root": "raw", "procedural": SIZES}
    YAML(typ="safe", pure=True).dump(tree, tmp_path / "params.yaml")
    return str(request.param)


def build(tree: dict[str, Any]) -> None:
    recipe = Recipe(phase="data", name="data", params=tree["data"], code="", rules="", files={})
    Path("data.json").write_text(recipe_text(recipe))
    assert main(["build", "--recipe", "data.json", "--output", "problems"]) == 0


def record(tree: dict[str, Any]) -> None:
    """Write what a teacher might have answered to the train problems of the seed dataset."""
    (seed,) = (name for name, dataset in tree["data"]["datasets"].items() if dataset["role"] == "seed")
    problems = read_records(Path("problems") / seed / "train.jsonl", Problem)
    for path in tree["teacher"]["recorded"]:
        rows = [{"question": each.question, "output": f"So.\nThe answer is {each.answer}"} for each in problems]
        write_text(Path("raw") / path, json.dumps(rows))


def test_a_page_does_what_it_says(page: str, tree: dict[str, Any], capsys: pytest.CaptureFixture[str]) -> None:
    name, splits = PAGES[page]
    assert project(["check", "--quick", "params.yaml"]) == 0
    build(tree)
    record(tree)
    assert project(["check", "params.yaml"]) == 0, capsys.readouterr().err
    assert "gold solutions that the filter would keep: " in capsys.readouterr().out
    assert project(["preview", "--number", "2", "--dataset", name]) == 0
    assert f"## {name}: " in capsys.readouterr().out
    assert read_json(Path("problems/index.json"))["datasets"][name]["splits"] == splits


def test_the_options_are_shown_as_the_page_shows_them() -> None:
    page = (HOWTO / "own_multiple_choice.md").read_text(encoding="utf-8")
    assert "Which bay suits paint?\nOptions:\n(A) dry\n(B) cold\n(C) wet\n" in page


@pytest.mark.parametrize("page", ["own_multiple_choice"], indirect=True)
def test_gold_by_text_place_and_label(page: str, tree: dict[str, Any]) -> None:
    build(tree)
    problems = read_records(Path("problems/bays/test.jsonl"), Problem)
    assert [problem.answer for problem in problems] == ["(A)", "(B)", "(C)"]
    assert problems[0].question == "Which bay suits paint?\nOptions:\n(A) dry\n(B) cold\n(C) wet"
