"""The paper's alignment: against its printed results, and against the recursion written out."""

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from specialize.core.params.traces import AlignmentParams
from specialize.records.completions import TOKEN_COLUMNS
from specialize.traces.alignment.align import Aligned, align
from specialize.traces.alignment.dtw import bare_distances, spans, warped
from specialize.traces.alignment.token_spans import student_tokens, teacher_tokens
from specialize.traces.alignment.vocabulary import StudentVocabulary
from specialize.traces.logprob_batches import recorded_batches
from specialize.traces.tokenizers import load_tokenizer

PAPER = AlignmentParams(method="dtw", groups="one_hot", target_temperature=1)


def plain(costs: list[list[int]]) -> list[tuple[int, int]]:
    """f(i, j) = c + min(diagonal, up, left), and back, ties in this order; first and last i of each j."""
    rows, columns = len(costs), len(costs[0])
    far = float("inf")
    table = [[far] * (columns + 1) for _ in range(rows + 1)]
    table[0][0] = 0
    for i in range(rows):
        for j in range(columns):
            table[i + 1][j + 1] = costs[i][j] + min(table[i][j], table[i][j + 1], table[i + 1][j])
    i, j = rows - 1, columns - 1
    met: list[list[int]] = [[] for _ in range(columns)]
    met[j].append(i)
    while i or j:
        steps = [table[i][j], table[i][j + 1], table[i + 1][j]]
        step = steps.index(min(steps))
        i, j = i - (step != 2), j - (step != 1)
        met[j].append(i)
    return [(min(found), max(found)) for found in met]


@given(
    st.lists(
        st.tuples(st.integers(1, 9), st.integers(1, 9)).flatmap(
            lambda size: st.lists(
                st.lists(st.integers(0, 4), min_size=size[1], max_size=size[1]), min_size=size[0], max_size=size[0]
            )
        ),
        min_size=1,
        max_size=4,
    )
)
def test_batched_rows_take_the_paths_of_the_recursion(several: list[list[list[int]]]) -> None:
    shape = (len(several), max(map(len, several)), max(len(costs[0]) for costs in several))
    padded = np.full(shape, 3, dtype=np.int32)
    for number, costs in enumerate(several):
        padded[number, : len(costs), : len(costs[0])] = costs
    for costs, steps in zip(several, warped(padded), strict=True):
        assert spans(steps, len(costs), len(costs[0])) == plain(costs)


def test_distances_are_without_blanks() -> None:
    assert bare_distances([" eng", "$"], ["▁ng", "▁$12"]).tolist() == [[1, 3], [2, 2]]


@pytest.fixture(scope="module")
def t5(shared_data: Path) -> StudentVocabulary:
    return StudentVocabulary(load_tokenizer(str(shared_data / "tokenizers" / "t5")))


def codex(shared_data: Path, t5: StudentVocabulary, line: int) -> tuple[Aligned, list[bytes]]:
    """Align a recorded response as the authors do: without the line ends before and behind it."""
    batch = list(recorded_batches(shared_data / "teacher" / "codex_logprobs.jsonl"))[line]
    row = batch.select(TOKEN_COLUMNS).to_pylist()[0]
    inner = [place for place, token in enumerate(row["tokens"]) if token.strip()]
    row = {name: values[inner[0] : inner[-1] + 1] for name, values in row.items()}
    text = b"".join(row["tokens"]).decode()
    encoded = t5.tokenizer([text], return_offsets_mapping=True)
    student = student_tokens(t5, encoded["input_ids"], encoded["offset_mapping"], [text], [np.arange(len(text))])
    columns = pa.RecordBatch.from_pylist([row], schema=batch.select(TOKEN_COLUMNS).schema)
    return align(t5, student, teacher_tokens(columns), PAPER), row["tokens"]


def test_golden_targets_of_the_papers_code(shared_data: Path, t5: StudentVocabulary) -> None:
    golden = json.loads((shared_data / "teacher" / "alignment_golden_fixtures.json").read_text())
    printed = [dict(target) for target in golden["q0_s0_transformed_T5_targets"]["targets"]]
    rows = (shared_data / "teacher" / "flant5_cot_specialization" / "codex_aligned_t5.jsonl").read_text().splitlines()
    assert json.loads(rows[0])["t5_step_probs"] == printed
    found, _ = codex(shared_data, t5, 0)
    ours: list[dict[str, float]] = [{} for _ in printed]
    for position, token, p in zip(found.soft.positions, found.soft.ids, found.soft.probs, strict=True):
        ours[position][t5.pieces[token]] = float(p)
    own = [t5.pieces[number] for number in found.student.ids[: len(printed)]]
    assert sum(map(bool, ours)) == 34
    for target, piece, expected in zip(ours, own, printed, strict=True):
        known = {token: p for token, p in expected.items() if p > 0}  # four decimals are printed: 0.0 is none
        assert (target or {piece: 1.0}) == pytest.approx(known, rel=1e-3)


def test_golden_alignment_of_the_papers_code(shared_data: Path, t5: StudentVocabulary) -> None:
    golden = json.loads((shared_data / "teacher" / "alignment_golden_fixtures.json").read_text())
    found, tokens = codex(shared_data, t5, 50)
    rows = [
        [t5.pieces[number], [token.decode() for token in tokens[begin:end]]]
        for number, begin, end in zip(found.student.ids, found.groups.begin, found.groups.end, strict=True)
    ]
    assert rows[:-1] == golden["q1_s0_printed_alignment"]["rows"]
    assert len(set(found.soft.positions.tolist())) == 28
