"""Decoding with transformers: greedily, in a fixed order and batch plan.

The batch that a prompt stands in can change a greedy decision (padding changes the last digit of a sum), so the plan is
part of the recipe: prompts by length, then by their index, `batch_size` at a time, or as few as `batch_tokens` says.

Of a model's architecture only `config.is_encoder_decoder` of transformers matters here: any other model generates on
behind its prompt.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import torch
from transformers import (
    AutoConfig,
    AutoModelForCausalLM,
    AutoModelForSeq2SeqLM,
    AutoTokenizer,
    PreTrainedModel,
    StoppingCriteria,
    StoppingCriteriaList,
)
from transformers.utils import logging as transformers_logging

from specialize.core.encoding import Encoding, Ids
from specialize.core.machine.library_errors import loading
from specialize.core.model_families import family_of
from specialize.evaluate.stopping import asks_for_the_answer_alone, end_of_answer, first_end, marking_tokens
from specialize.records.predictions import FinishReason
from specialize.records.prompt_style import PromptStyle

ORDER = "source tokens descending, then place"
Advance = Callable[[int], None]
"""Called after each batch with its number of prompts."""


@dataclass(frozen=True)
class Generated:
    """What a model wrote behind one prompt."""

    text: str
    tokens: int
    finish_reason: FinishReason


@dataclass(frozen=True)
class Checkpoint:
    """A model in evaluation mode, and how it is prompted."""

    model: PreTrainedModel
    encoding: Encoding

    def count(self, text: str) -> int:
        """Return the number of source tokens of a text."""
        return len(self.encoding.source_ids([text])[0])

    @cached_property
    def marks(self) -> frozenset[int]:
        """Tokens behind which a new question may have begun."""
        return marking_tokens(self.encoding.tokenizer.get_vocab())

    def read(self, ids: Sequence[int], is_answer_only: bool) -> Generated:
        """Return what generated tokens say, up to where the answer ends; what stands behind an end is not looked at."""
        tokenizer = self.encoding.tokenizer
        end = first_end(ids, frozenset(end_tokens(self)))
        ids = ids if end is None else ids[: end + 1]
        for place, token in enumerate(ids):
            if token in self.marks:
                text = tokenizer.decode(ids[: place + 1], skip_special_tokens=True)
                if (cut := end_of_answer(text, is_answer_only)) is not None:
                    return Generated(text[:cut].strip(), place + 1, "new_question")
        text = tokenizer.decode(ids, skip_special_tokens=True)
        return Generated(text.strip(), len(ids), "length" if end is None else "stop")


@dataclass(frozen=True)
class DecodingLimits:
    """Sizes that are part of the plan."""

    batch_size: int
    max_source_tokens: int
    max_new_tokens: int
    batch_tokens: int | None = None


def load_checkpoint(folder: Path, style: PromptStyle, threads: int) -> Checkpoint:
    """Load a checkpoint, onto a GPU where there is one. Raises CheckpointError where it cannot be loaded."""
    torch.set_num_threads(threads)
    encoding = load_encoding(folder, style)
    with loading(f"{folder}: cannot load this checkpoint"):
        config = AutoConfig.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
        auto_class = AutoModelForSeq2SeqLM if config.is_encoder_decoder else AutoModelForCausalLM
        model = auto_class.from_pretrained(folder, local_files_only=True, trust_remote_code=False, use_safetensors=True)
    return Checkpoint(model.eval().to("cuda" if torch.cuda.is_available() else "cpu"), encoding)


def load_encoding(folder: Path, style: PromptStyle) -> Encoding:
    """Load what makes tokens of a checkpoint's prompts. Raises CheckpointError where it cannot be loaded."""
    transformers_logging.set_verbosity_error()
    transformers_logging.disable_progress_bar()
    with loading(f"{folder}: cannot load this checkpoint"):
        config = AutoConfig.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
        family = family_of(config.model_type, str(folder))
        tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
    # A model without an encoder continues the prompt, so padding goes before it.
    tokenizer.padding_side = "right" if config.is_encoder_decoder else "left"
    return Encoding(tokenizer, family, style)


