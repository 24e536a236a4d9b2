"""The judge on publicly reported answers and on answers of the same kinds: 149 recorded cases, and what was decided.

The texts are written here in our own words where they are short; the recorded ones are read from the shared data and
only their verdicts stand here (docs/explanation/judge.md says why).
"""

import json
from pathlib import Path

import pytest

from specialize.core.answers import judge, rationale_of
from specialize.core.params.traces import FilterParams
from specialize.evaluate.scorers import exact
from specialize.records.completions import Completion
from specialize.records.problems import Problem
from specialize.traces.filter.steps import filter_completions

# id → verdicts of (strict, flexible) against the case's gold answer; None: not decided by the case.
BOTH = [
    "L2",
    "L6",
    "L7",
    "L8",
    "L9",
    "L11",
    "L12",
    "L13",
    "L14",
    "M1",
    "M2",
    "M3",
    "M4",
    "M5",
    "M6",
    "M7",
    "M8",
    "M9",
    "H3",
    "H4",
    "R1",
    "R2",
    "R3",
    "R4",
    "R5",
    "R6",
    "T1",
    "N4",
    "N5",
    "S1",
    "S2",
    "S3",
    "S4",
    "S5",
    "S7",
    "D1",
    "V1",
    "V2",
    "V5",
    "V6",
    "V7",
    "V9",
    "V12",
    "V13",
    "V14",
    "V15",
    "V16",
    "Q1",
    "Q2",
    "Q3",
    "Q4",
    "Q5",
    "Q6",
]
NEITHER = ["L10", "T4", "T5", "N1", "N2", "N3", "V3", "V4", "V11"]
AGAINST_THE_REPORT = ["S6", "S8", "V8"]
"""Read as English and as the benchmarks write them: 1.000 is 1, `4,2` two numbers, 20% the number 20."""
ONLY = {
    "L1": (True, True), "L3": (True, True), "L4": (True, True), "L5": (True, True),
    "M10": (True, True), "M11": (True, False), "H1": (False, True), "H2": (True, False),
    "T2": (False, True), "T3": (True, True), "T6": (False, True),
    "S9": (False, True), "S10": (False, True), "D2": (False, True), "D3": (False, True), "V10": (False, True),
}  # fmt: skip
VERDICTS = {
    **dict.fromkeys(BOTH, (True, True)),
    **dict.fromkeys([*NEITHER, *AGAINST_THE_REPORT], (False, False)),
    **ONLY,
}
EXACT = {f"B{number}": number not in (14, 15, 17) for number in range(1, 23)}
"""B14 is another answer, B15 none; B17's target is the option's text, whose letter the question does not show."""


@pytest.fixture(scope="module")
def cases(shared_data: Path) -> dict[str, dict]:
    path = shared_data.parent / "cases/judge_and_data.jsonl"
    if not path.is_file():
        pytest.skip("the recorded cases are not here")
    return {row["id"]: row for row in map(json.loads, path.read_text(encoding="utf-8").splitlines())}


@pytest.mark.parametrize("name", VERDICTS)
def test_both_readings_of_a_recorded_case(cases: dict[str, dict], name: str) -> None:
    judgement = judge(cases[name]["input"], cases[name]["gold"])
    assert (judgement.strict.correct, judgement.flexible.correct) == VERDICTS[name]


@pytest.mark.parametrize("name", EXACT)
def test_exact_scorer_on_a_recorded_case(cases: dict[str, dict], name: str) -> None:
    assert exact(cases[name]["input"], cases[name]["gold"]).correct is EXACT[name]


ELSEWHERE = {
    "P1 P2 P3 P4 P5 P6 P7 P8 P9 P10": "tests/unit/core/test_answers_cases.py",
    "P11 P12 P13 P14": "tests/unit/teacher/recorded/test_recorded_cases.py",
    "C1 C2": "tests/unit/core/test_questions.py",
    "C3 C4 C5 C6 C7": "tests/unit/traces/filter/test_contamination.py",
    "K1 K2 K3": "tests/unit/data/test_preview.py",
    "K4": "tests/unit/traces/alignment/test_align_bytes.py",
    "HB2 HB9 HB12 HB16": "tests/unit/data/benchmarks/test_fake_hub.py",
    "HB6 HB7 HB8 HB10 HB11 HB13 HB14 HB15 HB17 HB18": "tests/unit/data/benchmarks/test_hub.py",
    "W1 W2 W3": "tests/unit/data/test_preview.py",
}
"""Cases that are no text with a gold answer → the tests of their kind."""
ON_THE_HUB = {"HB1", "HB3", "HB4", "HB5"}
"""What one repository of the Hub holds today: no test reaches it."""


