"""Encoder-decoder students: T5, FlanT5, mT5, UMT5, T5Gemma. See `families.family` for what each function is."""

from collections.abc import Sequence
from typing import Any

import torch
from transformers import (
    DataCollatorForSeq2Seq,
    PreTrainedConfig,
    PreTrainedModel,
    PreTrainedTokenizerBase,
    T5Config,
    T5ForConditionalGeneration,
    T5GemmaConfig,
    T5GemmaForConditionalGeneration,
)

from specialize.core.params.training.starts import Architecture
from specialize.train.length_buckets import PAD_TO
from specialize.train.losses.token_losses import IGNORED


def set_dropout(config: PreTrainedConfig, dropout: float) -> None:
    """Set every dropout of the model: T5 has one rate; T5Gemma has two, in each of its parts."""
    parts = [config, getattr(config, "encoder", None), getattr(config, "decoder", None)]
    parts += [getattr(part, "text_config", None) for part in parts[1:]]
    for part in parts:
        for name in ("dropout_rate", "attention_dropout"):
            if hasattr(part, name):
                setattr(part, name, dropout)


def draw(
    architecture: Architecture, tokenizer: PreTrainedTokenizerBase, dropout: float, embeddings: int
) -> PreTrainedModel:
    """Return a T5 or a T5Gemma with random weights."""
    if architecture.family == "t5gemma":
        return _draw_t5gemma(architecture, tokenizer, dropout, embeddings)
    config = T5Config(
        **architecture.model_dump(exclude={"family"}),
        vocab_size=embeddings,
        feed_forward_proj="gated-gelu",
        dropout_rate=dropout,
        pad_token_id=tokenizer.pad_token_id,
        eos_token_id=tokenizer.eos_token_id,
        decoder_start_token_id=tokenizer.pad_token_id,
    )
    return T5ForConditionalGeneration(config)


def _draw_t5gemma(
    architecture: Architecture, tokenizer: PreTrainedTokenizerBase, dropout: float, embeddings: int
) -> PreTrainedModel:
    """The first T5Gemma: that of T5Gemma 2 always has a vision tower. Encoder and decoder each have an embedding."""
    tokens = {
        "pad_token_id": tokenizer.pad_token_id,
        "eos_token_id": tokenizer.eos_token_id,
        # Its decoder starts with the token that begins a text; where the tokenizer has none, with T5's.
        "bos_token_id": tokenizer.pad_token_id if tokenizer.bos_token_id is None else tokenizer.bos_token_id,
    }
    part = {
        "vocab_size": embeddings,
        "hidden_size": architecture.d_model,
        "head_dim": architecture.d_kv,
        "query_pre_attn_scalar": architecture.d_kv,
        "intermediate_size": architecture.d_ff,
        "num_hidden_layers": architecture.num_layers,
        "num_attention_heads": architecture.num_heads,
        "num_key_value_heads": architecture.num_heads,
        **tokens,
    }
    config = T5GemmaConfig(encoder=dict(part), decoder=dict(part), vocab_size=embeddings, **tokens)
    set_dropout(config, dropout)
    return T5GemmaForConditionalGeneration(config)


class Collator:
    """Rows → input_ids, attention_mask, decoder_input_ids, labels."""

    def __init__(self, tokenizer: PreTrainedTokenizerBase, model: PreTrainedModel) -> None:
        self.pad = DataCollatorForSeq2Seq(tokenizer, model=model, label_pad_token_id=IGNORED, pad_to_multiple_of=PAD_TO)

    def __call__(self, rows: Sequence[dict[str, Any]]) -> dict[str, torch.Tensor]:
        batch: dict[str, torch.Tensor] = self.pad(rows)
        return batch


def is_lookup(name: str) -> bool:
    """The shared embedding and T5's relative position bias."""
    return "shared" in name or "embed_tokens" in name or "relative_attention_bias" in name
