"""Names that become paths are validated before any path is made of them."""

import pytest
from pydantic import TypeAdapter, ValidationError

from specialize.records.checkpoints import FileName
from specialize.records.record import Name


@pytest.mark.parametrize("name", ["xs", "raw-s", "world_2", "7b"])
def test_names_of_params(name: str) -> None:
    assert TypeAdapter(Name).validate_python(name) == name


@pytest.mark.parametrize("name", ["", "../victim", "a/b", "a\n", ".hidden", "/abs", "A", "a;b", "a b"])
def test_other_names_are_refused(name: str) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(Name).validate_python(name)


@pytest.mark.parametrize(
    "name", ["model.safetensors", "model-00001-of-00002.safetensors", "adapter/a.json", "README.md"]
)
def test_files_of_a_folder(name: str) -> None:
    assert TypeAdapter(FileName).validate_python(name) == name


@pytest.mark.parametrize("name", ["../x", "a/../../x", "/etc/passwd", "a//b", ".", "a/", "a\n"])
def test_files_elsewhere_are_refused(name: str) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(FileName).validate_python(name)
