"""The teacher's distributions at another temperature, against dense references over whole vocabularies."""

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small_tokenizers import completion, vocabulary

from specialize.core.errors import SpecializeError
from specialize.core.params.traces import AlignmentParams
from specialize.records.completions import TOKEN_COLUMNS
from specialize.traces.align_traces import align_batch, target_tokens
from specialize.traces.alignment.align import align
from specialize.traces.alignment.temperature import fit_temperature, tempered
from specialize.traces.alignment.token_spans import TeacherTokens, student_tokens, teacher_tokens
from specialize.traces.logprob_batches import recorded_batches

WORDS = [b" 1", b" 12", b"2", b" a", b"b", b"."]
MERGE = AlignmentParams(target_temperature=1.0)


def told(logits: np.ndarray, sampled: list[int], listed: int, temperature: float = 1.0) -> pa.RecordBatch:
    """A completion of WORDS; of each token's softmax(logits / temperature) the `listed` likeliest are told."""
    rows = []
    for row, token in zip(logits / temperature, sampled, strict=True):
        p = np.exp(row - row.max())
        p /= p.sum()
        top = np.argsort(-p, kind="stable")[:listed]
        rows.append((WORDS[token], float(p[token]), [(WORDS[i], float(p[i])) for i in top]))
    return completion(rows)


def tokens_of(batch: pa.RecordBatch) -> TeacherTokens:
    return teacher_tokens(batch.select(TOKEN_COLUMNS))


@st.composite
def cases(draw: st.DrawFn) -> tuple[np.ndarray, list[int], float]:
    length = draw(st.integers(1, 5))
    numbers = st.lists(st.floats(-4, 4), min_size=len(WORDS), max_size=len(WORDS))
    logits = np.array(draw(st.lists(numbers, min_size=length, max_size=length)))
    sampled = draw(st.lists(st.integers(0, len(WORDS) - 1), min_size=length, max_size=length))
    return logits, sampled, draw(st.sampled_from([0.25, 0.5, 0.8, 1.5, 3.0]))


def by_token(found: TeacherTokens) -> list[dict[bytes, float]]:
    bounds = zip(found.top_rows[:-1], found.top_rows[1:], strict=True)
    return [
        {found.spelled[found.top[i]]: float(np.exp(found.top_logprobs[i])) for i in range(low, high)}
        for low, high in bounds
    ]


@settings(max_examples=60, deadline=None)
@given(cases())
def test_with_the_whole_vocabulary_listed_it_is_the_dense_softmax(case):
    logits, sampled, temperature = case
    found = tempered(tokens_of(told(logits, sampled, len(WORDS))), temperature)
    dense = tokens_of(told(logits, sampled, len(WORDS), temperature))
    np.testing.assert_allclose(np.exp(found.logprobs), np.exp(dense.logprobs), atol=2e-5)
    for mine, theirs in zip(by_token(found), by_token(dense), strict=True):
        assert mine == pytest.approx(theirs, abs=2e-5)


@settings(max_examples=40, deadline=None)
@given(cases())
def test_merged_targets_are_those_of_a_teacher_that_had_this_temperature(case):
    """The power comes before products and sums across tokens: as if the server had told p^(1/T)."""
    logits, sampled, temperature = case
    own, plain = vocabulary("qwen"), told(logits, sampled, len(WORDS))
    text = plain["text"][0].as_py()
    ids, offsets = target_tokens(own.tokenizer, [text])
    student = student_tokens(own, ids, offsets, [text], [np.arange(len(text.encode()))])
    dense = align(own, student, tokens_of(told(logits, sampled, len(WORDS), temperature)), MERGE).soft
    found = align(own, student, tempered(tokens_of(plain), temperature), MERGE).soft
    assert np.bincount(found.positions, found.probs.astype(float)).max(initial=0) <= 1
    wide = [np.zeros((len(student.ids), own.size)) for _ in range(2)]
    for each, soft in zip(wide, (found, dense), strict=True):
        each[soft.positions, soft.ids] = soft.probs
    np.testing.assert_allclose(wide[0], wide[1], atol=2e-3)


