"""Alignment by bytes: on any text, with tokenizers of every family."""

import math
from itertools import pairwise

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small_tokenizers import FAMILIES, certain, completion, vocabulary

from specialize.core.params.traces import AlignmentParams
from specialize.records.completions import TOKEN_COLUMNS
from specialize.traces.align_traces import align_batch, target_tokens
from specialize.traces.alignment.align import Aligned, align
from specialize.traces.alignment.chain_rule import merged
from specialize.traces.alignment.token_spans import _character_spans, student_tokens, teacher_tokens
from specialize.traces.alignment.vocabulary import StudentVocabulary
from specialize.traces.rationale import OURS

MERGE, ONE_HOT, CHUNK = (
    AlignmentParams(groups=groups, target_temperature=1) for groups in ("merge", "one_hot", "chunk")
)
settings.register_profile("traces", deadline=None, max_examples=30)
settings.load_profile("traces")
texts = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40) | st.text(
    st.sampled_from("ab 12\n$<.,é日🙂½"), min_size=1, max_size=40
)


def aligned(family: str, batch: pa.RecordBatch, params: AlignmentParams = MERGE, special: bool = True) -> Aligned:
    """Align a completion's whole text, as it is."""
    own = vocabulary(family)
    text = batch["text"][0].as_py()
    ids, offsets = target_tokens(own.tokenizer, [text])
    if not special:
        ids, offsets = [ids[0][:-1]], [offsets[0][:-1]]
    student = student_tokens(own, ids, offsets, [text], [np.arange(len(text.encode()))])
    return align(own, student, teacher_tokens(batch.select(TOKEN_COLUMNS)), params)


def soft(family: str, found: Aligned) -> list[dict[str, float]]:
    pieces = vocabulary(family).pieces
    targets: list[dict[str, float]] = [{} for _ in found.student.ids]
    for position, token, p in zip(found.soft.positions, found.soft.ids, found.soft.probs, strict=True):
        targets[position][pieces[token]] = float(p)
    return targets


@st.composite
def told(draw: st.DrawFn) -> list[tuple[bytes, float, list[tuple[bytes, float]]]]:
    """A text cut anywhere, characters too, with alternatives that are any bytes."""
    text = draw(texts).encode()
    cuts = sorted(draw(st.sets(st.integers(0, len(text)), max_size=12)) | {0, len(text)})
    tokens = [text[a:b] for a, b in pairwise(cuts)]
    rows = []
    for token in tokens:
        weights = draw(st.lists(st.integers(1, 100), min_size=1, max_size=5))
        names = draw(
            st.lists(st.binary(max_size=3) | texts.map(str.encode), min_size=len(weights), max_size=len(weights))
        )
        total = sum(weights) + draw(st.integers(0, 50))
        names = [token, *names[1:]] if draw(st.booleans()) else names
        top = [(name, weight / total) for name, weight in zip(names, weights, strict=True)]
        rows.append((token, dict(reversed(top)).get(token, 0.001), top))
    return rows


@pytest.mark.parametrize("family", FAMILIES)
@given(rows=told())
def test_any_text_any_tokens_any_alternatives(family, rows):
    batch = completion(rows)
    for params in (MERGE, CHUNK):
        found = aligned(family, batch, params)
        mass = np.bincount(found.soft.positions, found.soft.probs.astype(float), len(found.student.ids))
        assert (mass <= 1.0).all() and (found.soft.probs > 0).all()
        assert (found.soft.ids >= 0).all() and (found.soft.ids < vocabulary(family).size).all()
        groups = found.groups
        assert groups.first[0] == 0 and groups.last[-1] == len(found.student.ids) - 1
        assert (groups.first[1:] == groups.last[:-1] + 1).all(), "every student token stands in one group"
        some = groups.end > groups.begin
        assert (groups.begin[some][1:] >= groups.end[some][:-1]).all(), "no teacher token stands in two"
        chunks = found.chunks
        assert (chunks.logprobs <= 0).all() and not set(found.soft.positions) & {
            place
            for first, size in zip(chunks.first, chunks.length, strict=True)
            for place in range(first, first + size)
        }


@given(rows=told())
def test_byte_level_spans_cover_the_text_exactly(rows):
    found = aligned("byte_level", completion(rows)).student
    assert found.covers[:-1].all() and not found.covers[-1]
    ends = found.ends[:-1]
    assert list(found.begins[:-1]) == [0, *ends[:-1]]
    assert ends[-1] == len(b"".join(token for token, _, _ in rows))


@pytest.mark.parametrize("family", FAMILIES)
@given(text=texts)
def test_spans_rise_and_stay_in_the_text(family, text):
    found = aligned(family, completion([(text.encode(), 0.5, [])])).student
    begins, ends = found.begins[found.covers], found.ends[found.covers]
    assert (begins <= ends).all() and (ends[:-1] <= begins[1:]).all()
    assert (begins >= 0).all() and (ends <= len(text.encode())).all()


