"""Low-rank adapters by peft (LoRA, https://arxiv.org/abs/2106.09685): small factors are trained, all weights stay.

A checkpoint holds the merged weights, so that it is scored, asked and loaded like any other, and the adapter alone in
`adapter/`.
"""

import copy
from pathlib import Path

from peft import LoraConfig, PeftModel, get_peft_model
from transformers import PreTrainedModel

from specialize.core.errors import CheckpointError
from specialize.core.files import read_json, write_json
from specialize.core.params.train import StudentRun


def add_adapter(model: PreTrainedModel, run: StudentRun) -> PeftModel:
    """Return the model with an adapter that is drawn by torch's generator; all other weights are frozen.

    Raises CheckpointError where `targets` names no layer of the model.
    """
    params = run.lora
    assert params is not None  # the caller asks for an adapter
    config = LoraConfig(
        r=params.rank,
        lora_alpha=params.alpha,
        lora_dropout=params.dropout,
        # peft's word for every linear layer but the output layer: right for each family.
        target_modules=params.targets or "all-linear",
    )
    try:
        adapted = get_peft_model(model, config)
    except ValueError as error:
        raise CheckpointError(f"train.students.{run.student}.lora.targets: {str(error).splitlines()[0]}") from None
    config.base_model_name_or_path = None  # else peft looks it up on the hub whenever the Trainer saves its state
    return adapted


def merged(model: PeftModel) -> PreTrainedModel:
    """Return a copy with the adapter added to the weights. The model itself is left as it is: to merge and unmerge it
    in place would round its weights, and a resumed run would end in other bytes."""
    whole: PreTrainedModel = copy.deepcopy(model).merge_and_unload()
    return whole


def save_adapter(model: PeftModel, folder: Path, start: str, revision: str | None) -> None:
    """Write adapter_model.safetensors and adapter_config.json; the same adapter makes the same bytes.

    start, revision: what it belongs to, as params name it: a path of this machine has no place in an artifact.
    """
    for config in model.peft_config.values():
        if isinstance(config.target_modules, set):
            config.target_modules = sorted(config.target_modules)
    model.save_pretrained(folder, save_embedding_layers=False)
    config_file = folder / "adapter_config.json"
    write_json(config_file, read_json(config_file) | {"base_model_name_or_path": start, "revision": revision})
    (folder / "README.md").unlink(missing_ok=True)  # peft's card; ours stands above
