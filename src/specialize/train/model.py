"""The start checkpoint: a T5 with random weights, or any encoder-decoder that transformers loads."""

from pathlib import Path

import torch
from safetensors import SafetensorError
from transformers import (
    AutoModelForSeq2SeqLM,
    AutoTokenizer,
    PreTrainedModel,
    PreTrainedTokenizerBase,
    T5Config,
    T5ForConditionalGeneration,
    set_seed,
)

from specialize.core.errors import CheckpointError
from specialize.core.params.starts import Architecture
from specialize.core.params.train import StudentRun

ROWS_MULTIPLE = 128
"""The embedding has a multiple of so many rows, as T5's own (32,100 pieces in 32,128 rows)."""


def load_start(
    run: StudentRun, root: Path, folder: Path, pretrained: Path
) -> tuple[PreTrainedModel, PreTrainedTokenizerBase]:
    """Return the model (fp32, ready to train) and its tokenizer.

    folder: the tokenizer, as the traces phase left it; root: raw files; pretrained: folder of the start, where this run
    made it. Another `start` is a folder below `root` (or an absolute
    path) where there is one, else a Hugging Face id. Raises CheckpointError where either cannot be loaded.
    """
    tokenizer = load_tokenizer(folder)
    set_seed(run.seed)
    if not run.pretrained and run.start == "scratch":
        assert run.architecture is not None  # the params model asks for it with `scratch`
        return random_weights(run.architecture, tokenizer, run.seed, run.dropout), tokenizer
    start = str(pretrained) if run.pretrained else _located(run.start, root)
    try:
        # dropout_rate: the released code of the paper never calls train(), so its students learn without dropout.
        model = AutoModelForSeq2SeqLM.from_pretrained(
            start, revision=run.revision, dtype=torch.float32, dropout_rate=run.dropout
        )
    except (OSError, ValueError, SafetensorError) as error:
        raise CheckpointError(
            f"train.students.{run.student}.start: cannot load '{start}': {_first_line(error)}. "
            "Give a folder that transformers wrote, or the id of an encoder-decoder on the Hugging Face Hub"
        ) from None
    if len(tokenizer) > model.get_input_embeddings().weight.shape[0]:
        raise CheckpointError(
            f"train.students.{run.student}: the tokenizer has {len(tokenizer)} pieces, "
            f"the start checkpoint {model.get_input_embeddings().weight.shape[0]} embeddings; use its own tokenizer"
        )
    return model, tokenizer


def random_weights(
    architecture: Architecture, tokenizer: PreTrainedTokenizerBase, seed: int, dropout: float, spare_rows: int = 0
) -> PreTrainedModel:
    """Return a T5 with random weights; its embedding has at least `spare_rows` rows behind the tokenizer's pieces."""
    set_seed(seed)
    config = T5Config(
        **architecture.model_dump(),
        vocab_size=-(-(len(tokenizer) + spare_rows) // ROWS_MULTIPLE) * ROWS_MULTIPLE,
        feed_forward_proj="gated-gelu",
        dropout_rate=dropout,
        pad_token_id=tokenizer.pad_token_id,
        eos_token_id=tokenizer.eos_token_id,
        decoder_start_token_id=tokenizer.pad_token_id,
    )
    return T5ForConditionalGeneration(config)


def load_tokenizer(folder: Path) -> PreTrainedTokenizerBase:
    """Load a tokenizer that the traces phase left. Raises CheckpointError where it cannot be."""
    try:
        return AutoTokenizer.from_pretrained(str(folder))
    except (OSError, ValueError) as error:
        raise CheckpointError(f"cannot load the tokenizer '{folder}': {_first_line(error)}") from None


def _located(name: str, root: Path) -> str:
    folder = root / name
    if not folder.is_dir() and Path(name).is_dir():
        raise CheckpointError(
            f"'{name}': a folder of the project is no start checkpoint, since its contents are in no recipe; "
            "copy it below data.root, or give its absolute path"
        )
    return str(folder) if folder.is_dir() else name


def _first_line(error: Exception) -> str:
    return str(error).strip().split("\n", 1)[0]
