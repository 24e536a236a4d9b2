"""Every character of a target knows where it comes from."""

import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from specialize.core.answers import rationale_of
from specialize.traces.filter.duplicates import equations_key, words_key
from specialize.traces.rationale import OURS, byte_origins, target_origins, tidied

WORDS = st.sampled_from(
    [
        "**",
        "### ",
        "$",
        "\\boxed{",
        "}",
        "\\frac{1}{2}",
        "\\times",
        "\\,",
        "---",
        "`",
        "<b>",
        "48/2 = <<48/2=24>>24",
        " ",
        "  ",
        "\n",
        "\r\n\n",
        "é½",
        "So",
        "Therefore, ",
        ".",
        "\u2028",
        "a",
        "日",
    ]
)
TEXTS = st.lists(WORDS, max_size=12).map("".join)


@given(text=TEXTS)
def test_tidied_characters_are_the_texts(text):
    tidy, origins = tidied(text)
    theirs = [origin for origin in origins if origin != OURS]
    assert len(tidy) == len(origins) and theirs == sorted(set(theirs))
    for letter, origin in zip(tidy, origins, strict=True):
        assert origin == OURS or text[origin] == letter or (letter.isspace() and text[origin].isspace())


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


@pytest.mark.parametrize(
    ("text", "tidy"),
    [
        ("**Step 1:** 3 * 4 = 12", "Step 1: 3 * 4 = 12"),
        ("## Trays\n\n---\n3 * 4 = 12", "Trays\n3 * 4 = 12"),
        ("2**3 = 8 and a_b", "2**3 = 8 and a_b"),
        (r"\[ 3 \times 4 = 12 \]", "3 * 4 = 12"),
        (r"$12 \div 4 = 3$, so $5 and $6", "12 / 4 = 3, so $5 and $6"),
        (r"It costs \$5 and 20\%", "It costs $5 and 20%"),
        (r"$2\frac{1}{2} + \frac{a + 1}{b}$", "2 1/2 + (a + 1)/b"),
        (r"$1{,}200\,000 + 10^{3}$ \text{ km}", "1,200000 + 10^3 km"),
        (r"so \boxed{\text{18 rolls}}.", "so 18 rolls."),
        ("<reasoning>It is `7`.</reasoning>", "It is 7."),
        ("3 < 4 and 5 > 4", "3 < 4 and 5 > 4"),
        ("It is 57, but", "It is 57"),
        ("It is 57. Therefore the answer is", "It is 57."),
    ],
)
def test_markup_is_not_learned(text, tidy):
    assert tidied(text)[0] == tidy


@pytest.mark.parametrize(
    "chunk", ["\n", "\n ", " ", "so ", "$", "**", "\\frac{", "{", "<", "`", "#", "---\n", "$ ", "((1+1)=", "\u0301"]
)
def test_time_grows_with_the_length(chunk):
    text = "a" + chunk * (60_000 // len(chunk)) + "."
    start = time.process_time()
    tidied(text)
    words_key(text)
    equations_key(text)
    # Squared time would be ten seconds and more.
    assert time.process_time() - start < 3
