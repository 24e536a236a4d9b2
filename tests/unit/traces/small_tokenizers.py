"""Small tokenizers of the three families, made on the spot, and completions to go with them."""

from collections.abc import Sequence
from functools import cache

import numpy as np
import pyarrow as pa

from specialize.traces.alignment.vocabulary import StudentVocabulary
from specialize.traces.logprob_batches import SCHEMA
from specialize.traces.tokenizers import learn_tokenizer
from tiny_tokenizers import KINDS, make_tokenizer

TEXTS = [
    "Tom has 12 apples and 5 pears. 12 + 5 = 17.\nThe answer is 17",
    "She babysat for 50 minutes, so she earned $12/60 * 50 = $10.\nThe answer is 10",
    "In 15 years, Maddie will be 4/3 of 30 = 40.\nShe was 25 – naïve…\nThe answer is 40",
] * 4
FAMILIES = ("byte_level", *KINDS)


@cache
def vocabulary(family: str) -> StudentVocabulary:
    size = 160 if family in ("metaspace", "wordpiece") else 420
    made = learn_tokenizer(TEXTS, 420, 100) if family == "byte_level" else make_tokenizer(family, TEXTS, size)
    found = StudentVocabulary(made)
    kind = {"gpt2": "byte_level", "llama3": "byte_level", "qwen": "byte_level", "byte_fallback_prefix": "byte_fallback"}
    assert found.family == kind.get(family, family)
    return found


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