def test_every_recorded_case_is_here(cases: dict[str, dict]) -> None:
    texts = {name for name, case in cases.items() if isinstance(case["expected"], dict)}
    assert texts == {*VERDICTS, *EXACT}
    elsewhere = {name for names in ELSEWHERE for name in names.split()}
    assert len(cases) == 149 and cases.keys() - texts == elsewhere | ON_THE_HUB
    project = Path(__file__).parents[3]
    assert [path for path in ELSEWHERE.values() if not (project / path).is_file()] == []


# The same kinds in our own words: text, gold, (strict, flexible).
KINDS = [
    # 1. run-on
    ("The answer is 9\n\n### Exercise 4\nTom has 3 nuts.\nThe answer is 3", "9", (True, True)),
    ("The answer is 9\n**Question 2:** Tom has 3 nuts.\nThe answer is 3", "9", (True, True)),
    ("The answer is 9\nUser: Tom has 3 nuts.\nThe answer is 3", "9", (True, True)),
    ("The answer is 9</s><s>Tom has 3 nuts. The answer is 3", "9", (True, True)),
    ("The answer is 9 [INST] Tom has 3 nuts [/INST] The answer is 3", "9", (True, True)),
    ("The answer is 9<end_of_turn>\n<start_of_turn>user\n3 nuts", "9", (True, True)),
    ("7 + 2 = 9 The answer is 9 Question: Tom has 3 nuts. The answer is 3", "9", (True, True)),
    ("<|im_start|>assistant\nThe answer is 9<|im_end|>", "9", (True, True)),
    ("Let me restate the problem.\n\nProblem: how many nuts?\n7 + 2 = 9\nThe answer is 9", "9", (True, True)),
    ("There are 9 nuts.\nQuestion: Tom has 3 nuts. How many?\n3", "9", (False, True)),
    ("Question 1: How many nuts? 7 + 1 = 8\nQuestion 2: And in all? 8 + 1 = 9\nThe answer is 9", "9", (True, True)),
    ("Input: 7 and 2\n7 + 2 = 9\nInput: none\nThe answer is 9", "9", (True, True)),
    ("9 <unk> is what the sum is. The answer is 9", "9", (True, True)),
    # 3. headings
    ("#### Count\n7 + 2\n#### 2. Sum\n7 + 2 = 9\n\nAnswer: 9", "9", (True, True)),
    ("7 + 2 = 9\n#### $9 nuts", "9", (True, True)),
    ("### Final answer:\n\n**9**", "9", (True, True)),
    # 5. LaTeX
    (r"\[ \boxed{\dfrac{9}{4}} \]", "2.25", (True, True)),
    (r"The answer is $-\frac{9}{4}$", "-9/4", (True, True)),
    (r"First \boxed{3}, then \boxed{9}.", "9", (True, True)),
    (r"So $n = \boxed{9\text{ nuts}}$. See step 3.", "9", (True, True)),
    (r"The answer is $9\cdot 10^2$", "900", (True, True)),
    (r"The answer is $1{,}009\,\text{km}$", "1009", (True, True)),
    ("The answer is 9 × 10³.", "9000", (True, True)),
    # 7. denials
    ("The answer isn't 8, it's 9.", "9", (False, True)),
    ("The answer is 8? No. The answer is 9, not 8.", "9", (True, True)),
    ("The answer is not 8; the correct one is 9", "8", (False, False)),
    ("The answer is 8 (incorrect, the answer should be 9)", "9", (True, True)),
    # 8. a stop glued to the next number
    ("That makes 9 nuts.9 is all", "9", (False, True)),
    ("The answer is Rs. 900", "900", (True, True)),
    # 9. thinking blocks
    ("<thinking>The answer is 3</thinking>The answer is 9", "9", (True, True)),
    ("[THINK]It is 3[/THINK]It is 9", "9", (False, True)),
    ("The answer is 9 <think> or 3", "9", (True, True)),
    (
        "<|channel|>analysis<|message|>3?<|end|><|start|>assistant<|channel|>final<|message|>The answer is 9",
        "9",
        (True, True),
    ),
    # 12, 13. dress of gold answers, thousands, signs
    ("The answer is 9", r"\fbox{9}", (True, True)),
    ("The answer is 9", "**9**", (True, True)),
    ("The answer is 9; 3", "9 (m); 3 (m)", (True, True)),
    ("The answer is 12,34,567", "1234567", (True, True)),
    ("The answer is 1'234'567.5", "1234567.5", (True, True)),
    ("The answer is −€9", "-9", (True, True)),
    ("The answer is minus 9", "-9", (True, True)),
    ("The answer is 2 million.", "2000000", (True, True)),
    ("The answer is one hundred and nine.", "109", (True, True)),
    # 15. markers
    ("Final answer: 9", "9", (True, True)),
    ("Ans: 9", "9", (True, True)),
    ("Our plans: 9", "9", (False, True)),
    ("ANSWER = 9", "9", (True, True)),
    ("The answer is, therefore, 9.", "9", (True, True)),
    ("The answer is minus nine.", "-9", (True, True)),
    ("The answer is 9", "9 °C", (True, True)),
    ("The answer is 9", "x = 9", (True, True)),
    ("__Answer__: 9", "9", (True, True)),
    ("<final_answer>\n9\n</final_answer>", "9", (True, True)),
    ("Answer: First there are 7, and 2 more. So 9.", "9", (False, True)),
    ("7 + 2 = 9, so that is what the answer is. Check: 9 - 2 = 7.", "9", (False, False)),
    ("To find the answer: 7 + 2 = 8. The answer to the question is 9", "9", (True, True)),
    ("The answer is 9. Our answer is correct.", "9", (True, True)),
]


