"""Small tokenizers of the three families, made on the spot, and completions to go with them."""

import json
from collections.abc import Sequence
from functools import cache

import numpy as np
import pyarrow as pa
from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers
from transformers import PreTrainedTokenizerBase, PreTrainedTokenizerFast

from specialize.traces.alignment.vocabulary import StudentVocabulary
from specialize.traces.logprob_batches import SCHEMA
from specialize.traces.tokenizers import learn_tokenizer

TEXTS = [
    "Tom has 12 apples and 5 pears. 12 + 5 = 17.\nThe answer is 17",
    "She babysat for 50 minutes, so she earned $12/60 * 50 = $10.\nThe answer is 10",
    "In 15 years, Maddie will be 4/3 of 30 = 40.\nShe was 25 – naïve…\nThe answer is 40",
] * 4
DIGITS = {"gpt2": r" ?\p{N}+", "llama3": r"\p{N}{1,3}", "qwen": r"\p{N}"}
FAMILIES = ("byte_level", "gpt2", "llama3", "qwen", "byte_fallback", "byte_fallback_prefix", "metaspace", "wordpiece")


@cache
def vocabulary(family: str) -> StudentVocabulary:
    made = learn_tokenizer(TEXTS, 420, 100) if family == "byte_level" else _made(family)
    found = StudentVocabulary(made)
    kind = {"gpt2": "byte_level", "llama3": "byte_level", "qwen": "byte_level", "byte_fallback_prefix": "byte_fallback"}
    assert found.family == kind.get(family, family)
    return found


def _made(family: str) -> PreTrainedTokenizerBase:
    if family in DIGITS:
        return _byte_level_of_a_causal_model(DIGITS[family])
    if family.startswith("byte_fallback"):
        return _sentencepiece_bpe(prefix=family.endswith("prefix"))
    if family == "metaspace":
        tokenizer = Tokenizer(models.Unigram())
        tokenizer.normalizer = normalizers.NFKC()
        space = pre_tokenizers.Metaspace(replacement="▁", prepend_scheme="always")
        tokenizer.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.WhitespaceSplit(), space])
        tokenizer.decoder = decoders.Metaspace(replacement="▁", prepend_scheme="always")
        trainer = trainers.UnigramTrainer(
            vocab_size=160, special_tokens=["<pad>", "</s>", "<unk>"], unk_token="<unk>", show_progress=False
        )
    else:
        tokenizer = Tokenizer(models.WordPiece(unk_token="<unk>"))
        tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
        tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
        tokenizer.decoder = decoders.WordPiece()
        trainer = trainers.WordPieceTrainer(
            vocab_size=160, special_tokens=["<pad>", "</s>", "<unk>"], show_progress=False
        )
    tokenizer.train_from_iterator(TEXTS, trainer)
    end = [("</s>", tokenizer.token_to_id("</s>"))]
    tokenizer.post_processor = processors.TemplateProcessing(single="$A </s>", special_tokens=end)
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, pad_token="<pad>", eos_token="</s>", unk_token="<unk>")


def _byte_level_of_a_causal_model(digits: str) -> PreTrainedTokenizerBase:
    """As GPT-2's, Llama 3's or Qwen's: the text first cut by a pattern, digits singly, in threes or not at all; Llama 3
    begins a text with a token, and none of them ends it with one."""
    tokenizer = Tokenizer(models.BPE())
    pattern = rf"'(?:[sdmt]|ll|ve|re)|[^\r\n\p{{L}}\p{{N}}]?\p{{L}}+|{digits}| ?[^\s\p{{L}}\p{{N}}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(pattern), "isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=420, special_tokens=["<|begin|>", "<|end|>"], show_progress=False,
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
    )  # fmt: skip
    tokenizer.train_from_iterator(TEXTS, trainer)
    if digits == DIGITS["llama3"]:
        tokenizer.post_processor = processors.TemplateProcessing(
            single="<|begin|> $A", special_tokens=[("<|begin|>", tokenizer.token_to_id("<|begin|>"))]
        )
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, eos_token="<|end|>")


def _sentencepiece_bpe(prefix: bool) -> PreTrainedTokenizerBase:
    """As Gemma's, or with a blank before the text as Llama 2's: `▁` for a blank, bytes where there is no piece."""
    replace = normalizers.Replace(" ", "▁")
    tokenizer = Tokenizer(models.BPE(byte_fallback=True, fuse_unk=True, unk_token="<unk>"))
    tokenizer.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), replace]) if prefix else replace
    tokenizer.pre_tokenizer = pre_tokenizers.Split("▁", "merged_with_next")
    bytes_ = [f"<0x{byte:02X}>" for byte in range(256)]
    trainer = trainers.BpeTrainer(
        vocab_size=420, special_tokens=["<unk>", "<s>", "</s>", *bytes_], show_progress=False
    )  # fmt: skip
    tokenizer.train_from_iterator(TEXTS, trainer)
    # Trained as special tokens so that they have ids; in use they are pieces like any other.
    model = json.loads(tokenizer.to_str())["model"]
    merges = [tuple(merge) for merge in model["merges"]]
    made = Tokenizer(models.BPE(model["vocab"], merges, byte_fallback=True, fuse_unk=True, unk_token="<unk>"))
    made.normalizer = tokenizer.normalizer
    made.add_special_tokens(["<unk>", "<s>", "</s>"])
    made.decoder = decoders.Sequence([decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse()])
    return PreTrainedTokenizerFast(tokenizer_object=made, bos_token="<s>", eos_token="</s>", unk_token="<unk>")


Told = Sequence[tuple[bytes, float, Sequence[tuple[bytes, float]]]]
"""(token, probability, alternatives with their probabilities)"""


def completion(told: Told, text: str | None = None) -> pa.RecordBatch:
    """Return one completion as a record batch."""
    row = {
        "problem_id": "p", "teacher": "t", "sample": 0,
        "text": b"".join(token for token, _, _ in told).decode() if text is None else text,
        "tokens": [token for token, _, _ in told],
        "token_logprobs": [float(np.log(p)) for _, p, _ in told],
        "top_tokens": [[other for other, _ in top] for _, _, top in told],
        "top_logprobs": [[float(np.log(p)) for _, p in top] for _, _, top in told],
    }  # fmt: skip
    return pa.RecordBatch.from_pylist([row], schema=SCHEMA)


def certain(*tokens: str) -> list[tuple[bytes, float, list[tuple[bytes, float]]]]:
    """Return tokens that the teacher gives 0.9 each, and a full stop 0.1."""
    return [(token.encode(), 0.9, [(token.encode(), 0.9), (b".", 0.1)]) for token in tokens]
