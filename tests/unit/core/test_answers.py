"""The judge: two readings of a text, side by side."""

import os
import random
import time
import timeit
from collections.abc import Callable
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from specialize.core.answers import canonical_gold, flexible_answer, judge, rationale_of, same_answer, strict_answer

# text → (strict, flexible), both in canonical form
READINGS = {
    # the marker, in any case and dress
    "3 + 4 = 7. The answer is 7": ("7", "7"),
    "the answer is 7.": ("7", "7"),
    "THE ANSWER IS: 7": ("7", "7"),
    "So the  final answer is 7": ("7", "7"),
    "The correct answer is $7.50 each.": ("7.5", "7.5"),
    "The answer is\n7": ("7", "7"),
    "The answer is:\n\n7": ("7", "7"),
    "15 eggs.The answer is15": ("15", "15"),
    "#### 70,000": ("70000", "70000"),
    "6 * 7 = <<6*7=42>>42\n####42": ("42", "42"),
    "She has 3 and 2.\nA: 5": ("5", "5"),
    "She has 3 and 2.\nA:5\n\n": ("5", "5"),
    "The answer is -3": ("-3", "-3"),
    "The answer is 1/3 of it": ("1/3", "1/3"),
    "The answer is 1 1/2.": ("1.5", "1.5"),
    "The answer is -(1/3)": ("-1/3", "-1/3"),
    # what stands behind it
    "The answer is 2 x 25 = 50": ("50", "50"),
    "The answer is 58 - 60 = 38. So 2 less.": ("38", "2"),
    "The answer is 7 apples and 3 pears": ("7", "3"),
    "The answer is 3.5. Then 4": ("3.5", "4"),
    "The answer is 7 =": ("7", "7"),
    "The answer is 88. Note: 400 is likely.": ("88", "400"),
    "The answer is 23 no wait its 46": ("23", "46"),
    # twice: the last one counts
    "The answer is 5. The answer is 7": ("7", "7"),
    "The answer is 178 is incorrect, the answer is 162": ("162", "162"),
    # another question is not read
    "The answer is 5\n\nQuestion: 9 men? The answer is 9": ("5", "5"),
    "The answer is 5\nQ: 9 men?\nA: 9": ("5", "5"),
    "The answer is 5\n \n  question 2: 9 men?": ("5", "5"),
    "3 and 2\nA: 5\nQ: 9 men?\nA: 9": ("5", "5"),
    "Q: 4 men?\nA: 4": ("4", "4"),
    # no marker, or nothing behind it
    "It is 7": (None, "7"),
    "A: 5\nIt is 7": (None, "7"),
    "The answer isn't 7": (None, None),
    "Two 7s. The answer isn't 14": (None, "7"),
    "7. The answer is unknown": (None, "7"),
    "5\n####": (None, "5"),
    "no idea": (None, None),
    "": (None, None),
}


@pytest.mark.parametrize("text", READINGS)
def test_both_readings(text: str) -> None:
    assert (strict_answer(text), flexible_answer(text)) == READINGS[text]


@pytest.mark.parametrize("gold", ["72", "72.0", "$72", "#### 72", "48 / 2 = <<48/2=24>>24 clips.\nIn all 72.\n#### 72"])
def test_gold_as_number_text_or_whole_solution(gold: str) -> None:
    assert canonical_gold(gold) == ("72", "number")
    judgement = judge("The answer is 72", gold)
    assert judgement.strict.correct and judgement.flexible.correct
    assert not judge("The answer is 73", gold).strict.correct


@pytest.mark.parametrize(
    ("gold", "canonical", "kind"),
    [
        ("1,000", "1000", "number"),
        (" 1.50 ", "1.5", "number"),
        ("-(1/3)", "-1/3", "number"),
        ("11; 12; 13", "11; 12; 13", "numbers"),
        ("1,000;0.50", "1000; 0.5", "numbers"),
        ("11 cats; 12 dogs", "11; 12", "numbers"),
        ("35 (apples)", "35", "number"),
        ("\\boxed{42}", "42", "number"),
        ("29 dollars", "29", "number"),
        ("1e3", "1000", "number"),
        ("5 p.m.", "5 p.m.", "text"),
        ("221 Baker Street", "221 Baker Street", "text"),
        ("10 or 12", "10 or 12", "text"),
        ("6th", "6th", "text"),
        ("5:6", "5:6", "text"),
        ("(A)", "(A)", "choice"),
        ("b)", "b)", "text"),
        ("C.", "(C)", "choice"),
        (" True ", "true", "choice"),
        ("Yes.", "yes", "choice"),
        ("1/0", "1/0", "text"),
    ],
)
def test_canonical_gold(gold: str, canonical: str, kind: str) -> None:
    assert canonical_gold(gold) == (canonical, kind)


