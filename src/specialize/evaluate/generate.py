"""Greedy decoding in a fixed order and batch plan.

The batch that a prompt stands in can change a greedy decision (padding changes the last digit of a sum), so the plan is
part of the score: prompts by length, then by their index, `batch_size` at a time.

Of a model's architecture only `config.is_encoder_decoder` of transformers matters here: any other model generates on
behind its prompt.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from transformers import AutoConfig, AutoModelForCausalLM, AutoModelForSeq2SeqLM, AutoTokenizer, PreTrainedModel
from transformers.utils import logging as transformers_logging

from specialize.core.encoding import Encoding
from specialize.core.library_errors import loading
from specialize.core.model_families import family_of
from specialize.records.prompt_style import PromptStyle

ORDER = "source tokens descending, then place"


@dataclass(frozen=True)
class Checkpoint:
    """A model in evaluation mode, and how it is prompted."""

    model: PreTrainedModel
    encoding: Encoding

    def count(self, text: str) -> int:
        """Return the number of source tokens of a text."""
        return len(self.encoding.source_ids([text])[0])


@dataclass(frozen=True)
class DecodingLimits:
    """Sizes that are part of the plan."""

    batch_size: int
    max_source_tokens: int
    max_new_tokens: int


def load_checkpoint(folder: Path, style: PromptStyle, threads: int) -> Checkpoint:
    """Load a checkpoint, onto a GPU where there is one. Raises CheckpointError where it cannot be loaded."""
    torch.set_num_threads(threads)
    transformers_logging.set_verbosity_error()
    transformers_logging.disable_progress_bar()
    with loading(f"{folder}: cannot load this checkpoint"):
        config = AutoConfig.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
        family = family_of(config.model_type, str(folder))
        auto_class = AutoModelForSeq2SeqLM if config.is_encoder_decoder else AutoModelForCausalLM
        model = auto_class.from_pretrained(folder, local_files_only=True, trust_remote_code=False, use_safetensors=True)
        tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
    # A model without an encoder continues the prompt, so padding goes before it.
    tokenizer.padding_side = "right" if config.is_encoder_decoder else "left"
    return Checkpoint(
        model.eval().to("cuda" if torch.cuda.is_available() else "cpu"), Encoding(tokenizer, family, style)
    )


def generate(
    checkpoint: Checkpoint,
    texts: Sequence[str],
    limits: DecodingLimits,
    advance: Callable[[int], None] = lambda count: None,
) -> tuple[list[str], int]:
    """Return the greedy answer to every text, in the texts' order, and how many texts were truncated to fit.

    A text is truncated at its beginning. advance: called after each batch with its number of answers.
    """
    model, tokenizer = checkpoint.model, checkpoint.encoding.tokenizer
    sources = checkpoint.encoding.source_ids(texts)
    truncated = sum(len(ids) > limits.max_source_tokens for ids in sources)
    order = sorted(range(len(texts)), key=lambda index: (-len(sources[index]), index))
    answers = [""] * len(texts)
    for begin in range(0, len(order), limits.batch_size):
        chosen = order[begin : begin + limits.batch_size]
        rows = [sources[index][-limits.max_source_tokens :] for index in chosen]
        batch = tokenizer.pad({"input_ids": rows}, return_tensors="pt").to(model.device)
        with torch.inference_mode():
            written = model.generate(
                input_ids=batch["input_ids"],
                attention_mask=batch["attention_mask"],
                do_sample=False,
                num_beams=1,
                max_new_tokens=limits.max_new_tokens,
                eos_token_id=end_tokens(checkpoint),
                pad_token_id=tokenizer.pad_token_id,
            )
        if not model.config.is_encoder_decoder:
            written = written[:, batch["input_ids"].shape[1] :]
        for index, text in zip(chosen, tokenizer.batch_decode(written, skip_special_tokens=True), strict=True):
            answers[index] = text.strip()
        advance(len(chosen))
    return answers, truncated


def end_tokens(checkpoint: Checkpoint) -> list[int]:
    """Return the tokens that end an answer: the tokenizer's, which students learn, and the model's own."""
    own = checkpoint.model.generation_config.eos_token_id
    return sorted({checkpoint.encoding.tokenizer.eos_token_id, *(own if isinstance(own, list) else [own])} - {None})
