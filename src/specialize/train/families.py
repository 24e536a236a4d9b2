"""Model families: everything that differs between them, behind one table of functions.

A family says how its models are loaded or drawn at random, what a source and a target are in tokens, how examples
become a batch, and which weights are lookup tables. Whatever the family, a batch holds `labels` [B, T], the target
tokens with IGNORED as padding, and the model returns logits [B, T, V] that predict them position by position: the
losses, the log and the teacher's distributions need to know no more. A new family is one more
`Family` here, and its half in `evaluate/generate.py`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from transformers import (
    AutoModelForSeq2SeqLM,
    DataCollatorForSeq2Seq,
    PreTrainedModel,
    PreTrainedTokenizerBase,
    T5Config,
    T5ForConditionalGeneration,
)

from specialize.core.params.starts import Architecture
from specialize.train.length_buckets import PAD_TO
from specialize.train.losses.token_losses import IGNORED

VOCABULARY_MULTIPLE = 128
"""A model drawn at random has a multiple of so many embeddings, as T5 has (32,100 tokens, 32,128 embeddings)."""

Collate = Callable[[Sequence[dict[str, Any]]], dict[str, torch.Tensor]]


@dataclass(frozen=True)
class Family:
    """What the train phase asks of a model family."""

    load: Callable[[str, str | None, float], PreTrainedModel]
    """(folder or id, revision, dropout) → the model in fp32."""
    draw: Callable[[Architecture, PreTrainedTokenizerBase, float, int], PreTrainedModel]
    """(architecture, tokenizer, dropout, embeddings) → a model with random weights from torch's generator."""
    source_ids: Callable[[PreTrainedTokenizerBase, Sequence[str]], list[list[int]]]
    """(tokenizer, texts) → tokens that the model reads."""
    target_ids: Callable[[PreTrainedTokenizerBase, Sequence[str]], list[list[int]]]
    """(tokenizer, texts) → tokens that the model learns to write, its end token last."""
    collator: Callable[[PreTrainedTokenizerBase, PreTrainedModel], Collate]
    """(tokenizer, model) → function from rows with `input_ids` and `labels` to the model's inputs and `labels`."""
    is_lookup: Callable[[str], bool]
    """Whether the parameter of this name is an embedding or a position bias, which has a learning rate of its own."""


@dataclass(frozen=True)
class Student:
    """A model with what is needed to train it."""

    model: PreTrainedModel
    tokenizer: PreTrainedTokenizerBase
    family: Family

    def source_ids(self, texts: Sequence[str]) -> list[list[int]]:
        """Return the tokens of each source."""
        return self.family.source_ids(self.tokenizer, texts)

    def target_ids(self, texts: Sequence[str]) -> list[list[int]]:
        """Return the tokens of each target, the end token last."""
        return self.family.target_ids(self.tokenizer, texts)

    @property
    def embeddings(self) -> int:
        """Rows of the embedding; not fewer than the tokenizer has tokens."""
        rows: int = self.model.get_input_embeddings().weight.shape[0]
        return rows


def _load_encoder_decoder(name: str, revision: str | None, dropout: float) -> PreTrainedModel:
    # dropout_rate: the released code of the paper never calls train(), so its students learn without dropout.
    return AutoModelForSeq2SeqLM.from_pretrained(name, revision=revision, dtype=torch.float32, dropout_rate=dropout)


def _draw_t5(
    architecture: Architecture, tokenizer: PreTrainedTokenizerBase, dropout: float, embeddings: int
) -> PreTrainedModel:
    config = T5Config(
        **architecture.model_dump(),
        vocab_size=embeddings,
        feed_forward_proj="gated-gelu",
        dropout_rate=dropout,
        pad_token_id=tokenizer.pad_token_id,
        eos_token_id=tokenizer.eos_token_id,
        decoder_start_token_id=tokenizer.pad_token_id,
    )
    return T5ForConditionalGeneration(config)


def _encoder_ids(tokenizer: PreTrainedTokenizerBase, texts: Sequence[str]) -> list[list[int]]:
    ids: list[list[int]] = tokenizer(list(texts))["input_ids"] if texts else []
    return ids


def _decoder_ids(tokenizer: PreTrainedTokenizerBase, texts: Sequence[str]) -> list[list[int]]:
    ids: list[list[int]] = tokenizer(text_target=list(texts))["input_ids"] if texts else []
    return ids


def _encoder_decoder_collator(tokenizer: PreTrainedTokenizerBase, model: PreTrainedModel) -> Collate:
    collate: Collate = DataCollatorForSeq2Seq(
        tokenizer, model=model, label_pad_token_id=IGNORED, pad_to_multiple_of=PAD_TO
    )
    return collate


def _is_t5_lookup(name: str) -> bool:
    return "shared" in name or "embed_tokens" in name or "relative_attention_bias" in name


ENCODER_DECODER = Family(
    load=_load_encoder_decoder,
    draw=_draw_t5,
    source_ids=_encoder_ids,
    target_ids=_decoder_ids,
    collator=_encoder_decoder_collator,
    is_lookup=_is_t5_lookup,
)
