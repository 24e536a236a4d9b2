"""Each section of params.yaml states its own recipes."""

from typing import Any

import pytest

from specialize.core.errors import ParamsError
from specialize.core.params.load import Params, parse_params
from specialize.core.params.recipe_spec import RecipeSpec

Tree = dict[str, Any]


def specs_of(tree: Tree) -> dict[str, RecipeSpec]:
    return {spec.file: spec for specs in parse_params(tree, "here").recipe_specs().values() for spec in specs}


def test_every_section_has_recipes_in_the_order_of_the_phases(tree: Tree) -> None:
    specs = parse_params(tree, "here").recipe_specs()
    assert list(specs) == list(Params.model_fields)
    assert all(found for found in specs.values())
    assert len({spec.file for found in specs.values() for spec in found}) == sum(map(len, specs.values()))


def test_what_decides_no_output_is_left_out(tree: Tree) -> None:
    specs = specs_of(tree)
    assert set(tree["data"]) - set(specs["data.json"].params) == {"root"}
    assert "limits" not in specs["teacher.json"].params and "samples" in specs["teacher.json"].params
    assert not {"tokenizers", "alignment"} & set(specs["traces.json"].params)
    assert specs["report.json"].params["students"] == ["xs", "s"]


def test_files_count_where_they_are_read(tree: Tree) -> None:
    tree["traces"]["tokenizers"]["t5"] = {"source": "t5-small"}
    tree["train"]["starts"]["t5"] = {"source": "t5-small", "tokenizer": "t5"}
    tree["train"]["students"]["m"] = {"start": "t5", "tokenizer": "t5"}
    specs = specs_of(tree)
    assert specs["data.json"].project_files == ["prompts/maths.jsonl"]
    assert specs["teacher.json"].raw_files == ["teacher/recorded.json"]
    by_start = {file: list(spec.raw_folders) for file, spec in specs.items() if "t5-small" in spec.raw_folders}
    assert by_start == {"traces/t5.json": ["t5-small"], "train/m.json": ["t5-small"]}


def test_targets_have_the_temperature_of_the_texts_unless_another_is_named(tree: Tree) -> None:
    def told() -> object:
        specs = specs_of(tree)
        (name,) = [file for file in specs if file.startswith("traces/")]
        return specs[name].params["alignment"]["target_temperature"]

    assert told() is None, "recorded completions: not on record"
    tree["teacher"] = {"mode": "online", "base_url": "http://127.0.0.1/v1", "temperature": 0.7}
    assert told() == 0.7
    tree["traces"]["alignment"] = {"target_temperature": 1}
    assert told() == 1


def test_whoever_matches_recorded_distributions_names_their_temperature(tree: Tree) -> None:
    tree["train"]["loss"] = "distribution"
    with pytest.raises(ParamsError, match=r"traces\.alignment\.target_temperature.*specialize\.traces temperature"):
        specs_of(tree)
    tree["traces"]["alignment"] = {"target_temperature": 0.5}
    assert specs_of(tree)