@given(text=texts)
def test_counted_pieces_stand_where_the_tokenizer_says(text):
    own = vocabulary("metaspace")
    many = [text, "Tom has 12 apples.", "é", "a < b", text]
    encoded = own.tokenizer(many, return_offsets_mapping=True)
    ids = np.concatenate(encoded["input_ids"]).astype(np.int64)
    rows = np.concatenate([[0], np.cumsum([len(one) for one in encoded["input_ids"]])])
    begins, ends = _character_spans(own, ids, encoded["offset_mapping"], many, rows)
    bounds = np.concatenate(encoded["offset_mapping"])
    words = (own.byte_lengths[ids] > 0) & ~own.blank_alone[ids]
    assert (ends[words] == bounds[words, 1]).all()
    own_begin = words & ~own.opens_word[ids] | own.blank_alone[ids]
    assert (begins[own_begin] == bounds[own_begin, 0]).all()


@given(text=texts)
def test_identical_tokenizers_give_the_identity(text):
    own = vocabulary("byte_level")
    ids = own.tokenizer(text, add_special_tokens=False)["input_ids"]
    spelled = [bytes(own._bytes[letter] for letter in own.pieces[number]) for number in ids]
    others = [(bytes([65]), 0.25), (bytes([200]), 0.125)]
    rows = [(token, 0.5, [(token, 0.5), *((o, p) for o, p in others if o != token)]) for token in spelled]
    for params in (MERGE, ONE_HOT, CHUNK):
        found = aligned("byte_level", completion(rows, text), params)
        for target, number, (token, _, _) in zip(soft("byte_level", found), ids, rows, strict=False):
            expected = {own.pieces[number]: 0.5} | {
                own.pieces[own.exact(other)[0]]: p for other, p in others if other != token
            }
            assert target == pytest.approx(expected, rel=2**-10)
        assert not len(found.chunks.first)


@pytest.mark.parametrize("family", FAMILIES)
@given(rows=told(), random=st.randoms(use_true_random=False))
def test_the_order_of_alternatives_does_not_matter(family, rows, random):
    shuffled = [(token, p, random.sample(top, len(top))) for token, p, top in rows]
    one, other = aligned(family, completion(rows)), aligned(family, completion(shuffled))
    assert (one.soft.positions == other.soft.positions).all() and (one.soft.ids == other.soft.ids).all()
    assert np.allclose(one.soft.probs.astype(float), other.soft.probs.astype(float), rtol=2**-9)


@pytest.mark.parametrize("family", FAMILIES)
@given(rows=told())
def test_the_end_mark_changes_nothing(family, rows):
    """GOLD (TRL) had a mark on one side collapse everything into one group (issues 4392, 4393)."""
    batch = completion(rows)
    with_end, without = aligned(family, batch), aligned(family, batch, special=False)
    assert soft(family, with_end) == [*soft(family, without), {}]


def test_groups_of_every_kind():
    told = certain("Tom", " has", " 1", "2", " apples and")
    found = aligned("byte_level", completion(told))
    pieces = [vocabulary("byte_level").pieces[number] for number in found.student.ids]
    assert pieces[2] == "Ġ12"
    merged = soft("byte_level", found)[2]
    # " 1" then "2": the chain rule; " 1" then "." and "." at once are other texts.
    assert merged["Ġ12"] == pytest.approx(0.81, rel=1e-3) and merged["."] == pytest.approx(0.1, rel=1e-3)
    chunks = aligned("byte_level", completion(told), CHUNK).chunks
    assert chunks.first[0] == 2 and chunks.length[0] == 1
    assert chunks.logprobs[0] == pytest.approx(2 * math.log(0.9), rel=1e-5)
    assert 2 not in aligned("byte_level", completion(told), ONE_HOT).soft.positions


def test_several_student_tokens_share_a_teacher_tokens_distribution():
    own = vocabulary("byte_level")
    told = [(b"qzx", 0.5, [(b"qzx", 0.5), (b"qzy", 0.25), (b"b", 0.125)])]
    found = soft("byte_level", aligned("byte_level", completion(told)))
    assert own.cut(b"qzx", False) == tuple(own.exact(letter)[0] for letter in (b"q", b"z", b"x"))
    assert found[0] == pytest.approx({"q": 0.75, "b": 0.125}, rel=1e-3)
    assert found[1] == {}, "after q the known part leaves no choice: the token itself"
    assert found[2] == pytest.approx({"x": 2 / 3, "y": 1 / 3}, rel=1e-3)
    assert found[0]["q"] * 1.0 * found[2]["x"] == pytest.approx(0.5, rel=2e-3), "the chain rule"


