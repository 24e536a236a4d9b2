"""The chain-of-thought targets of one shard in a student's tokens, with the teacher's distributions where they fit."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from transformers import PreTrainedTokenizerBase

from specialize.core.formats import target
from specialize.core.params.traces import AlignmentParams
from specialize.traces.aligned import SMALL_VOCABULARY, AlignedTarget, write_aligned
from specialize.traces.coverage import Coverage, TokenCounts
from specialize.traces.tables import read_completions, read_traces


def write_targets(
    traces: Path, completions: Path, tokenizer: PreTrainedTokenizerBase, params: AlignmentParams, output: Path
) -> Coverage:
    """Write the aligned traces of one shard of completions; return what the distributions cover."""
    keys = {(one.problem_id, one.teacher, one.sample) for one in read_completions([completions])}
    coverage = Coverage()

    def rows() -> Iterator[tuple[str, str, int, AlignedTarget]]:
        nonlocal coverage
        for trace in read_traces(traces):
            key = (trace.problem_id, trace.teacher, trace.sample)
            if key not in keys:
                continue
            text = target("zero_shot_chain_of_thought", trace.rationale, trace.answer)
            ids = np.array(tokenizer(text_target=text)["input_ids"])
            coverage = coverage.plus(
                Coverage(traces=1, rejected={"no log-probabilities": 1}, all=TokenCounts(tokens=len(ids)))
            )
            none = np.array([], dtype=np.int64)
            yield (
                *key,
                AlignedTarget(ids, np.zeros(len(ids), np.uint8), none, none.astype(np.float16), none, none, none),
            )

    write_aligned(output, len(tokenizer), rows())
    assert SMALL_VOCABULARY
    return coverage
