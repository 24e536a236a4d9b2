"""An alignment for a person: per completion what is covered, as JSON; and one completion as two rows of tokens."""

import json
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa

from specialize.core.answers import strict_answer
from specialize.core.errors import RecordError, SpecializeError
from specialize.core.params.traces import AlignmentParams
from specialize.core.prompt_formats import target
from specialize.records.completions import KEYS, TOKEN_COLUMNS
from specialize.records.coverage import Coverage
from specialize.traces.align_traces import align_batch
from specialize.traces.alignment.align import Aligned
from specialize.traces.alignment.token_spans import TeacherTokens, teacher_tokens
from specialize.traces.alignment.vocabulary import StudentVocabulary
from specialize.traces.chain import plain_chain_spans
from specialize.traces.logprob_batches import completion_batches, recorded_batches, rejection_reasons
from specialize.traces.rationale import tidied_chain

BETWEEN = "│"


def coverage_lines(
    vocabulary: StudentVocabulary, path: Path, params: AlignmentParams
) -> Iterator[tuple[str, Coverage]]:
    """Yield (JSON line, coverage) per completion of a file; its target is its own reasoning and answer."""
    for batch in _batches(path):
        for row in range(len(batch)):
            one = batch.slice(row, 1)
            found = align_batch(vocabulary, one, [_own_target(one)], params)
            key = {name: one[name][0].as_py() for name in KEYS}
            yield json.dumps(key | found.coverage.model_dump(), ensure_ascii=False), found.coverage


def picture(vocabulary: StudentVocabulary, path: Path, number: int, params: AlignmentParams) -> str:
    """Return two rows of tokens, the student's above the teacher's, group by group, as wide as the terminal; below each
    student token that has one the mass of its soft target."""
    seen = 0
    for batch in _batches(path):
        if number < seen + len(batch):
            one = batch.slice(number - seen, 1)
            found = align_batch(vocabulary, one, [_own_target(one)], params)
            if found.aligned is None:
                return f"not aligned: {', '.join(found.coverage.rejected)}"
            return _drawn(
                vocabulary, found.aligned, teacher_tokens(one.select(TOKEN_COLUMNS)), shutil.get_terminal_size().columns
            )
        seen += len(batch)
    raise RecordError(str(path), "--show", f"a number from 0 to {seen - 1}", number)


def teacher_batches(paths: Sequence[Path]) -> list[TeacherTokens]:
    """Return the tokens of completions whose log-probabilities spell their text. Raises SpecializeError if none do."""
    found = []
    for batch in (batch for path in paths for batch in _batches(path)):
        usable = [row for row, reason in enumerate(rejection_reasons(batch)) if reason is None]
        if usable:
            found.append(teacher_tokens(batch.select(TOKEN_COLUMNS).take(pa.array(usable))))
    if not found:
        raise SpecializeError(f"{paths[0]}: no completion has log-probabilities that spell its text")
    return found


def _batches(path: Path) -> Iterator[pa.RecordBatch]:
    return completion_batches(path) if path.suffix == ".parquet" else recorded_batches(path)


def _own_target(one: pa.RecordBatch) -> str:
    text = one["text"][0].as_py()
    rationale, _ = tidied_chain(text, plain_chain_spans(text))
    return target("zero_shot_chain_of_thought", rationale, strict_answer(text) or "")


def _drawn(vocabulary: StudentVocabulary, aligned: Aligned, teacher: TeacherTokens, width: int) -> str:
    mass = np.bincount(aligned.soft.positions, aligned.soft.probs.astype(float), len(aligned.student.ids))
    groups = aligned.groups
    cells = []
    for first, last, begin, end in zip(groups.first, groups.last, groups.begin, groups.end, strict=True):
        above = [vocabulary.pieces[i] or "⟂" for i in aligned.student.ids[first : last + 1]]
        below = [_shown(teacher.spelled[i]) for i in teacher.tokens[begin:end]]
        masses = ["·" if not mass[i] else f"{mass[i]:.2f}".lstrip("0") for i in range(first, last + 1)]
        cells.append((" ".join(above), " ".join(below), " ".join(masses)))
    names = ("student ", "teacher ", "mass    ")
    lines: list[list[str]] = []
    for cell in cells:
        wide = max(map(len, cell))
        if not lines or len(lines[-1][0]) + wide + 1 > max(width, 40):
            lines.append(list(names))
        lines[-1] = [line + part.ljust(wide) + BETWEEN for line, part in zip(lines[-1], cell, strict=True)]
    return "\n\n".join("\n".join(line) for line in lines)


def _shown(token: bytes) -> str:
    return token.decode("utf-8", "backslashreplace").replace(" ", "␣").replace("\n", "⏎") or "∅"
