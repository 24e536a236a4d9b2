"""Small tokenizers of the three families, made on the spot, and completions to go with them."""

from collections.abc import Sequence
from functools import cache

import numpy as np
import pyarrow as pa
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers
from transformers import PreTrainedTokenizerBase, PreTrainedTokenizerFast

from specialize.traces.alignment.vocabulary import StudentVocabulary
from specialize.traces.logprob_batches import SCHEMA
from specialize.traces.tokenizers import learn_tokenizer

TEXTS = [
    "Tom has 12 apples and 5 pears. 12 + 5 = 17.\nThe answer is 17",
    "She babysat for 50 minutes, so she earned $12/60 * 50 = $10.\nThe answer is 10",
    "In 15 years, Maddie will be 4/3 of 30 = 40.\nShe was 25 – naïve…\nThe answer is 40",
] * 4
FAMILIES = ("byte_level", "metaspace", "wordpiece")


@cache
def vocabulary(family: str) -> StudentVocabulary:
    made = learn_tokenizer(TEXTS, 420, 100) if family == "byte_level" else _made(family)
    found = StudentVocabulary(made)
    assert found.family == family
    return found


def _made(family: str) -> PreTrainedTokenizerBase:
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