@pytest.mark.parametrize("family", ["metaspace", "wordpiece"])
def test_what_the_tokenizer_cannot_spell_stays_one_hot(family):
    """Its alternatives alone would teach them, and not what the teacher said."""
    found = aligned(family, completion(certain("Tom", "<", " has")))
    unknown = np.flatnonzero(found.student.ids == vocabulary(family).unknown)
    assert len(unknown) and not set(unknown) & set(found.soft.positions)
    behind = np.flatnonzero(found.student.covers) > unknown[-1]
    assert behind.any() and max(found.soft.positions) > unknown[-1], "what stands behind it is aligned again"


def test_alternatives_without_a_student_token_are_missing_mass_behind_the_first_token_too():
    own = vocabulary("metaspace")
    leaves = [(b"1/", 0.5), (b"1<", 0.25), (b"1=", 0.125)]
    first, second = merged(own, leaves, own.cut(b"1/", fresh=False))
    one, slash, equals = (own.exact(letter)[0] for letter in (b"1", b"/", b"="))
    assert min(one, slash, equals) >= 0 and first == {one: 0.875}
    assert second == pytest.approx({slash: 0.5 / 0.875, equals: 0.125 / 0.875})


def test_text_that_reads_like_a_mark_is_no_mark():
    own = vocabulary("byte_level")
    told = [(b"qz", 0.5, [(b"qz", 0.5), (b"</s>", 0.25), (b"q<pad>", 0.125)])]
    found = aligned("byte_level", completion(told))
    assert all(own.pieces[number] for number in found.soft.ids)
    assert soft("byte_level", found)[0] == pytest.approx({"q": 0.625}, rel=1e-3)


@pytest.mark.parametrize("family", FAMILIES)
def test_a_token_of_no_bytes_is_no_student_token(family):
    assert vocabulary(family).exact(b"") == (-1, -1)


@pytest.mark.parametrize("logprob", [None, -math.inf])
def test_a_token_without_a_probability_spoils_no_other_chunk(logprob):
    told = certain("Tom", " 1", "2", " has", " 1", "2")
    row = completion(told).to_pylist()[0]
    row["token_logprobs"][2] = logprob
    found = aligned("byte_level", pa.RecordBatch.from_pylist([row], schema=completion(told).schema), CHUNK)
    assert found.chunks.logprobs.tolist() == pytest.approx([2 * math.log(0.9)], rel=1e-5)


def test_what_is_remembered_of_texts_has_an_end(monkeypatch):
    monkeypatch.setattr("specialize.traces.alignment.vocabulary.MOST_CUTS", 8)
    own = StudentVocabulary(vocabulary("byte_level").tokenizer)
    for number in range(40):
        assert own.cut(f"{number}".encode(), False) == vocabulary("byte_level").cut(f"{number}".encode(), False)
    assert len(own._cut) <= 8


def test_folded_line_ends_and_the_first_word():
    told = certain("Tom", " has", ".", "\n", "She", " was")
    targets = soft("metaspace", aligned("metaspace", completion(told)))
    own = vocabulary("metaspace")
    pieces = [own.pieces[number] for number in own.tokenizer("Tom has.\nShe was")["input_ids"]]
    for place, piece in enumerate(pieces[:-1]):
        if piece in ("▁Tom", "▁She", "▁has"):
            assert piece in targets[place]


@pytest.mark.parametrize(
    ("spoilt", "reason"),
    [
        ({"tokens": None}, "no log-probabilities"),
        ({"token_logprobs": [-0.1]}, "lists of unequal length"),
        ({"top_logprobs": [[-0.1]] * 6}, "lists of unequal length"),
        ({"tokens": [b"Tom", b" has", b" 5", b".", b" x", b"y"]}, "the tokens do not spell the text"),
        ({"tokens": [b"Tom", b" has", b" \xed\xa0\x80", b".", b" x", b"y"]}, "the tokens do not spell the text"),
        ({"text": "Tim has 5."}, "the tokens do not spell the text"),
    ],
)
def test_a_row_that_cannot_be_aligned_is_one_hot_and_counted(spoilt, reason):
    batch = completion(certain("Tom", " has", " 5", ".", "\n", "The answer is 5"))
    row = batch.to_pylist()[0] | spoilt
    batch = pa.RecordBatch.from_pylist([row], schema=batch.schema)
    found = align_batch(vocabulary("byte_level"), batch, ["Tom has 5.\nThe answer is 5"], MERGE)
    assert found.coverage.rejected == {reason: 1} and not found.targets[0].counts.any()
    assert found.coverage.all.tokens == len(found.targets[0].ids) and found.coverage.all.soft == 0


def test_a_reasoning_that_is_another_ones_is_rejected():
    batch = completion(certain("Tom", " has", " 5", "."))
    found = align_batch(vocabulary("byte_level"), batch, ["He has 5.\nThe answer is 5"], MERGE)
    assert found.coverage.rejected == {"the reasoning is not the completion's": 1}
    assert OURS == -1
