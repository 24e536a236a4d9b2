"""Causal (decoder-only) students: Llama, SmolLM, Qwen, Gemma and their like. See `families.family` for each function.

A row is source and target in one sequence, padded on the right. The model is asked for logits only where the next
token is one of the target (`logits_to_keep`, [B, T] positions): so the prompt has no loss, and no memory is spent on
its logits over a vocabulary of 150,000. Labels are the target alone, position by position beside these logits.
"""

from collections.abc import Sequence
from typing import Any

import torch
from transformers import (
    AutoConfig,
    AutoModelForCausalLM,
    DataCollatorForSeq2Seq,
    PreTrainedConfig,
    PreTrainedModel,
    PreTrainedTokenizerBase,
)

from specialize.core.params.training.starts import Architecture
from specialize.train.length_buckets import PAD_TO
from specialize.train.losses.token_losses import IGNORED

LONGEST = 8192
"""Positions of a model drawn at random. Rotary embeddings have no weights, so this costs nothing."""
DROPOUTS = ("attention_dropout", "attn_pdrop", "embd_pdrop", "resid_pdrop")
"""Names that configs have for dropout rates: GPT-2 and Phi-3 have several, the others attention dropout alone."""


def set_dropout(config: PreTrainedConfig, dropout: float) -> None:
    """Set every dropout that the architecture has. The newer ones were all trained without."""
    for name in DROPOUTS:
        if hasattr(config, name):
            setattr(config, name, dropout)


def draw(
    architecture: Architecture, tokenizer: PreTrainedTokenizerBase, dropout: float, embeddings: int
) -> PreTrainedModel:
    """Return a model with random weights; embedding and output layer share theirs."""
    config = AutoConfig.for_model(
        architecture.family,
        hidden_size=architecture.d_model,
        head_dim=architecture.d_kv,
        intermediate_size=architecture.d_ff,
        num_hidden_layers=architecture.num_layers,
        num_attention_heads=architecture.num_heads,
        num_key_value_heads=architecture.num_heads,
        vocab_size=embeddings,
        max_position_embeddings=LONGEST,
        tie_word_embeddings=True,
        pad_token_id=tokenizer.pad_token_id,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
    )
    set_dropout(config, dropout)
    return AutoModelForCausalLM.from_config(config, dtype=torch.float32)


class Collator:
    """Rows → input_ids, attention_mask, logits_to_keep, labels, and shift_labels for the Trainer's count of targets."""

    def __init__(self, tokenizer: PreTrainedTokenizerBase, model: PreTrainedModel) -> None:
        self.pad = DataCollatorForSeq2Seq(tokenizer, label_pad_token_id=IGNORED, pad_to_multiple_of=PAD_TO)

    def __call__(self, rows: Sequence[dict[str, Any]]) -> dict[str, torch.Tensor]:
        texts = [{"input_ids": [*row["input_ids"], *row["labels"]], "labels": row["labels"]} for row in rows]
        batch: dict[str, torch.Tensor] = self.pad(texts)
        before_first_B1 = torch.tensor([[len(row["input_ids"]) - 1] for row in rows])
        positions_BT = before_first_B1 + torch.arange(batch["labels"].shape[1])
        # Positions beyond the batch stand beside padding, whose label is IGNORED: any logits will do.
        batch["logits_to_keep"] = positions_BT.clamp(max=batch["input_ids"].shape[1] - 1)
        # The Trainer would not count the first label, since transformers' own causal loss shifts labels by one.
        batch["shift_labels"] = batch["labels"]
        return batch


def is_lookup(name: str) -> bool:
    """The embedding (GPT-2: of tokens and positions)."""
    return "embed_tokens" in name or ".wte." in name or ".wpe." in name