@settings(max_examples=60, deadline=None)
@given(cases(), st.integers(2, 5))
def test_a_rest_that_is_not_listed_is_bounded(case, listed):
    logits, sampled, temperature = case
    batch = told(logits, sampled, listed)
    found, dense = (
        tempered(tokens_of(batch), temperature),
        by_token(tokens_of(told(logits, sampled, len(WORDS), temperature))),
    )
    for mine, theirs, before in zip(by_token(found), dense, by_token(tokens_of(batch)), strict=True):
        assert sum(mine.values()) <= 1 + 1e-5
        assert sorted(mine, key=mine.__getitem__) == sorted(before, key=before.__getitem__) or len(
            set(before.values())
        ) < len(before)
        for word, p in mine.items():
            # Colder: nothing listed gets more than its due. Hotter: nothing less.
            assert p <= theirs[word] + 1e-4 if temperature < 1 else p >= theirs[word] - 1e-4


def test_one_changes_nothing_and_zero_leaves_the_best():
    logits = np.array([[3.0, 2.0, 1.0, 0.0, -1.0, -2.0], [1.0, 1.0, 0.0, 0.0, 0.0, 0.0]])
    teacher = tokens_of(told(logits, [0, 2], 4))
    assert tempered(teacher, 1.0) is teacher
    first, second = by_token(tempered(teacher, 0.0))
    assert first[b" 1"] == 1 and sum(first.values()) == 1
    assert second[b" 1"] == second[b" 12"] == 0.5 and sum(second.values()) == 1


def test_nulls_stay_unknown_and_impossible_stays_impossible():
    batch = completion([(b"b", float("nan"), []), (b".", 0.0, [(b".", 1.0), (b"b", 0.0)])])
    found = tempered(tokens_of(batch), 0.5)
    assert np.isnan(found.logprobs[0])
    assert by_token(found)[1] == {b".": 1.0, b"b": 0.0}


@pytest.mark.parametrize("temperature", [0.5, 1.0])
def test_a_known_temperature_is_found_again(temperature):
    rng = np.random.default_rng(3)
    logits = rng.normal(0, 1.5, (3000, len(WORDS)))
    cold = np.exp(logits / temperature)
    cold /= cold.sum(axis=1, keepdims=True)
    sampled = [int(rng.choice(len(WORDS), p=p)) for p in cold]
    fit = fit_temperature([tokens_of(told(logits, sampled, 4))])
    assert fit.low - 0.03 < temperature < fit.high + 0.03, "one draw: a little beyond its interval is no fault"
    assert fit.high - fit.low < 0.2
    assert fit.gain >= 0


def test_nothing_to_fit_is_told():
    with pytest.raises(SpecializeError, match="nothing to fit"):
        fit_temperature([tokens_of(completion([(b"b", 1.0, [(b"b", 1.0)])]))])


def test_the_recorded_codex_completions_were_sampled_at_one_half(shared_data):
    """Their log-probabilities are of temperature 1; the paper sampled at 0.5: an exponent of 2.0 (1.9 to 2.1)."""
    batches = [teacher_tokens(batch) for batch in recorded_batches(shared_data / "teacher" / "codex_logprobs.jsonl")]
    fit = fit_temperature(batches[:50])
    assert 1 / fit.temperature == pytest.approx(2.0, abs=0.1)
    assert 1.85 < 1 / fit.high < 2.0 < 1 / fit.low < 2.25
    assert fit.gain > 100


def test_an_unknown_temperature_is_asked_for_and_never_one():
    own, batch = vocabulary("byte_level"), completion([(b"Tom has 5.", 0.9, [(b"Tom has 5.", 0.9)])])
    with pytest.raises(SpecializeError, match="traces temperature"):
        align_batch(own, batch, ["Tom has 5.\nThe answer is 5"], AlignmentParams())
