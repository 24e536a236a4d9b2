"""Several answers to one question, drawn at random.

The chance is tied to the question: sample `i` of a question takes its `t`-th token at the `t`-th of its own random
numbers, which follow from the seed and the question. So the first four of sixteen samples are the four that a run of
four draws, and no batch plan moves them (but for the last digit of a sum).

The encoder reads each question once. Samples that have begun alike share one row of the decoder until they part: a
student is sure of most of its tokens, so sixteen samples are far from sixteen times the work.
"""

import hashlib
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from transformers.modeling_outputs import BaseModelOutput

from specialize.core.encoding import Ids
from specialize.evaluate.generate import (
    Advance,
    Checkpoint,
    DecodingLimits,
    Generated,
    batches,
    end_tokens,
    source_rows,
)
from specialize.evaluate.stopping import asks_for_the_answer_alone

AT_ONCE = 2**22
"""Probabilities that are sorted at once."""


class SamplingParams(Protocol):
    """How answers are drawn: GenerationParams, RolloutRun."""

    @property
    def seed(self) -> int: ...
    @property
    def samples(self) -> int: ...
    @property
    def temperature(self) -> float: ...
    @property
    def top_p(self) -> float: ...


@dataclass
class _Row:
    """One row of the decoder: a beginning that some samples of a question share."""

    question: int
    samples: list[int]
    ids: Ids = field(default_factory=list)


def sample(
    checkpoint: Checkpoint,
    texts: Sequence[str],
    keys: Sequence[str],
    limits: DecodingLimits,
    params: SamplingParams,
    advance: Advance = lambda count: None,
) -> tuple[list[list[Generated]], int]:
    """Return `params.samples` answers to every text, in the texts' order, and how many texts were truncated to fit.

    keys: what the random numbers of each text follow from, beside `params.seed`.
    """
    sources, truncated = source_rows(checkpoint.encoding, texts, limits)
    answers: dict[int, list[Generated]] = {}
    for places in batches([len(ids) for ids in sources], limits):
        alone = [asks_for_the_answer_alone(texts[place]) for place in places]
        draws = np.stack([random_numbers(keys[p], params, limits.max_new_tokens) for p in places])
        written = _draw(checkpoint, [sources[place] for place in places], alone, draws, params)
        for place, samples, is_answer_only in zip(places, written, alone, strict=True):
            answers[place] = [checkpoint.read(ids, is_answer_only) for ids in samples]
        advance(len(places))
    return [answers[place] for place in range(len(texts))], truncated


def random_numbers(key: str, params: SamplingParams, tokens: int) -> NDArray[np.float32]:
    """Return the random numbers of a question in [0, 1), shape (samples, tokens); more samples are further rows."""
    rows = []
    for number in range(params.samples):
        digest = hashlib.sha256(f"{params.seed}/{key}/{number}".encode()).digest()
        # Of 32 bits the upper 24 are what a float32 in [0, 1) can hold.
        bits = np.random.Generator(np.random.Philox(int.from_bytes(digest[:16], "big"))).integers(0, 2**24, tokens)
        rows.append((bits / 2**24).astype(np.float32))
    return np.stack(rows)