@pytest.mark.parametrize(
    "gold",
    [
        "(A)",
        "True",
        "yes",
        "] ]",
        "Monsters, Inc",
        "dearth, wind, & fire",
        "3:30 p.m.",
        "February 3rd",
        "café",
        "½ cup",
    ],
)
@pytest.mark.parametrize("shape", ["So the answer is {}.", "The answer is: {}\n\nQ: Next?", "#### {}"])
def test_text_golds(gold: str, shape: str) -> None:
    judgement = judge("First (Z). " + shape.format(gold), gold)
    assert judgement.strict.correct and judgement.flexible.correct


@pytest.mark.parametrize(
    ("text", "gold", "correct"),
    [
        ("The answer is (B).", "(A)", False),
        ("The answer is (a)", "(A)", True),
        ('The answer is "Yes".', "yes", True),
        ("The answer is ]]", "] ]", True),
        ("The answer is not Dale", "Dale", False),
        ("(A)", "(A)", False),
    ],
)
def test_strict_reading_of_texts(text: str, gold: str, correct: bool) -> None:
    assert judge(text, gold).strict.correct is correct


def test_flexible_reading_of_a_text_is_the_whole_text() -> None:
    assert judge("Dale.", "Dale").flexible.correct
    assert not judge("It is Dale", "Dale").flexible.correct


@pytest.mark.parametrize("text", ["11; 12; 13", "11, 12 and 13.", "= 11; 12; 13"])
def test_several_numbers(text: str) -> None:
    assert judge(f"The answer is {text}", "11; 12; 13").strict.correct


@pytest.mark.parametrize("text", ["11; 12", "13; 12; 11", "11; 12; 13; 14", "unknown"])
def test_several_numbers_must_all_agree_in_order(text: str) -> None:
    assert not judge(f"The answer is {text}", "11; 12; 13").strict.correct


def test_a_given_kind_stands_before_the_inferred_one() -> None:
    assert judge("The answer is 1,000 men", "1,000").strict.correct
    assert not judge("The answer is 1,000 men", "1,000", "text").strict.correct
    assert judge("The answer is 1,000", "1,000", "text").strict.correct


def test_no_answer_is_never_right() -> None:
    assert not same_answer(None, "None")
    assert not judge("", "").strict.correct


@pytest.mark.parametrize(
    ("text", "rationale"),
    [
        ("3 + 4 = 7.\nThe answer is 7", "3 + 4 = 7."),
        ("Seven. The answer is 7. The answer is 7", "Seven."),
        ("Eight. The answer is 8. No: 3 + 4 = 7. The answer is 7", "Eight. The answer is 8. No: 3 + 4 = 7."),
        ("Seven. The answer is not 8, the answer is 7", "Seven."),
        ("3 + 4 = 7\nQ: next", "3 + 4 = 7"),
        ("The answer is 7", ""),
    ],
)
def test_rationale_stands_before_the_marker_that_holds_the_answer(text: str, rationale: str) -> None:
    assert rationale_of(text) == rationale


@given(st.integers() | st.fractions() | st.decimals(allow_nan=False, allow_infinity=False, places=4))
def test_a_number_behind_the_marker_is_right(number: object) -> None:
    text = f"{number:f}" if isinstance(number, Decimal) else str(number)
    judgement = judge(f"I take 3 and 4. The answer is {text}", text)
    assert judgement.strict.correct and judgement.flexible.correct


@given(st.integers(), st.integers())
def test_another_number_is_wrong(number: int, other: int) -> None:
    judgement = judge(f"The answer is {number}", str(other))
    assert judgement.strict.correct is judgement.flexible.correct is (number == other)


@given(st.text(), st.text(), st.sampled_from([None, "number", "numbers", "choice", "text"]))
def test_never_raises(text: str, gold: str, kind: object) -> None:
    for reading in ("", "The answer is ", "\nA: ", "#### ", "\nQ: "):
        judgement = judge(f"{text}{reading}{text}", gold, kind)  # type: ignore[arg-type]
        assert isinstance(judgement.strict.correct, bool)


CHUNKS = [
    "the ", "answer", " is ", ":", "####", "\n", " ", "\\boxed{", "}", "{", "\\frac{", "<think>", "</think>", "<answer>",
    "Q:", "\nQuestion 2:", "(A)", "B", "yes", "no", "not ", "5", "1,000", ".", "-", "$", "1/", "½", "²", "⁄", "12\u202f500",
    "\u0301", "é", "\ud800", "\x00", "**", "<|im_end|>", "e", "million", "Rs.", "twenty", "A:", "x 10^", "’", "日本", "\u2028",
]  # fmt: skip
GOLDS = ["5", "1; 2", "(A)", "yes", "True", "a text", "\\boxed{1}", "", "####", "5 (m)"]
TEXTS = int(os.environ.get("SPECIALIZE_FUZZ", 20_000))
"""Texts of the fuzz below; SPECIALIZE_FUZZ=100000 asks for more."""


