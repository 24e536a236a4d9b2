"""Alignment of the 51 real codex completions with the T5 tokenizer, per completion.

Two rivals, both the paper's dynamic programming in plain Python with an edit distance in C per pair of tokens, then a
dictionary per T5 token: `authors' way` fills a numpy matrix cell by cell, as the authors' code (after talcs/simpledtw)
does; `plain lists` keeps it in lists, the fastest plain Python that we could write. All are given the tokens of both
sides (ours: the teacher's as Parquet gives them, the student's as the tokenizer does) and end in the soft targets;
`dtw` must give the rivals' exactly. `bytes` is timed in the paper's kind of targets (one_hot, what the rivals make),
and with chunks and merged groups besides. Ours go through in one batch of 255, five times the same 51, and a time is
that of the batch divided by 255: a run takes 256 at once (`logprob_batches.ROWS_AT_ONCE`). CPU time of one thread.
"""

import time
from pathlib import Path
from typing import Any

import measure
import numpy as np
import pyarrow as pa
from rapidfuzz.distance.Levenshtein import distance

from specialize.core.params.traces import AlignmentParams
from specialize.records.completions import TOKEN_COLUMNS
from specialize.traces.alignment.align import Aligned, align
from specialize.traces.alignment.token_spans import student_tokens, teacher_tokens
from specialize.traces.alignment.vocabulary import META, StudentVocabulary
from specialize.traces.logprob_batches import recorded_batches
from specialize.traces.tokenizers import load_tokenizer

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
COMPLETIONS = 51
COPIES = 5
ROUNDS = 9

PLAIN = ("authors' way", "plain lists")

Targets = list[dict[str, float]]


def plain_dtw(teacher: list[str], told: Targets, student: list[str], vocabulary: set[str]) -> Targets:
    """A rival, one completion; told: the dictionary of each teacher token."""
    table = [[float("inf")] * (len(student) + 1) for _ in range(len(teacher) + 1)]
    return _targets_by(table, teacher, told, student, vocabulary)


def authors_dtw(teacher: list[str], told: Targets, student: list[str], vocabulary: set[str]) -> Targets:
    """The other rival, one completion."""
    table = np.full((len(teacher) + 1, len(student) + 1), np.inf)
    return _targets_by(table, teacher, told, student, vocabulary)


def _targets_by(table: Any, teacher: list[str], told: Targets, student: list[str], vocabulary: set[str]) -> Targets:
    rows, columns = len(teacher), len(student)
    table[0][0] = 0
    for i in range(rows):
        for j in range(columns):
            cost = distance(teacher[i].replace(" ", ""), student[j].replace(META, ""))
            table[i + 1][j + 1] = cost + min(table[i][j], table[i][j + 1], table[i + 1][j])
    i, j = rows - 1, columns - 1
    path = [(i, j)]
    while i > 0 or j > 0:
        steps = (table[i][j], table[i][j + 1], table[i + 1][j])
        step = steps.index(min(steps))
        i, j = i - (step != 2), j - (step != 1)
        path.append((i, j))
    met: list[list[int]] = [[] for _ in student]
    for i, j in reversed(path):
        met[j].append(i)
    targets = []
    for j, found in enumerate(met):
        if len(found) == 1 and teacher[found[0]].replace(" ", META) == student[j]:
            mapped = {}
            for text, p in told[found[0]].items():
                if text.replace(" ", META) in vocabulary and text.replace(" ", META) not in mapped:
                    mapped[text.replace(" ", META)] = p
            targets.append(mapped)
        else:
            targets.append({student[j]: 1.0})
    return targets