@pytest.mark.parametrize(("text", "gold", "verdicts"), KINDS)
def test_the_same_kinds(text: str, gold: str, verdicts: tuple[bool, bool]) -> None:
    judgement = judge(text, gold)
    assert (judgement.strict.correct, judgement.flexible.correct) == verdicts, judgement


QUESTION = Problem(id="d/train/0", dataset="d", question="How many rolls?", answer="18", kind="number")
PAPER = FilterParams(reading="flexible", agreeing=False, duplicates="keep")
STEPS = "3 * 4 = 12 and 12 + 6 = 18."
# completion → the reasoning that is trained on; None: no trace by the default filter.
TRACES = {
    f"{STEPS}\n\n\\boxed{{18}}": STEPS,
    f"{STEPS}\n\n**The answer is 18**": STEPS,
    f"{STEPS}\n\nTherefore, **the answer is 18**": STEPS,
    f"{STEPS}\n\n### Final Answer\n18": STEPS,
    f"{STEPS} The answer is 18 Q: How many are 3 + 4? The answer is 7": STEPS,
    f"Let us see what the answer is. {STEPS}\nThe answer is 18": f"Let us see what the answer is. {STEPS}",
    f"<think>\nWhat is the answer? The answer is not 3.\n</think>\n{STEPS}\nThe answer is 18": STEPS,
    f"<think>\n{STEPS}\n</think>\n<answer>18</answer>": STEPS,
    f"#### Trays\n{STEPS}\n\nThe answer is 18": f"Trays\n{STEPS}",
    "3 * 4 = 12. In all 12 + 6 = $\\boxed{18}$ rolls. Let me know!": "3 * 4 = 12. In all 12 + 6 = 18 rolls.",
    "**Trays:** $3 \\times 4 = 12$\n\n$\\frac{72}{4} = 18$\n\\boxed{18}": "Trays: 3 * 4 = 12\n72/4 = 18",
    f"{STEPS} The answer is not 18, it is 20.": None,
    "The answer is 18": None,
}  # fmt: skip


@pytest.mark.parametrize("text", TRACES)
def test_what_a_student_is_trained_on(text: str) -> None:
    completion = Completion(problem_id=QUESTION.id, teacher="t", sample=0, text=text)
    traces = filter_completions([completion], [QUESTION], [], FilterParams()).traces
    assert [trace.rationale for trace in traces] == ([TRACES[text]] if TRACES[text] else [])
    if traces:
        assert filter_completions([completion], [QUESTION], [], PAPER).traces == traces


def test_the_reasoning_of_an_option_ends_at_the_last_marker() -> None:
    text = "(A) melts, the answer is not (A). So the answer is (B).\n#### (B)"
    assert rationale_of(text, "choice") == "(A) melts, the answer is not (A). So"
