"""The estimate against checkpoints that are there."""

from pathlib import Path

import pytest

from specialize.core.params.load import Params
from specialize.core.params.training.starts import Architecture
from specialize.lineage.preflight import disk_estimate
from specialize.train.model import random_start
from tiny_models import tiny_model, tiny_tokenizer

SHAPE = {"d_model": 64, "d_kv": 16, "d_ff": 128, "num_layers": 3, "num_heads": 4}
TOKENIZER = tiny_tokenizer(
    ["Tom has 3 apples and gives seven of them to his older sister, who sells every second one."] * 3
)


@pytest.fixture
def students(tree) -> dict:
    tree["train"]["students"].pop("s")
    tree["traces"]["tokenizers"]["words"]["vocabulary"] = len(TOKENIZER)
    return tree


@pytest.mark.parametrize("family", ["t5", "t5gemma", "llama", "qwen3"])
def test_a_drawn_model_is_as_large_as_it_was_said(students, tmp_path, family):
    shape = SHAPE | {"family": family}
    students["train"]["starts"]["random"]["architecture"] = shape
    found = disk_estimate(Params.model_validate(students), tmp_path)
    model = random_start(Architecture(**shape), TOKENIZER, 1, 0.0).model
    # 3 checkpoints; embeddings are padded to a multiple of 128
    assert found.checkpoints == pytest.approx(3 * 4 * model.num_parameters(), rel=0.06)
    assert found.working == pytest.approx(2 * 12 * model.num_parameters(), rel=0.06) and found.unknown == []


def test_a_folder_is_measured_without_reading_its_weights(students, tmp_path):
    model = tiny_model("llama", len(TOKENIZER))
    model.bfloat16().save_pretrained(tmp_path / "raw" / "given")
    students["train"]["starts"]["random"] = {"source": "given", "tokenizer": "words"}
    found = disk_estimate(Params.model_validate(students), tmp_path)
    assert found.checkpoints == 3 * 4 * model.num_parameters(), "checkpoints are fp32, whatever the start is"


def test_what_only_the_hub_knows_is_said(students, tmp_path):
    students["train"]["starts"]["random"] = {"source": "org/model", "tokenizer": "words"}
    params = Params.model_validate(students)
    found = disk_estimate(params, tmp_path)
    assert found.unknown == ["xs"] and "size unknown here: xs" in found.lines()[1]
    looked_up = disk_estimate(params, tmp_path, {"random": 600_000_000})
    assert looked_up.lines() == [
        "checkpoints: about 7.2 GB, and as much again for DVC's copy; up to 14.4 GB while one student trains"
    ]


def test_an_adapter_has_little_state(students, tmp_path):
    params = Params.model_validate(students)
    students["train"]["lora"] = {"rank": 2}
    assert disk_estimate(Params.model_validate(students), Path()).working < disk_estimate(params, Path()).working