def main() -> None:
    vocabulary = StudentVocabulary(load_tokenizer(str(DATA / "tokenizers" / "t5")))
    batches = list(recorded_batches(DATA / "teacher" / "codex_logprobs.jsonl"))[:COMPLETIONS]
    # The authors' cut: without the first line end and the closing ones.
    cut = [_cut(batch.select(TOKEN_COLUMNS).to_pylist()[0]) for batch in batches]
    columns = pa.RecordBatch.from_pylist(cut * COPIES, schema=batches[0].schema.remove(3).remove(2).remove(1).remove(0))
    texts = [b"".join(row["tokens"]).decode() for row in cut]
    encoded = vocabulary.tokenizer(texts, return_offsets_mapping=True)
    origins = [np.arange(len(text.encode())) for text in texts] * COPIES
    ids, offsets = encoded["input_ids"] * COPIES, encoded["offset_mapping"] * COPIES

    def ours(params: AlignmentParams) -> Aligned:
        student = student_tokens(vocabulary, ids, offsets, texts * COPIES, origins)
        return align(vocabulary, student, teacher_tokens(columns), params)

    plain = [_plain(row, vocabulary.tokenizer.tokenize(text)) for row, text in zip(cut, texts, strict=True)]
    pieces = set(vocabulary.tokenizer.get_vocab())

    rivals = {
        "authors' way": lambda: [authors_dtw(*one, pieces) for one in plain],
        "plain lists": lambda: [plain_dtw(*one, pieces) for one in plain],
        "dtw": lambda: ours(AlignmentParams(method="dtw", groups="one_hot")),
        "bytes, one_hot": lambda: ours(AlignmentParams(groups="one_hot")),
        "bytes, chunk": lambda: ours(AlignmentParams(groups="chunk")),
        "bytes, merge": lambda: ours(AlignmentParams(groups="merge")),
    }
    for name in PLAIN:
        expected = [one for row in rivals[name]() for one in row] * COPIES
        if not _same(_targets(vocabulary, rivals["dtw"]()), expected):
            raise SystemExit(f"dtw does not give the targets of {name}")
    seconds = measure.alternate(rivals, ROUNDS, clock=time.process_time)
    rows: list[dict[str, Any]] = []
    medians = {name: measure.summary(values)["median"] / _count(name) for name, values in seconds.items()}
    for name in rivals:
        told = measure.summary(seconds[name])
        row = {"method": name} | {f"{key} µs": 1e6 * value / _count(name) for key, value in told.items()}
        row |= {f"times faster than {rival}": medians[rival] / medians[name] for rival in PLAIN}
        rows.append(row if name in PLAIN else row | _shares(vocabulary, rivals[name]()))
    title = f"Alignment per completion, {COMPLETIONS} codex completions, T5 tokenizer"
    measure.write("alignment", title, rows, "numpy", "pyarrow", "rapidfuzz", dtw_gives_the_targets_of_both_rivals=True)


def _count(name: str) -> int:
    return COMPLETIONS if name in PLAIN else COMPLETIONS * COPIES


def _cut(row: dict[str, list[Any]]) -> dict[str, list[Any]]:
    low = next(k for k, token in enumerate(row["tokens"]) if token.strip())
    high = 1 + max(k for k, token in enumerate(row["tokens"]) if token.strip())
    return {name: values[low:high] for name, values in row.items()}


def _plain(row: dict[str, list[Any]], student: list[str]) -> tuple[list[str], list[dict[str, float]], list[str]]:
    teacher = [token.decode("utf-8", "replace") for token in row["tokens"]]
    told = []
    for token, logprob, top, others in zip(*(row[name] for name in TOKEN_COLUMNS), strict=True):
        one = {} if logprob is None else {token.decode("utf-8", "replace"): float(np.exp(logprob))}
        for text, other in zip(top, others, strict=True):
            one.setdefault(text.decode("utf-8", "replace"), float(np.exp(other)))
        told.append(one)
    return teacher, told, student


def _same(ours: list[dict[str, float]], rivals: list[dict[str, float]]) -> bool:
    """Whether tokens are the same and probabilities agree to float16, in which ours are kept."""
    return len(ours) == len(rivals) and all(
        one.keys() == other.keys() and all(abs(p - other[token]) <= p * 2**-10 for token, p in one.items())
        for one, other in zip(ours, rivals, strict=True)
    )


def _targets(vocabulary: StudentVocabulary, aligned: Aligned) -> list[dict[str, float]]:
    found: list[dict[str, float]] = [{} for _ in aligned.student.ids]
    for position, token, p in zip(aligned.soft.positions, aligned.soft.ids, aligned.soft.probs, strict=True):
        found[position][vocabulary.pieces[token]] = float(p)
    own = [vocabulary.pieces[token] for token in aligned.student.ids]
    return [one or {piece: 1.0} for one, piece in zip(found, own, strict=True) if piece]


def _shares(vocabulary: StudentVocabulary, aligned: Aligned) -> dict[str, float]:
    own = vocabulary.byte_lengths[aligned.student.ids] > 0
    digit = vocabulary.has_digit[aligned.student.ids]
    soft = np.zeros(len(own), dtype=bool)
    soft[aligned.soft.positions] = True
    return {"soft": float(soft[own].mean()), "soft numbers": float(soft[digit].mean())}


if __name__ == "__main__":
    main()
