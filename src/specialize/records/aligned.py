"""results/traces/aligned/{tokenizer}/part-{shard:05d}.parquet: traces in a student's tokens, targets of both losses.

One row per trace of that shard of completions, in the order of traces.parquet:

    problem_id, teacher, sample   string, string, int32: the trace
    ids             list<uint16> (list<int32> for a vocabulary above 65,536): student tokens of the chain-of-thought
                    target `{rationale}\\nThe answer is {answer}`, the end mark last
    counts          list<uint8>: soft entries of each id, as long as `ids`; 0: one-hot on the id
    soft_ids        list as `ids`: student tokens of all soft entries, flat over the row, `sum(counts)` of them; within
                    one position sorted by falling probability, then id
    soft_probs      list<float16>: their probabilities, raw: what they lack to 1 per position lies outside the
                    teacher's top-k or has no student token
    chunk_starts    list<uint16>: with `groups: chunk`, else empty: first position of each chunk, rising; no overlaps
    chunk_lengths   list<uint8>: positions of each chunk; all of them have counts 0
    chunk_logprobs  list<float32>: natural logarithm of the teacher's probability of the chunk's text, given what stands
                    before it

results/starts/{round}/aligned/part-00000.parquet: the same of a student's own scored answers.

Positions whose teacher tokens are unknown (our own answer line, the end mark, completions without log-probabilities)
have counts 0 and stand in no chunk. At k = 5 a position takes at most 2 + 1 + 5 × (2 + 2) = 23 bytes, its share of a
chunk included: a position is soft or in a chunk, never both.
"""

import pyarrow as pa

from specialize.records.completions import KEYS

SMALL_VOCABULARY = 65_536
"""Largest vocabulary whose ids fit uint16."""
LISTS = ("ids", "counts", "soft_ids", "soft_probs", "chunk_starts", "chunk_lengths", "chunk_logprobs")


def aligned_schema(vocabulary: int) -> pa.Schema:
    """Return the columns for a tokenizer of `vocabulary` ids: KEYS, then LISTS."""
    token = pa.uint16() if vocabulary <= SMALL_VOCABULARY else pa.int32()
    kinds = (token, pa.uint8(), token, pa.float16(), pa.uint16(), pa.uint8(), pa.float32())
    return pa.schema(
        [
            *(
                pa.field(name, kind, nullable=False)
                for name, kind in zip(KEYS, (pa.string(), pa.string(), pa.int32()), strict=True)
            ),
            *(
                pa.field(name, pa.list_(pa.field("item", kind, nullable=False)), nullable=False)
                for name, kind in zip(LISTS, kinds, strict=True)
            ),
        ]
    )
