"""The reference page and the schema say what the models say, and the tracked copies are up to date."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import pytest
from pydantic import BaseModel

from specialize.core.params.load import Params
from specialize.core.params.reference import reference_text, schema_text

REFERENCE = Path(__file__).resolve().parents[4] / "docs" / "reference"


def models_below(model: type[BaseModel]) -> Iterator[type[BaseModel]]:
    yield model
    for field in model.model_fields.values():
        for part in (field.annotation, *get_args(field.annotation)):
            if isinstance(part, type) and issubclass(part, BaseModel):
                yield from models_below(part)


FIELDS = [(model, name) for model in dict.fromkeys(models_below(Params)) for name in model.model_fields]


@pytest.mark.parametrize(("model", "name"), FIELDS, ids=[f"{model.__name__}.{name}" for model, name in FIELDS])
def test_every_field_is_described(model: type[BaseModel], name: str) -> None:
    description = model.model_fields[name].description
    assert description and description.strip().endswith((".", ")"))


@pytest.mark.parametrize(("file", "made"), [("params.md", reference_text), ("params.schema.json", schema_text)])
def test_tracked_copies_are_up_to_date(file: str, made) -> None:  # type: ignore[no-untyped-def]
    tracked = (REFERENCE / file).read_text(encoding="utf-8")
    assert tracked == made(), f"docs/reference/{file} is not what core.params.reference makes: run `make docs`"


def test_the_page_has_a_row_for_every_key() -> None:
    page = reference_text()
    for name in Params.model_fields:
        assert f"\n## {name}\n" in page
    for key in (
        "data.datasets.<name>.hub.id",
        "train.starts.<name>.architecture.d_model",
        "train.starts.<name>.pretraining.objective",
        "train.formats.zero_shot_answer_only",
    ):
        assert f"\n| `{key}` | " in page
    assert '| `train.precision` | `fp32` / `bf16` | `"fp32"` | ' in page
    assert "| `train.learning_rate` | number, > 0, ≤ 1 | `0.0005` | " in page
    assert "| `train.steps` | whole number, ≥ 1, ≤ 1000000000 | required | " in page


def test_the_schema_refuses_unknown_keys() -> None:
    schema = json.loads(schema_text())
    assert schema["additionalProperties"] is False
    sections = {name: each for name, each in schema["$defs"].items() if each.get("type") == "object"}
    closed = {name: each.get("additionalProperties") for name, each in sections.items()}
    assert closed and set(closed.values()) == {False}
