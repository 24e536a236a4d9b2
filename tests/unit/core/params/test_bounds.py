"""No number of the params can be so large that a later phase runs out of memory, or a library refuses it."""

from typing import Any

import pytest

from specialize.core.errors import ParamsError
from specialize.core.params.load import Params, parse_params
from specialize.core.params.section import LARGEST

ABSURD = [10**30, 10**400, -(10**30), 2**63, 1e300, float("nan"), float("inf")]


def numbers(tree: Any, schema: dict[str, Any], at: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    """The path of every number in a tree of params."""
    if isinstance(tree, dict):
        return [path for key, value in tree.items() for path in numbers(value, schema, (*at, key))]
    return [at] if isinstance(tree, int | float) and not isinstance(tree, bool) else []


def spoilt(tree: dict[str, Any], at: tuple[str, ...], value: object) -> dict[str, Any]:
    inner = tree
    for key in at[:-1]:
        inner = inner[key]
    inner[at[-1]] = value
    return tree


def test_every_number_has_bounds(tree: dict[str, Any]) -> None:
    whole = parse_params(tree, "here").model_dump()
    paths = numbers(whole, Params.model_json_schema())
    assert len(paths) > 60
    for at in paths:
        for value in ABSURD:
            with pytest.raises(ParamsError) as error:
                parse_params(spoilt(parse_params(tree, "here").model_dump(), at, value), "here")
            assert at[-1] in str(error.value) and len(str(error.value).splitlines()) <= 20


@pytest.mark.parametrize(
    ("at", "value", "words"),
    [
        ("train.starts.random.architecture.d_model", 10**6, "65536"),
        ("train.starts.random.architecture.num_layers", 10**6, "1024"),
        ("train.batch_tokens", 10**9, "16777216"),
        ("train.seed", LARGEST + 1, f"{LARGEST:,}"),
        ("train.checkpoints", [10**30], f"{LARGEST:,}"),
        ("data.procedural.train", 10**9, "1000000"),
        ("evaluate.batch_size", 10**7, "65536"),
        ("teacher.max_tokens", 10**9, "1048576"),
        ("data.root", "raw\0", "NUL"),
    ],
)
def test_absurd_sizes_are_refused(tree: dict[str, Any], at: str, value: object, words: str) -> None:
    whole = parse_params(tree, "here").model_dump()
    with pytest.raises(ParamsError, match=words) as error:
        parse_params(spoilt(whole, tuple(at.split(".")), value), "here")
    assert at in str(error.value)


def test_a_shape_of_more_weights_than_there_are_anywhere(tree: dict[str, Any]) -> None:
    shape = {"d_model": 65_536, "d_kv": 4096, "d_ff": 1 << 20, "num_layers": 1024, "num_heads": 64}
    tree["train"]["starts"]["random"]["architecture"] = shape
    with pytest.raises(ParamsError, match=r"at most 1,000,000,000,000 weights, got about \d{3},"):
        parse_params(tree, "here")


def test_names_longer_than_a_file_name(tree: dict[str, Any]) -> None:
    tree["train"]["students"]["x" * 65] = tree["train"]["students"]["xs"]
    with pytest.raises(ParamsError, match="1 to 64 lower-case letters"):
        parse_params(tree, "here")
