"""From recorded rows to completions: matching, numbering, order, counts."""

from hypothesis import given
from hypothesis import strategies as st

from specialize.core.questions import normalised_question
from specialize.records.problems import Problem
from specialize.teacher.api.responses import Answer
from specialize.teacher.recorded.match_questions import QuestionIndex
from specialize.teacher.recorded.read_recordings import RecordedRow
from specialize.teacher.recorded.to_completions import import_rows


def problem(number: int, question: str) -> Problem:
    return Problem(id=f"d/train/{number}", dataset="d", question=question, answer="1", kind="number")


def row(question: str, *texts: str) -> RecordedRow:
    return RecordedRow("f:1", question, tuple(Answer(text) for text in texts))


PROBLEMS = [
    problem(0, "How many eggs?"),
    problem(1, "How  many—EGGS, then?"),
    problem(2, "Add 1.5"),
    problem(3, "Add 1 5!"),
    problem(4, "Twice?"),
    problem(5, "Twice?"),
    problem(6, "сколько яиц"),
]


def test_exact_first_then_normalised_never_guessed() -> None:
    index = QuestionIndex(PROBLEMS)
    cases = {
        "How many eggs?": ("d/train/0", "matched exactly"),
        "how MANY eggs": ("d/train/0", "matched normalised"),
        "How many eggs then": ("d/train/1", "matched normalised"),
        "Add 1.5": ("d/train/2", "matched exactly"),
        "Add 1-5": (None, "ambiguous"),
        "Twice?": (None, "ambiguous"),
        "Thrice?": (None, "unmatched"),
        "сколько яиц": ("d/train/6", "matched exactly"),
        "сколько птиц": (None, "unmatched"),
        "?!": (None, "unmatched"),
    }
    for question, (wanted, how) in cases.items():
        match = index.match(question)
        assert (match.problem and match.problem.id, match.how) == (wanted, how), question


def test_samples_run_per_problem_and_teacher_and_rows_are_sorted() -> None:
    rows = {
        "zeta": [row("Add 1.5", "z0"), row("How many eggs?", "z1", "z2"), row("lost", "x"), row("how many eggs", "z3")],
        "alpha": [row("How many eggs?", "a0"), row("Twice?", "y")],
    }
    imported = import_rows(rows, PROBLEMS)
    seen = [(one["problem_id"][-1], one["teacher"], one["sample"], one["text"]) for one in imported.completions]
    assert seen == [
        ("0", "alpha", 0, "a0"),
        ("0", "zeta", 0, "z1"),
        ("0", "zeta", 1, "z2"),
        ("0", "zeta", 2, "z3"),
        ("2", "zeta", 0, "z0"),
    ]
    assert imported.counts == {
        "zeta": {
            "rows": 4,
            "matched exactly": 2,
            "matched normalised": 1,
            "unmatched": 1,
            "ambiguous": 0,
            "completions": 4,
        },
        "alpha": {
            "rows": 2,
            "matched exactly": 1,
            "matched normalised": 0,
            "unmatched": 0,
            "ambiguous": 1,
            "completions": 1,
        },
    }
    assert [lost.question for lost in imported.lost] == ["lost", "Twice?"]


@given(st.lists(st.tuples(st.sampled_from([p.question for p in PROBLEMS] + ["none"]), st.integers(0, 3))))
def test_every_row_is_counted_once_and_every_sample_kept(asked: list[tuple[str, int]]) -> None:
    rows = [row(question, *"abc"[:count]) for question, count in asked]
    imported = import_rows({"t": rows}, PROBLEMS)
    counts = imported.counts["t"]
    assert sum(counts.values()) - counts["rows"] - counts["completions"] == counts["rows"] == len(rows)
    assert len(imported.completions) == sum(len(r.answers) for r in rows) - sum(len(r.answers) for r in imported.lost)
    keys = [(one["problem_id"], one["sample"]) for one in imported.completions]
    assert len(set(keys)) == len(keys)


@given(st.text())
def test_normalised_question_is_idempotent(text: str) -> None:
    once = normalised_question(text)
    assert normalised_question(once) == once
