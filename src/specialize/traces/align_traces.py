"""The chain-of-thought targets of one shard in a student's tokens, with the teacher's distributions where they fit.

Completions are read batch by batch; of the traces only those of the shard are held, as texts.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from transformers import PreTrainedTokenizerBase

from specialize.core.errors import SpecializeError
from specialize.core.files import parse_record
from specialize.core.machine.library_errors import reading_file
from specialize.core.params.traces import AlignmentParams
from specialize.core.prompt_formats import target
from specialize.records.completions import KEYS, TOKEN_COLUMNS
from specialize.records.coverage import Coverage, TokenCounts
from specialize.records.prompt_style import PromptTemplate
from specialize.traces.alignment.align import Aligned, align
from specialize.traces.alignment.temperature import tempered
from specialize.traces.alignment.token_spans import student_tokens, teacher_tokens
from specialize.traces.alignment.vocabulary import StudentVocabulary
from specialize.traces.logprob_batches import completion_batches, rejection_reasons
from specialize.traces.rationale import byte_origins, target_origins
from specialize.traces.write_aligned import AlignedTarget, write_aligned

Key = tuple[str, str, int]


@dataclass(frozen=True)
class Batch:
    """The targets of a batch of completions. aligned: those of `kept` rows (indices into the batch), None for none;
    reasons: why the others have no distributions."""

    targets: list[AlignedTarget]
    kept: list[int]
    aligned: Aligned | None
    coverage: Coverage


def write_targets(
    traces: Path, completions: Path, vocabulary: StudentVocabulary, params: AlignmentParams, output: Path
) -> Coverage:
    """Write the aligned traces of one shard of completions, in the order of traces; return what is covered."""
    texts = _texts_of(traces, completions)
    coverage = Coverage()

    def rows() -> Iterator[tuple[str, str, int, AlignedTarget]]:
        nonlocal coverage
        places = {key: place for place, key in enumerate(texts)}
        # Completions come in the order of traces, so nearly nothing waits here; any order would do.
        waiting: dict[int, tuple[Key, AlignedTarget]] = {}
        due = 0
        for batch in completion_batches(completions):
            keys = list(zip(*(batch[name].to_pylist() for name in KEYS), strict=True))
            chosen = [row for row, key in enumerate(keys) if key in texts]
            if not chosen:
                continue
            found = align_batch(vocabulary, batch.take(pa.array(chosen)), [texts[keys[row]] for row in chosen], params)
            coverage = coverage.plus(found.coverage)
            waiting |= {places[keys[row]]: (keys[row], one) for row, one in zip(chosen, found.targets, strict=True)}
            while due in waiting:
                key, one = waiting.pop(due)
                yield (*key, one)
                due += 1

    write_aligned(output, vocabulary.size, rows())
    return coverage


def align_batch(
    vocabulary: StudentVocabulary, batch: pa.RecordBatch, texts: Sequence[str], params: AlignmentParams
) -> Batch:
    """Return the targets `texts` of a batch of completions (`logprob_batches.SCHEMA`) in the student's tokens.

    Raises SpecializeError where completions have log-probabilities and `params` name no temperature for them.
    """
    ids, offsets = target_tokens(vocabulary.tokenizer, texts)
    reasons = rejection_reasons(batch)
    origins: dict[int, np.ndarray] = {}
    for row, text in enumerate(texts):
        if reasons[row] is not None:
            continue
        completion = batch["text"][row].as_py()
        # A rollout is its own target, character by character.
        places = np.arange(len(text)) if text == completion else target_origins(completion, text)
        if places is None:
            reasons[row] = "the reasoning is not the completion's"
        else:
            origins[row] = byte_origins(completion, text, places)
    kept = list(origins)
    targets = [_one_hot(ids[row]) for row in range(len(texts))]
    counts = Counter(reason for reason in reasons if reason is not None)
    coverage = Coverage(
        traces=len(texts), aligned=len(kept), rejected=dict(sorted(counts.items())),
        all=TokenCounts(tokens=sum(map(len, ids))),
        numbers=TokenCounts(tokens=sum(int(vocabulary.has_digit[one].sum()) for one in ids)),
    )  # fmt: skip
    if not kept:
        return Batch(targets, kept, None, coverage)
    if params.target_temperature is None:
        raise SpecializeError(
            "traces.alignment.target_temperature: expected a number, got null: these completions have "
            "log-probabilities, and no sampling temperature is on record for them; estimate it by "
            "`python -m specialize.traces temperature --completions FILE`, or name it (paper: 1)"
        )
    student = student_tokens(
        vocabulary, [ids[row] for row in kept], [offsets[row] for row in kept], [texts[row] for row in kept],
        [origins[row] for row in kept],
    )  # fmt: skip
    teacher = teacher_tokens(batch.select(TOKEN_COLUMNS).take(pa.array(kept)))
    aligned = align(vocabulary, student, tempered(teacher, params.target_temperature), params)
    for row, one in zip(kept, _split(aligned), strict=True):
        targets[row] = one
    covered = Coverage(all=_counted(aligned, None), numbers=_counted(aligned, vocabulary.has_digit))
    return Batch(targets, kept, aligned, coverage.plus(covered))


def target_tokens(
    tokenizer: PreTrainedTokenizerBase, texts: Sequence[str]
) -> tuple[list[list[int]], list[list[tuple[int, int]]]]:
    """Return ids and offsets (in characters) of each target, as `core.encoding.target_ids` has them: no special token
    but the end token behind the text, whose offsets are (0, 0)."""
    encoded = tokenizer(list(texts), add_special_tokens=False, return_offsets_mapping=True)
    ids = [[*row, tokenizer.eos_token_id] for row in encoded["input_ids"]]
    return ids, [[*row, (0, 0)] for row in encoded["offset_mapping"]]


def _counted(aligned: Aligned, only: np.ndarray | None) -> TokenCounts:
    """Return what is covered; the tokens themselves are counted elsewhere. only: [vocabulary] which ids count."""
    ids, soft = aligned.student.ids, aligned.soft
    counts = np.ones(len(ids), dtype=bool) if only is None else only[ids]
    softened = np.zeros(len(ids), dtype=bool)
    softened[soft.positions] = True
    chunked = np.zeros(len(ids) + 1, dtype=np.int64)
    np.add.at(chunked, aligned.chunks.first, 1)
    np.add.at(chunked, aligned.chunks.first + aligned.chunks.length, -1)
    return TokenCounts(
        soft=int((softened & counts).sum()),
        certain=int(counts[aligned.certain].sum()),
        chunked=int((np.cumsum(chunked)[:-1][counts]).sum()),
        teacher_mass=float(np.minimum(soft.teacher_mass, 1.0)[softened & counts].sum()),
        kept_mass=float(soft.probs[counts[soft.positions]].astype(np.float64).sum()),
    )


def _split(aligned: Aligned) -> list[AlignedTarget]:
    """Cut the arrays of a batch into rows."""
    student, soft, chunks = aligned.student, aligned.soft, aligned.chunks
    counts = np.bincount(soft.positions, minlength=len(student.ids)).astype(np.uint8)
    entry = np.searchsorted(soft.positions, student.rows)
    chunk = np.searchsorted(chunks.first, student.rows)
    return [
        AlignedTarget(
            ids=student.ids[low:high],
            counts=counts[low:high],
            soft_ids=soft.ids[entry[row] : entry[row + 1]],
            soft_probs=soft.probs[entry[row] : entry[row + 1]],
            chunk_starts=chunks.first[chunk[row] : chunk[row + 1]] - low,
            chunk_lengths=chunks.length[chunk[row] : chunk[row + 1]],
            chunk_logprobs=chunks.logprobs[chunk[row] : chunk[row + 1]].astype(np.float32),
        )
        for row, (low, high) in enumerate(zip(student.rows[:-1], student.rows[1:], strict=True))
    ]


def _one_hot(ids: Sequence[int]) -> AlignedTarget:
    none = np.array([], dtype=np.int64)
    halves, floats = none.astype(np.float16), none.astype(np.float32)
    return AlignedTarget(np.array(ids), np.zeros(len(ids), np.uint8), none, halves, none, none, floats)


def _texts_of(traces: Path, completions: Path) -> dict[Key, str]:
    """Return key → target of the traces that this shard's completions became, in the order of traces."""
    keys: set[Key] = set()
    with (
        reading_file(completions, "a Parquet file of completions"),
        pq.ParquetFile(completions, page_checksum_verification=True) as file,
    ):
        for batch in file.iter_batches(4096, columns=list(KEYS)):
            keys |= set(zip(*(batch[name].to_pylist() for name in KEYS), strict=True))
    texts: dict[Key, str] = {}
    with (
        reading_file(traces, "a Parquet file of traces"),
        pq.ParquetFile(traces, page_checksum_verification=True) as file,
    ):
        for batch in file.iter_batches(4096):
            for row in batch.to_pylist():
                key = (row["problem_id"], row["teacher"], row["sample"])
                if key in keys:
                    words = row.get("template")
                    template = parse_record(str(traces), words, PromptTemplate) if words else None
                    texts[key] = target("zero_shot_chain_of_thought", row["rationale"], row["answer"], template)
    return texts