def choose(
    logits: torch.Tensor, draws: torch.Tensor, rows: torch.Tensor, temperature: float, top_p: float
) -> torch.Tensor:
    """Return the token of each sample: where its random number falls in the distribution of its row.

    logits: (rows, vocabulary); draws: (samples,) in [0, 1); rows: (samples,), the row that each sample continues.
    """
    chosen = torch.empty_like(rows)
    height = max(1, AT_ONCE // logits.shape[1])
    for begin in range(0, len(logits), height):
        here = ((rows >= begin) & (rows < begin + height)).nonzero().flatten()
        probabilities, tokens = torch.softmax(logits[begin : begin + height].float() / temperature, dim=-1).sort(
            dim=-1, descending=True, stable=True
        )
        sums = probabilities.double().cumsum(dim=-1)
        # A token counts while those before it have less than top_p; the first one always does.
        last = (sums - probabilities < top_p).sum(dim=-1) - 1
        local = rows[here] - begin
        reach = sums.gather(1, last[:, None]).squeeze(1)[local]
        place = torch.searchsorted(sums[local], (draws[here].double() * reach)[:, None], right=True).squeeze(1)
        chosen[here] = tokens[local, torch.minimum(place, last[local])]
    return chosen


def _draw(
    checkpoint: Checkpoint,
    sources: list[Ids],
    alone: Sequence[bool],
    draws: NDArray[np.float32],
    params: SamplingParams,
) -> list[list[Ids]]:
    """Return the generated tokens of each sample of each source. draws: (sources, samples, most tokens)."""
    device, ends = checkpoint.model.device, frozenset(end_tokens(checkpoint))
    numbers = torch.from_numpy(draws).to(device)
    written: list[list[Ids]] = [[[] for _ in range(params.samples)] for _ in sources]
    rows = [_Row(question, list(range(params.samples))) for question in range(len(sources))]
    decoder = _Decoder(checkpoint, sources)
    for position in range(draws.shape[2]):
        pairs = [(place, row.question, number) for place, row in enumerate(rows) for number in row.samples]
        place, question, number = (torch.tensor(column, device=device) for column in zip(*pairs, strict=True))
        tokens = choose(
            decoder.logits, numbers[question, number, position], place, params.temperature, params.top_p
        ).tolist()
        branches: dict[tuple[int, int], list[int]] = defaultdict(list)
        for (parent, _, sample_number), token in zip(pairs, tokens, strict=True):
            branches[parent, token].append(sample_number)
        parents, going = [], []
        for (parent, token), members in branches.items():
            row = _Row(rows[parent].question, members, [*rows[parent].ids, token])
            if token in ends or position + 1 == draws.shape[2] or _has_ended(checkpoint, row, alone):
                for member in members:
                    written[row.question][member] = row.ids
            else:
                parents.append(parent)
                going.append(row)
        rows = going
        if not rows:
            break
        decoder.advance(parents, [row.ids[-1] for row in rows])
    return written


def _has_ended(checkpoint: Checkpoint, row: _Row, alone: Sequence[bool]) -> bool:
    if row.ids[-1] not in checkpoint.marks:
        return False
    return checkpoint.read(row.ids, alone[row.question]).finish_reason == "new_question"


class _Decoder:
    """The model behind a batch of sources, a token at a time; rows part and end on the way."""

    def __init__(self, checkpoint: Checkpoint, sources: list[Ids]) -> None:
        model, tokenizer = checkpoint.model, checkpoint.encoding.tokenizer
        batch = tokenizer.pad({"input_ids": sources}, return_tensors="pt").to(model.device)
        self._model = model
        self._mask = batch["attention_mask"]
        self._hidden: torch.Tensor | None = None
        if model.config.is_encoder_decoder:
            with torch.inference_mode():
                self._hidden = model.get_encoder()(input_ids=batch["input_ids"], attention_mask=self._mask)[0]
            own, general = model.generation_config, model.config
            starts = (own.decoder_start_token_id, getattr(general, "decoder_start_token_id", None), own.bos_token_id)
            start = next(token for token in starts if token is not None)
            first = torch.full((len(sources), 1), start, device=model.device)
            self._step({"decoder_input_ids": first, **self._read()})
        else:
            positions = (self._mask.cumsum(1) - 1).clamp(min=0)
            self._step({"input_ids": batch["input_ids"], "attention_mask": self._mask, "position_ids": positions})

    def advance(self, parents: list[int], tokens: Ids) -> None:
        """Continue with these rows: each is a row of before and the token behind it."""
        device = self._model.device
        chosen = torch.tensor(parents, device=device)
        last = torch.tensor(tokens, device=device)[:, None]
        if len(parents) != len(self._mask) or parents != list(range(len(parents))):
            self._cache.reorder_cache(chosen)
            self._mask = self._mask[chosen]
            if self._hidden is not None:
                self._hidden = self._hidden[chosen]
        if self._hidden is not None:
            given = {"decoder_input_ids": last, **self._read()}
        else:
            self._mask = torch.cat([self._mask, self._mask.new_ones(len(self._mask), 1)], dim=1)
            positions = self._mask.sum(1, keepdim=True) - 1
            given = {"input_ids": last, "attention_mask": self._mask, "position_ids": positions}
        self._step(given | {"past_key_values": self._cache})

    def _read(self) -> dict[str, Any]:
        return {"encoder_outputs": BaseModelOutput(last_hidden_state=self._hidden), "attention_mask": self._mask}

    def _step(self, given: dict[str, Any]) -> None:
        with torch.inference_mode():
            out = self._model(**given, use_cache=True)
        self._cache = out.past_key_values
        self.logits: torch.Tensor = out.logits[:, -1]
