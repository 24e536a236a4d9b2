"""Greedy decoding in a fixed order and batch plan: what scoring knows of model families.

The batch that a prompt stands in can change a greedy decision (padding changes the last digit of a sum), so the plan is
part of the score: prompts by length, then by their index, `batch_size` at a time.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors import SafetensorError
from transformers import AutoModelForSeq2SeqLM, AutoTokenizer, PreTrainedModel, PreTrainedTokenizerBase
from transformers.utils import logging as transformers_logging

from specialize.core.errors import CheckpointError

ORDER = "source tokens descending, then place"


@dataclass(frozen=True)
class Checkpoint:
    """A model in evaluation mode and its tokenizer."""

    model: PreTrainedModel
    tokenizer: PreTrainedTokenizerBase

    def count(self, text: str) -> int:
        """Return the number of source tokens of a text."""
        return len(self.tokenizer(text)["input_ids"])


@dataclass(frozen=True)
class DecodingLimits:
    """Sizes that are part of the plan."""

    batch_size: int
    max_source_tokens: int
    max_new_tokens: int


def load_checkpoint(folder: Path, threads: int) -> Checkpoint:
    """Load a checkpoint, onto a GPU where there is one. Raises CheckpointError where it cannot be loaded."""
    torch.set_num_threads(threads)
    transformers_logging.set_verbosity_error()
    transformers_logging.disable_progress_bar()
    try:
        model = AutoModelForSeq2SeqLM.from_pretrained(folder, local_files_only=True)
        tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True, truncation_side="left")
    except (OSError, ValueError, SafetensorError) as error:
        raise CheckpointError(f"{folder}: cannot load this checkpoint: {str(error).splitlines()[0]}") from None
    return Checkpoint(model.eval().to("cuda" if torch.cuda.is_available() else "cpu"), tokenizer)


def generate(
    checkpoint: Checkpoint,
    texts: Sequence[str],
    limits: DecodingLimits,
    advance: Callable[[int], None] = lambda count: None,
) -> tuple[list[str], int]:
    """Return the greedy answer to every text, in the texts' order, and how many texts were truncated to fit.

    advance: called after each batch with its number of answers.
    """
    model, tokenizer = checkpoint.model, checkpoint.tokenizer
    lengths = [len(row) for row in tokenizer(list(texts))["input_ids"]] if texts else []
    truncated = sum(length > limits.max_source_tokens for length in lengths)
    order = sorted(range(len(texts)), key=lambda index: (-lengths[index], index))
    answers = [""] * len(texts)
    for begin in range(0, len(order), limits.batch_size):
        chosen = order[begin : begin + limits.batch_size]
        batch = tokenizer(
            [texts[index] for index in chosen],
            return_tensors="pt",
            padding=True,
            truncation=True,
            max_length=limits.max_source_tokens,
        ).to(model.device)
        with torch.inference_mode():
            written = model.generate(
                input_ids=batch["input_ids"],
                attention_mask=batch["attention_mask"],
                do_sample=False,
                num_beams=1,
                max_new_tokens=limits.max_new_tokens,
            )
        for index, text in zip(chosen, tokenizer.batch_decode(written, skip_special_tokens=True), strict=True):
            answers[index] = text.strip()
        advance(len(chosen))
    return answers, truncated