def generate(
    checkpoint: Checkpoint, texts: Sequence[str], limits: DecodingLimits, advance: Advance = lambda count: None
) -> tuple[list[Generated], int]:
    """Return the greedy answer to every text, in the texts' order, and how many texts were truncated to fit.

    A text is truncated at its beginning.
    """
    sources, truncated = source_rows(checkpoint.encoding, texts, limits)
    answers: dict[int, Generated] = {}
    for places in batches([len(ids) for ids in sources], limits):
        alone = [asks_for_the_answer_alone(texts[place]) for place in places]
        written = _decode(checkpoint, [sources[place] for place in places], alone, limits.max_new_tokens)
        for place, ids, is_answer_only in zip(places, written, alone, strict=True):
            answers[place] = checkpoint.read(ids, is_answer_only)
        advance(len(places))
    return [answers[place] for place in range(len(texts))], truncated


def source_rows(encoding: Encoding, texts: Sequence[str], limits: DecodingLimits) -> tuple[list[Ids], int]:
    """Return the tokens of every text, its last ones where it is too long, and how many were."""
    sources = encoding.source_ids(texts)
    longest = limits.max_source_tokens
    return [ids[-longest:] for ids in sources], sum(len(ids) > longest for ids in sources)


def batches(lengths: Sequence[int], limits: DecodingLimits) -> Iterator[list[int]]:
    """Yield the places of the prompts of each batch, longest prompts first. lengths: tokens of each prompt."""
    order = sorted(range(len(lengths)), key=lambda place: (-lengths[place], place))
    begin = 0
    while begin < len(order):
        size = limits.batch_size
        if limits.batch_tokens is not None:
            row = lengths[order[begin]] + limits.max_new_tokens
            size = max(1, min(size, limits.batch_tokens // row))
        yield order[begin : begin + size]
        begin += size


def end_tokens(checkpoint: Checkpoint) -> list[int]:
    """Return the tokens that end an answer: the tokenizer's, which students learn, and the model's own."""
    own = checkpoint.model.generation_config.eos_token_id
    return sorted({checkpoint.encoding.tokenizer.eos_token_id, *(own if isinstance(own, list) else [own])} - {None})


class _NewQuestion(StoppingCriteria):
    """Stops a row of a batch where its answer has ended."""

    def __init__(self, checkpoint: Checkpoint, alone: Sequence[bool], begin: int) -> None:
        self._checkpoint, self._alone, self._begin = checkpoint, alone, begin
        self._marks = torch.tensor(sorted(checkpoint.marks), device=checkpoint.model.device)

    def __call__(self, input_ids: torch.Tensor, scores: Any, **_: Any) -> torch.Tensor:
        done = torch.isin(input_ids[:, -1], self._marks)
        for row in done.nonzero().flatten().tolist():
            ids = input_ids[row, self._begin :].tolist()
            done[row] = self._checkpoint.read(ids, self._alone[row]).finish_reason == "new_question"
        return done


def _decode(checkpoint: Checkpoint, rows: list[Ids], alone: Sequence[bool], max_new_tokens: int) -> list[Ids]:
    model, tokenizer = checkpoint.model, checkpoint.encoding.tokenizer
    batch = tokenizer.pad({"input_ids": rows}, return_tensors="pt").to(model.device)
    begin = 1 if model.config.is_encoder_decoder else batch["input_ids"].shape[1]
    with torch.inference_mode():
        written = model.generate(
            input_ids=batch["input_ids"],
            attention_mask=batch["attention_mask"],
            do_sample=False,
            num_beams=1,
            max_new_tokens=max_new_tokens,
            eos_token_id=end_tokens(checkpoint),
            pad_token_id=tokenizer.pad_token_id,
            stopping_criteria=StoppingCriteriaList([_NewQuestion(checkpoint, alone, begin)]),
        )
    ids: list[Ids] = written[:, begin:].tolist()
    return ids
