"""Real completions and real questions: counts of shared/data/MANIFEST.md."""

import xml.etree.ElementTree as ElementTree
from collections import Counter
from pathlib import Path

import pytest

from specialize.core.files import read_json, read_rows
from specialize.core.params.traces import FilterParams
from specialize.core.questions import question_words
from specialize.records.completions import Completion
from specialize.records.problems import Problem
from specialize.traces.filter.candidates import agrees, candidates_of
from specialize.traces.filter.contamination import EvaluationQuestions
from specialize.traces.filter.steps import filter_completions

DATA = Path(__file__).resolve().parents[3].parent / "shared" / "data"
pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason=f"no raw files at {DATA}")


def gsm8k(split: str) -> list[Problem]:
    return [
        Problem(
            id=f"gsm8k/{split}/{number}",
            dataset="gsm8k",
            question=row["question"],
            answer=row["answer"].rsplit("####", 1)[1].strip().replace(",", ""),
            kind="number",
        )
        for number, (_, row) in enumerate(read_rows(DATA / "gsm8k" / f"{split}.jsonl"))
    ]


def bare(name: str, questions: list[str]) -> list[Problem]:
    return [
        Problem(id=f"{name}/{i:04}", dataset=name, question=q, answer="1", kind="number")
        for i, q in enumerate(questions)
    ]


@pytest.fixture(scope="module")
def train() -> list[Problem]:
    return gsm8k("train")


@pytest.fixture(scope="module")
def evaluation() -> dict[str, list[Problem]]:
    svamp = read_json(DATA / "svamp" / "SVAMP.json")
    asdiv = ElementTree.parse(DATA / "asdiv" / "ASDiv.xml").iter("Problem")
    return {
        "gsm8k": gsm8k("test"),
        "svamp": bare("svamp", [f"{row['Body'].strip()} {row['Question'].strip()}" for row in svamp]),
        "asdiv": bare("asdiv", [f"{p.findtext('Body')} {p.findtext('Question')}" for p in asdiv]),
        "multiarith": bare("multiarith", [row["sQuestion"] for row in read_json(DATA / "multiarith/MultiArith.json")]),
    }


def test_evaluation_problems_near_a_training_question(
    train: list[Problem], evaluation: dict[str, list[Problem]]
) -> None:
    questions = EvaluationQuestions(train, ngram=10)
    near = {
        name: Counter(found.overlap for problem in problems if (found := questions.overlap_with(problem.question)))
        for name, problems in evaluation.items()
    }
    assert near == {
        "gsm8k": {"shared words": 9},
        "svamp": {"shared words": 2},
        "asdiv": {"shared words": 12},
        "multiarith": {},
    }


def test_training_questions_near_an_evaluation_problem(
    train: list[Problem], evaluation: dict[str, list[Problem]]
) -> None:
    questions = EvaluationQuestions([problem for problems in evaluation.values() for problem in problems], ngram=10)
    found = [overlap for problem in train if (overlap := questions.overlap_with(problem.question))]
    assert Counter(overlap.overlap for overlap in found) == {"shared words": 23}


def codex() -> list[Completion]:
    rows = [row for _, row in read_rows(DATA / "teacher" / "codex_logprobs.jsonl")]
    return [
        Completion(problem_id=f"gsm8k/train/{row['gsm8k_index']}", teacher="codex", sample=number, text=row["text"])
        for number, row in enumerate(rows)
    ]


def test_codex_is_right_in_52_of_53(train: list[Problem]) -> None:
    candidates = candidates_of(codex(), train, FilterParams())
    wrong = [one for one in candidates if not one.correct]
    assert len(candidates) == 53
    assert [(one.problem.id, one.completion.sample) for one in wrong] == [("gsm8k/train/32", 51)]
    assert wrong[0].answer is None  # cut by length, though no finish reason was recorded


def test_codex_duplicates(train: list[Problem]) -> None:
    """Among 52 samples two pairs are equal, two more but for marks; line 53 is line 1 again, run on."""
    params = FilterParams(agreeing=False)
    without, with_line_53 = (filter_completions(samples, train, [], params) for samples in (codex()[:52], codex()))
    dropped = [{row.step: row.dropped for row in one.funnel.steps if row.dropped} for one in (without, with_line_53)]
    assert dropped == [{"no answer": 1, "duplicate": 4}, {"no answer": 1, "duplicate": 5}]
    assert with_line_53.traces == without.traces


@pytest.mark.parametrize(
    ("teacher", "right", "agreeing"),
    [
        ("gemini_level1", 7330, 1384),
        ("gemini_level2", 7072, 6870),
        ("llama_level1", 7411, 7023),
        ("llama_level2", 7420, 7174),
    ],
)
def test_teachers_paste_the_answer(train: list[Problem], teacher: str, right: int, agreeing: int) -> None:
    """The MANIFEST's expressions count 7,329, 7,067, 7,394, 7,410 right: the judge also reads `is 58 - 60 = 38`.

    They count 1,386, 6,873, 7,034, 7,193 agreeing: there, too, a rationale ends at the last `the answer is`; but a right
    chain that repeats its answer before (`the answer is 5 in all. The answer is 5`) ends before both.
    """
    path = DATA / "teacher" / "eit_nlp_distilling_cot" / f"gsm8k_{teacher}_ranked.json"
    ids = {" ".join(question_words(problem.question)): problem.id for problem in train}
    rows = [(" ".join(question_words(row["instruction"])), row["output"]) for row in read_json(path)]
    completions = [
        Completion(problem_id=ids[question], teacher=teacher, sample=0, text=text)
        for question, text in rows
        if question in ids
    ]
    found = [one for one in candidates_of(completions, train, FilterParams()) if one.correct]
    assert (len(found), sum(agrees(one) and bool(one.rationale) for one in found)) == (right, agreeing)
