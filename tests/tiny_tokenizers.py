"""Small tokenizers of every kind that students have, trained on the spot."""

import json
from collections.abc import Sequence

from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers
from transformers import PreTrainedTokenizerBase, PreTrainedTokenizerFast

DIGITS = {"gpt2": r" ?\p{N}+", "llama3": r"\p{N}{1,3}", "qwen": r"\p{N}"}
KINDS = (*DIGITS, "byte_fallback", "byte_fallback_prefix", "metaspace", "wordpiece")


def make_tokenizer(kind: str, texts: Sequence[str], size: int = 420) -> PreTrainedTokenizerBase:
    """Return a tokenizer of one of KINDS: byte-level as GPT-2's, Llama 3's or Qwen's; SentencePiece BPE as Gemma's or
    Llama 2's; SentencePiece unigram as T5's; WordPiece as BERT's."""
    if kind in DIGITS:
        return _byte_level_of_a_causal_model(DIGITS[kind], texts, size)
    if kind.startswith("byte_fallback"):
        return _sentencepiece_bpe(kind.endswith("prefix"), texts, size)
    if kind == "metaspace":
        tokenizer = Tokenizer(models.Unigram())
        tokenizer.normalizer = normalizers.NFKC()
        space = pre_tokenizers.Metaspace(replacement="▁", prepend_scheme="always")
        tokenizer.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.WhitespaceSplit(), space])
        tokenizer.decoder = decoders.Metaspace(replacement="▁", prepend_scheme="always")
        trainer = trainers.UnigramTrainer(
            vocab_size=size, special_tokens=["<pad>", "</s>", "<unk>"], unk_token="<unk>", show_progress=False
        )
    else:
        tokenizer = Tokenizer(models.WordPiece(unk_token="<unk>"))
        tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
        tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
        tokenizer.decoder = decoders.WordPiece()
        trainer = trainers.WordPieceTrainer(
            vocab_size=size, special_tokens=["<pad>", "</s>", "<unk>"], show_progress=False
        )
    tokenizer.train_from_iterator(texts, trainer)
    end = [("</s>", tokenizer.token_to_id("</s>"))]
    tokenizer.post_processor = processors.TemplateProcessing(single="$A </s>", special_tokens=end)
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, pad_token="<pad>", eos_token="</s>", unk_token="<unk>")


def _byte_level_of_a_causal_model(digits: str, texts: Sequence[str], size: int) -> PreTrainedTokenizerBase:
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
        vocab_size=size, special_tokens=["<|begin|>", "<|end|>"], show_progress=False,
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
    )  # fmt: skip
    tokenizer.train_from_iterator(texts, trainer)
    if digits == DIGITS["llama3"]:
        tokenizer.post_processor = processors.TemplateProcessing(
            single="<|begin|> $A", special_tokens=[("<|begin|>", tokenizer.token_to_id("<|begin|>"))]
        )
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, eos_token="<|end|>")


def _sentencepiece_bpe(prefix: bool, texts: Sequence[str], size: int) -> PreTrainedTokenizerBase:
    """As Gemma's, or with a blank before the text as Llama 2's: `▁` for a blank, bytes where there is no piece."""
    replace = normalizers.Replace(" ", "▁")
    tokenizer = Tokenizer(models.BPE(byte_fallback=True, fuse_unk=True, unk_token="<unk>"))
    tokenizer.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), replace]) if prefix else replace
    tokenizer.pre_tokenizer = pre_tokenizers.Split("▁", "merged_with_next")
    bytes_ = [f"<0x{byte:02X}>" for byte in range(256)]
    trainer = trainers.BpeTrainer(
        vocab_size=size, special_tokens=["<unk>", "<s>", "</s>", *bytes_], show_progress=False
    )  # fmt: skip
    tokenizer.train_from_iterator(texts, trainer)
    # Trained as special tokens so that they have ids; in use they are pieces like any other.
    model = json.loads(tokenizer.to_str())["model"]
    merges = [tuple(merge) for merge in model["merges"]]
    made = Tokenizer(models.BPE(model["vocab"], merges, byte_fallback=True, fuse_unk=True, unk_token="<unk>"))
    made.normalizer = tokenizer.normalizer
    made.add_special_tokens(["<unk>", "<s>", "</s>"])
    made.decoder = decoders.Sequence([decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse()])
    return PreTrainedTokenizerFast(tokenizer_object=made, bos_token="<s>", eos_token="</s>", unk_token="<unk>")
