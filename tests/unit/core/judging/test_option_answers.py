"""Options, yes and no, in the wordings that models use."""

import pytest

from specialize.core.answers import canonical_gold, judge

OPTIONS = {"A": "bank", "B": "library", "C": "melted", "D": "department store", "E": "new york"}
FORMULAS = {"A": "21%", "B": "34", "C": "5(√3 + 1)", "D": "1/2", "E": "None of these"}

SAYS_C = [
    "(C)", "C.", "C", "c", "C, melted", "C: melted", "C - melted", "probably (C)", "option C", "Option (c) is correct",
    "**C**", "**C) melted**", "[C]", "It is C.", "C is the answer", "So the answer is (C).", "The answer is C melted",
    "Therefore, among A through E, the answer is C.", "The answer (A through E) is C.", "the best answer is C",
    "The correct option is C.", "The correct choice is (C) melted", "Answer:\nC", "Final Answer: **C. melted**",
    "\\boxed{C}", "$\\boxed{\\text{C}}$", "\\boxed{\\text{(C) melted}}", "The answer is not (A) but (C).",
    "It must be (C), since (A) is wrong.", "(A) is a place, (B) is one too. Ice that is warm melts, so it is (C).",
    "<think>maybe (A)</think>\nC", "The answer is: C\n\nQ: Next? (A)",
]  # fmt: skip
SAYS_MELTED = [
    "melted", "Melted.", "the answer is melted", "The answer is most likely melted.", "Answer: melted",
    "It was a bank of ice once. By now it has melted.",
]  # fmt: skip


@pytest.mark.parametrize("text", SAYS_C)
def test_an_option_named_by_its_label(text: str) -> None:
    for choices in (None, OPTIONS):
        assert judge(text, "(C)", None, choices).flexible.correct
        assert not judge(text, "(A)", None, choices).flexible.correct


@pytest.mark.parametrize("text", SAYS_MELTED)
def test_an_option_named_by_its_text(text: str) -> None:
    assert judge(text, "C", None, OPTIONS).flexible.correct
    assert not judge(text, "A", None, OPTIONS).flexible.correct


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("The answer is 21%", "A"),
        ("\\boxed{\\frac{1}{2}}", "D"),
        ("$5(√3 + 1)$", "C"),
        ("Thus 34", "B"),
        ("B) 34", "B"),
        ("None of these", "E"),
        ("The answer is 35", None),
        ("The answer is $5(\\sqrt{3} + 1)$ minutes", "C"),
        ("5(sqrt(3)+1)", "C"),
        ("15(√3 + 1)", None),
        ("34 kmph", "B"),
    ],
)
def test_options_that_are_formulas(text: str, label: str | None) -> None:
    for gold in FORMULAS:
        assert judge(text, gold, "choice", FORMULAS).flexible.correct is (gold == label)


RELATIONS = {"A": "x > 3", "B": "x < 3", "C": "x >= 3", "D": "L(x,y) < R(x,y)", "E": "12 and 8"}
SPEEDS = {"A": "8.75", "B": "6 kmph", "C": "8.75", "D": "the roads", "E": "None of these"}


@pytest.mark.parametrize(
    ("text", "choices", "labels"),
    [
        ("x>3", RELATIONS, "A"),
        ("The answer is x ≥ 3.", RELATIONS, "C"),
        ("$x \\geq 3$", RELATIONS, "C"),
        ("\\boxed{L(x,y)<R(x,y)}", RELATIONS, "D"),
        ("Thus L(x, y) < R(x, y)", RELATIONS, "D"),
        ("12, 8", RELATIONS, "E"),
        ("The answer is 8.75 hours.", SPEEDS, "AC"),  # two options have this text: each is right as gold
        ("(C) 8.75", SPEEDS, "C"),
        ("A. 8.75", SPEEDS, "A"),
        ("6 km/h", SPEEDS, "B"),
        ("The answer is a road.", SPEEDS, "D"),
    ],
)
def test_options_in_another_spelling(text: str, choices: dict[str, str], labels: str) -> None:
    right = [gold for gold in choices if judge(text, gold, "choice", choices).flexible.correct]
    assert right == list(labels)


def test_options_of_which_one_is_unlike_the_others_in_its_unit() -> None:
    assert judge("8.75", "A", "choice", {"A": "8.75 m", "B": "8.75 km"}).flexible.answer is None


RULED_OUT = [
    "A, B, and C are all wrong. D is right.", "We can eliminate A, B and C. It is D.", "Not (A), but (D).",
    "The answer is (D) rather than (A).", "(A) is wrong because banks close. (B) is wrong. (C) is wrong. So (D).",
]  # fmt: skip


@pytest.mark.parametrize("text", RULED_OUT)
def test_options_that_are_ruled_out_are_not_stated(text: str) -> None:
    assert judge(text, "D", "choice", OPTIONS).flexible.correct


@pytest.mark.parametrize(("text", "label"), [("A bank.", "A"), ("I think it is B", "B"), ("A, because B is far", "A")])
def test_an_article_is_no_label(text: str, label: str) -> None:
    assert judge(text, label, None, OPTIONS).flexible.answer == f"({label})"


SAYS_YES = [
    "Yes", "Yes.", "yes, the coin is still heads up.", "The answer is yes.", "**Yes**", "Answer: Yes", "True",
    "Therefore, the answer (Yes or No) is yes.", "\\boxed{\\text{Yes}}", "There is no doubt. Yes.",
    "<think>no</think> yes", "It flips once, then again. So yes.", "Yes, no one flipped it.",
    "No one flips the coin. Yes, the coin is still heads up.", "The answer is not no, it is yes.", "Ｙｅｓ", "Yes。",
    "The answer is yes Q: And now? A: no", "A: yes, no flips", "It is a yes.",
]  # fmt: skip
SAYS_NO = [
    "no, the coin is not still heads up",
    "No.",
    "The answer is No, they could not.",
    "False",
    "So the answer is no",
    "So the answer is no, the coin is not heads up",
    "Therefore, the answer (Yes or No) is No. The coin is not heads up, yes it is tails.",
    "no the coin is not heads up",
    "The answer is not yes but no.",
    "It is not true.",
    "**No.** Yes would be wrong.",
]


@pytest.mark.parametrize("text", SAYS_YES + SAYS_NO)
@pytest.mark.parametrize("gold", ["yes", "No", "True", "false."])
def test_yes_and_no(text: str, gold: str) -> None:
    is_yes = gold in ("yes", "True")
    assert judge(text, gold).flexible.correct is ((text in SAYS_YES) is is_yes)


@pytest.mark.parametrize(
    ("gold", "choices", "canonical"),
    [
        ("(C)", None, ("(C)", "choice")),
        ("c)", OPTIONS, ("(C)", "choice")),
        ("Department store", OPTIONS, ("(D)", "choice")),
        ("YES", None, ("yes", "choice")),
        ("elsewhere", OPTIONS, ("elsewhere", "text")),
    ],
)
def test_canonical_form_of_an_option(gold: str, choices: dict[str, str] | None, canonical: tuple[str, str]) -> None:
    assert canonical_gold(gold, None, choices) == canonical


def test_a_hedge_is_no_answer_but_the_first_named() -> None:
    assert judge("The answer is (A) or (B)", "(A)").strict.correct
    assert not judge("The answer is (A) or (B)", "(B)").strict.correct
    assert judge("The answer is neither.", "(A)").strict.answer is None
