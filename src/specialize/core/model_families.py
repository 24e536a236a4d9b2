"""Which models can be students, decided from the `model_type` in a model's own config.json.

Two families. An encoder-decoder reads the source with its encoder and writes the target with its decoder. A causal
model reads source and target as one text, and learns to write the target alone.
"""

from pathlib import Path
from typing import Literal

from specialize.core.errors import CheckpointError
from specialize.core.files import read_json

Family = Literal["encoder_decoder", "causal"]
MODEL_TYPES: dict[Family, tuple[str, ...]] = {
    "encoder_decoder": ("mt5", "t5", "t5gemma", "t5gemma2", "umt5"),
    "causal": (
        "gemma",
        "gemma2",
        "gemma3_text",
        "gpt2",
        "granite",
        "llama",
        "mistral",
        "olmo2",
        "phi3",
        "qwen2",
        "qwen3",
        "smollm3",
    ),
}
"""Names as transformers has them. SmolLM and SmolLM2 are `llama`, FlanT5 is `t5`. Each causal one is tested: its loss
under our batches is that of transformers on the bare text."""


def family_of(model_type: str | None, where: str) -> Family:
    """Return the family of a model. Raises CheckpointError, with the list, for a type that is in none."""
    for family, types in MODEL_TYPES.items():
        if model_type in types:
            return family
    known = "; ".join(f"{family.replace('_', '-')}: {', '.join(types)}" for family, types in MODEL_TYPES.items())
    raise CheckpointError(f"{where}: model type {model_type!r} cannot be a student. Known are {known}")


def check_model_folder(folder: Path, where: str) -> Family:
    """Return the family of the model in a local folder. Reads config.json and file names, no weights.

    Raises CheckpointError where the model is of no known family, or its weights are no safetensors.
    """
    if not (folder / "config.json").is_file():
        raise CheckpointError(f"{where}: {folder} has no config.json; give a folder that transformers wrote")
    config = read_json(folder / "config.json")
    family = family_of(config.get("model_type") if isinstance(config, dict) else None, where)
    if not any(folder.glob("*.safetensors")):
        raise CheckpointError(f"{where}: {folder} has no *.safetensors. {PICKLE_ADVICE}")
    return family


PICKLE_ADVICE = (
    "Pickled weights (*.bin, *.pt) are not loaded, since they can run code. Convert them where you trust them: load "
    "with transformers and call save_pretrained, which writes safetensors"
)
