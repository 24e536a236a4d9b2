"""Model families: everything that differs between them, behind one table of functions.

A family says with which class its models are loaded, how one is drawn at random, how rows become a batch, and which
weights are lookup tables. Whatever the family, a batch holds `labels` [B, T], the target tokens with IGNORED as
padding, and the model returns logits [B, T, V] that predict them position by position: the losses, the log and the
teacher's distributions need to know no more. `core.encoding` says what a source and a target are in tokens, since
scoring needs that too.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import torch
from transformers import (
    AutoModelForCausalLM,
    AutoModelForSeq2SeqLM,
    PreTrainedConfig,
    PreTrainedModel,
    PreTrainedTokenizerBase,
)

from specialize.core import model_families
from specialize.core.encoding import Encoding
from specialize.core.params.training.starts import Architecture
from specialize.train.families import causal, encoder_decoder

Collate = Callable[[Sequence[dict[str, Any]]], dict[str, torch.Tensor]]


@dataclass(frozen=True)
class ModelFamily:
    """What the train phase asks of a model family."""

    auto_class: Any
    """The class of transformers that loads its models."""
    set_dropout: Callable[[PreTrainedConfig, float], None]
    """Sets every dropout of a model's config."""
    draw: Callable[[Architecture, PreTrainedTokenizerBase, float, int], PreTrainedModel]
    """(architecture, tokenizer, dropout, embeddings) → a model with random weights from torch's generator."""
    collator: Callable[[PreTrainedTokenizerBase, PreTrainedModel], Collate]
    """(tokenizer, model) → function from rows with `input_ids` and `labels` to the model's inputs and `labels`."""
    is_lookup: Callable[[str], bool]
    """Whether the parameter of this name is an embedding or a position bias, which has a learning rate of its own."""


FAMILIES: Mapping[model_families.Family, ModelFamily] = MappingProxyType(
    {
        "encoder_decoder": ModelFamily(
            auto_class=AutoModelForSeq2SeqLM,
            set_dropout=encoder_decoder.set_dropout,
            draw=encoder_decoder.draw,
            collator=encoder_decoder.Collator,
            is_lookup=encoder_decoder.is_lookup,
        ),
        "causal": ModelFamily(
            auto_class=AutoModelForCausalLM,
            set_dropout=causal.set_dropout,
            draw=causal.draw,
            collator=causal.Collator,
            is_lookup=causal.is_lookup,
        ),
    }
)


@dataclass(frozen=True)
class Student:
    """A model with what is needed to train it."""

    model: PreTrainedModel
    encoding: Encoding

    @property
    def family(self) -> ModelFamily:
        """The functions of its family."""
        return FAMILIES[self.encoding.family]

    @property
    def tokenizer(self) -> PreTrainedTokenizerBase:
        """The tokenizer of its encoding."""
        return self.encoding.tokenizer

    @property
    def bare_model(self) -> PreTrainedModel:
        """The model without the wrapper that an adapter puts around it."""
        return self.model.get_base_model() if hasattr(self.model, "get_base_model") else self.model

    @property
    def parameters(self) -> int:
        """Weights of the model, without those of an adapter, which are merged into them."""
        return sum(weight.numel() for name, weight in self.bare_model.named_parameters() if ".lora_" not in name)

    @property
    def embeddings(self) -> int:
        """Rows of the embedding; not fewer than the tokenizer has tokens."""
        rows: int = self.model.get_input_embeddings().weight.shape[0]
        return rows
