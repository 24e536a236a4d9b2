"""What can be a student is known from a folder's config.json alone."""

import json

import pytest

from specialize.core.errors import CheckpointError
from specialize.core.model_families import MODEL_TYPES, check_model_folder, family_of


def test_every_type_has_one_family():
    types = [(name, family) for family, names in MODEL_TYPES.items() for name in names]
    assert len(dict(types)) == len(types)
    for name, family in types:
        assert family_of(name, "here") == family


@pytest.mark.parametrize("model_type", ["bert", "mamba", None])
def test_others_are_refused_with_the_list(model_type):
    with pytest.raises(CheckpointError, match=r"here: model type .* cannot be a student\. Known are .*t5.*llama"):
        family_of(model_type, "here")


def test_a_folder_is_judged_without_reading_weights(tmp_path):
    with pytest.raises(CheckpointError, match=r"start: .* has no config\.json"):
        check_model_folder(tmp_path, "start")
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "qwen3"}))
    (tmp_path / "pytorch_model.bin").write_bytes(b"")
    with pytest.raises(CheckpointError, match=r"no \*\.safetensors\. Pickled weights"):
        check_model_folder(tmp_path, "start")
    (tmp_path / "model.safetensors").write_bytes(b"not read")
    assert check_model_folder(tmp_path, "start") == "causal"
