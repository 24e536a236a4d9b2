"""Every character of a target knows where it comes from."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from specialize.core.answers import rationale_of
from specialize.traces.rationale import OURS, byte_origins, target_origins, tidied

WORDS = st.sampled_from(
    ["48/2 = <<48/2=24>>24", " ", "  ", "\n", "\r\n\n", "é½", "So", "Therefore, ", ".", "\u2028", "a", "日"]
)
TEXTS = st.lists(WORDS, max_size=12).map("".join)


@given(text=TEXTS)
def test_tidied_characters_are_the_texts(text):
    tidy, origins = tidied(text)
    assert len(tidy) == len(origins) and origins == sorted(set(origins))
    for letter, origin in zip(tidy, origins, strict=True):
        assert text[origin] == letter or (letter.isspace() and text[origin].isspace())


@given(
    text=TEXTS, tail=st.sampled_from(["", "The answer is 7", "\nThe answer is 7.\n\n", " The answer is $7", "#### 7"])
)
def test_a_target_is_traced_to_its_bytes(text, tail):
    completion = text + tail
    target = f"{tidied(rationale_of(completion))[0]}\nThe answer is 7"
    places = target_origins(completion, target)
    assert places is not None and len(places) == len(target)
    known = places[places != OURS]
    assert (np.diff(known) > 0).all()
    origins = byte_origins(completion, target, places)
    spelled, raw = target.encode(), completion.encode()
    assert len(origins) == len(spelled)
    for byte, origin in zip(spelled, origins, strict=True):
        if origin != OURS and not bytes([byte]).isspace():
            assert raw[origin] == byte


@pytest.mark.parametrize(
    ("completion", "ours"),
    [
        ("It is 7.\nThe answer is 7\n", ""),
        ("It is 7. The answer is 7.", ""),
        ("\nIt is 7.\n\nThe answer is 7", ""),
        ("It is 7.\nThe answer is $7", "7"),
        ("It is 7.\nthe answer is 7", "\nThe answer is 7"),
        ("It is 7.\nSo the answer is 7", "\nThe answer is 7"),
        ("It is 7.\n#### 7", "\nThe answer is 7"),
    ],
)
def test_how_much_of_the_answer_line_is_the_teachers(completion, ours):
    target = "It is 7.\nThe answer is 7"
    places = target_origins(completion, target)
    assert places is not None
    assert "".join(letter for letter, place in zip(target, places, strict=True) if place == OURS) == ours


def test_another_reasoning_has_no_origins():
    assert target_origins("It is 7.\nThe answer is 7", "It was 7.\nThe answer is 7") is None
