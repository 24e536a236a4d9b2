"""A tiny model with random weights of every architecture that can be a student."""

from typing import Any

import torch
from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, processors, trainers
from transformers import (
    AutoConfig,
    AutoModelForCausalLM,
    AutoModelForSeq2SeqLM,
    PreTrainedModel,
    PreTrainedTokenizerFast,
    set_seed,
)

from specialize.core.model_families import MODEL_TYPES, family_of

torch.set_num_threads(1)  # models this small are no faster on more

TOKENS = {"pad_token_id": 0, "eos_token_id": 1, "bos_token_id": 2}
T5 = {"d_model": 16, "d_kv": 8, "d_ff": 32, "num_layers": 1, "num_heads": 2, "decoder_start_token_id": 0}
VISION = {"hidden_size": 8, "intermediate_size": 8, "num_hidden_layers": 1, "num_attention_heads": 1,
          "image_size": 4, "patch_size": 2}  # fmt: skip
ALL_TYPES = [name for names in MODEL_TYPES.values() for name in names]
CHAT_TEMPLATE = (
    "{% for m in messages %}<|{{ m.role }}|>{{ m.content }}<|end|>{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>{% if enable_thinking is defined and not enable_thinking %}"
    "<think></think>{% endif %}{% endif %}"
)


def config_of(model_type: str, vocabulary: int, tokens: dict[str, int] = TOKENS) -> Any:
    size = {"vocab_size": vocabulary, **tokens}
    if model_type in ("t5", "mt5", "umt5"):
        return AutoConfig.for_model(model_type, **size, **T5)
    if model_type == "gpt2":
        return AutoConfig.for_model(model_type, **size, n_embd=16, n_layer=2, n_head=2, n_positions=256)
    rotary = {
        **size, "hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2,
        "num_key_value_heads": 1, "head_dim": 8, "max_position_embeddings": 256,
    }  # fmt: skip
    if model_type == "t5gemma":
        return AutoConfig.for_model(model_type, **size, encoder=dict(rotary), decoder=dict(rotary))
    if model_type == "t5gemma2":
        encoder = {"text_config": dict(rotary), "vision_config": VISION}
        image = {"eoi_token_index": vocabulary - 1, "image_token_index": vocabulary - 2}
        return AutoConfig.for_model(model_type, **tokens, **image, encoder=encoder, decoder=dict(rotary))
    return AutoConfig.for_model(model_type, **rotary)


def tiny_model(model_type: str, vocabulary: int = 96, tokens: dict[str, int] = TOKENS) -> PreTrainedModel:
    """Return the model in evaluation mode; weights far enough from zero that its distributions are not flat."""
    set_seed(3)
    auto = AutoModelForCausalLM if family_of(model_type, "a test") == "causal" else AutoModelForSeq2SeqLM
    model = auto.from_config(config_of(model_type, vocabulary, tokens)).eval()
    for name, weight in model.named_parameters():
        if weight.ndim > 1 and "vision" not in name:
            weight.data.mul_(4)
    return model


def tiny_tokenizer(texts: list[str], digits: str = "", bos: bool = False) -> PreTrainedTokenizerFast:
    """Return a byte-level BPE as GPT-2's. digits: a pattern that cuts them, as in Qwen (`\\d`) or Llama 3 (`\\d{1,3}`);
    bos: begin each text with <s>, as Llama does."""
    raw = Tokenizer(models.BPE())
    byte_level = pre_tokenizers.ByteLevel(add_prefix_space=False)
    split = [pre_tokenizers.Split(Regex(digits), "isolated")] if digits else []
    raw.pre_tokenizer = pre_tokenizers.Sequence([*split, byte_level])
    raw.decoder = decoders.ByteLevel()
    special = ["<|pad|>", "<|end|>", "<s>", "<|system|>", "<|user|>", "<|assistant|>"]
    trainer = trainers.BpeTrainer(
        vocab_size=340, special_tokens=special, initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )  # fmt: skip
    raw.train_from_iterator(texts, trainer)
    if bos:
        raw.post_processor = processors.TemplateProcessing(single="<s> $A", special_tokens=[("<s>", 2)])
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=raw, pad_token="<|pad|>", eos_token="<|end|>", bos_token="<s>" if bos else None
    )
    tokenizer.chat_template = CHAT_TEMPLATE
    return tokenizer