def test_never_raises_on_what_models_may_write() -> None:
    random_ = random.Random(0)
    for _ in range(TEXTS):
        text = "".join(random_.choices(CHUNKS, k=random_.randrange(30)))
        options = random_.choice([None, {"A": "no", "B": "5", "C": text[:9]}])
        judgement = judge(text, random_.choice(GOLDS), choices=options)
        assert judgement.strict.correct in (True, False)
        rationale = rationale_of(text)
        assert rationale in text and rationale == rationale.strip()


@pytest.mark.parametrize("gold", ["5", "yes", "(A)", "five"])
def test_two_thousand_characters_take_a_millisecond(gold: str) -> None:
    text = "She sold 48/2 = 24 clips in May, and 48 + 24 = 72 in all. " * 35 + "The answer is 5"
    text = text[-2000:]
    took = min(timeit.repeat(lambda: judge(text, gold), number=10, repeat=7, timer=time.process_time)) / 10
    assert took < 0.004, "0.4 to 0.8 ms on a machine that does nothing else"


HOSTILE: dict[str, Callable[[int], str]] = {
    "newlines": lambda n: "\n" * n,
    "newlines and blanks": lambda n: "\n " * n,
    "blanks": lambda n: " " * n,
    "the": lambda n: "the " * n,
    "the, then blanks": lambda n: "the" + " " * n,
    "the answer is, then blanks": lambda n: "the answer is" + " " * n + ":" + "\n" * n,
    "markers": lambda n: "the answer is " * n,
    "hashes": lambda n: "#" * n,
    "equals": lambda n: "The answer is" + " = 1" * n,
    "stops": lambda n: "The answer is" + ". " * n,
    "Q without colon": lambda n: "\nQ " * n,
    "Q and blanks": lambda n: "\nQ" + " " * n,
    "Q and digits": lambda n: "\nQ" + "1" * n,
    "quotes": lambda n: "A: " + "'" * n,
    "boxes": lambda n: "\\boxed{" * (n // 7),
    "closed boxes": lambda n: "\\boxed{1} " * (n // 9),
    "tags": lambda n: "<answer>" * (n // 8),
    "colons": lambda n: "answer: " * (n // 8),
    "headings": lambda n: "#### a\n" * (n // 7),
    "thoughts": lambda n: "<think>" * (n // 7),
    "questions": lambda n: "\nQuestion:" * (n // 10),
    "people": lambda n: "a Human: " * (n // 9),
    "combining marks": lambda n: "a" + "\u0301\u0334" * n,
    "labels": lambda n: "The answer is " + "(A) " * (n // 4),
    "denials": lambda n: "The answer is " + "not 5 " * (n // 6),
    "negations": lambda n: "no " * (n // 3),
}


OPTIONS = {"A": "5", "B": "x > 3", "C": "fish market", "D": "12 and 8"}
MEGABYTE = 1_000_000


@pytest.mark.parametrize("gold", ["72", "a clip", "(A)", "no"])
def test_a_megabyte_is_read_to_its_end(gold: str) -> None:
    sentence = "She sold 48/2 = 24 clips in May, option B, and 48 + 24 = 71 in all, so yes. "
    text = (sentence * (MEGABYTE // len(sentence) + 1))[: MEGABYTE - 40] + f" The answer is {gold}."
    choices = OPTIONS if gold == "(A)" else None
    assert judge(text, gold, None, choices).strict.correct
    assert rationale_of(text).startswith("She sold")


@pytest.mark.slow
@pytest.mark.parametrize("name", HOSTILE)
def test_four_times_the_text_takes_not_much_more_than_four_times_as_long(name: str) -> None:
    took = []
    for length in (MEGABYTE // 4, MEGABYTE):
        text = HOSTILE[name](MEGABYTE)[:length]
        start = time.process_time()
        for gold in ("5", "five", "(A)", "yes"):
            judge(text, gold)
        judge(text, "(A)", "choice", OPTIONS)
        took.append(time.process_time() - start)
    assert took[1] < 8 * took[0] + 0.5


@pytest.mark.parametrize("name", HOSTILE)
def test_time_grows_with_the_length(name: str) -> None:
    text = HOSTILE[name](30_000)
    start = time.process_time()
    judge(text, "5")
    judge(text, "five")
    judge(text, "(A)")
    judge(text, "yes")
    judge(text, "(A)", "choice", OPTIONS)
    rationale_of(text)
    # Squared time would be six seconds and more; it is two at most, and more on a busy machine.
    assert time.process_time() - start < 5


def test_texts_of_other_numbers_are_not_the_same() -> None:
    assert not same_answer("1, 2", "12")
    assert same_answer("apple, pear", "apple pear")
