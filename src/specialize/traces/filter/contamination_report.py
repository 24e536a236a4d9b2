"""What training questions and traces share with each evaluation set: results/traces/contamination.json.

The filter (contamination.py) drops a training question at its first overlap with any set; here every evaluation
question of every set is told of, before the filter and after it.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence, Set

from specialize.core.questions import question_words
from specialize.records.funnel import Contamination, OverlapKind, OverlapPair, SetOverlap, Stage
from specialize.records.problems import Problem
from specialize.records.traces import Trace
from specialize.traces.filter.contamination import SHORTEST, word_runs

USUAL = 10
"""Words in a row where the params compare whole questions alone (traces.ngram: null)."""
EXAMPLES = 3
"""Pairs shown of each kind and stage of a set."""


def contamination_of(
    problems: Sequence[Problem], traces: Sequence[Trace], against: Mapping[str, Sequence[Problem]], ngram: int
) -> Contamination:
    """Return the overlap of training `problems` and kept `traces` with each evaluation set (name → problems)."""
    ngram = ngram or USUAL
    asked = {problem.id: problem.question for problem in problems}
    kept = {trace.problem_id: trace.question for trace in traces}
    runs = _Runs((problem for each in against.values() for problem in each), ngram)
    # A kept question is one that was asked, and hashing its words is the expensive part.
    held = {question: runs.held_in(question) for question in {*asked.values(), *kept.values()}}
    training: dict[Stage, _TrainingQuestions] = {
        "asked": _TrainingQuestions(asked, held),
        "kept": _TrainingQuestions(kept, held),
    }
    rationales = {run for trace in traces for run in runs.held_in(trace.rationale)}
    return Contamination(
        ngram=ngram,
        training_questions=len(problems),
        traces=len(traces),
        sets={
            name: _set_overlap(evaluation, training, rationales, runs) for name, evaluation in sorted(against.items())
        },
    )


class _Runs:
    """Every run of words of the evaluation questions, as 8-byte hashes (word_runs)."""

    def __init__(self, problems: Iterable[Problem], ngram: int) -> None:
        self._ngram = ngram
        self.words = {problem.id: question_words(problem.question) for problem in problems}
        self.known: dict[int, set[bytes]] = {}
        for words in self.words.values():
            self.known.setdefault(self._length(words), set()).update(self.of(words))
        self.known.pop(0, None)

    def of(self, words: list[str]) -> list[bytes]:
        """Return the runs of an evaluation question, in order; none of one that is too short."""
        length = self._length(words)
        return list(word_runs(words, length)) if length else []

    def held_in(self, text: str) -> list[bytes]:
        """Return the runs of evaluation questions that a text holds."""
        words = question_words(text)
        return [run for length, known in self.known.items() for run in word_runs(words, length) if run in known]

    def shared(self, words: list[str], run: bytes) -> str:
        """Return the words of an evaluation question that a run of it stands for."""
        length, place = self._length(words), self.of(words).index(run)
        return " ".join(words[place : place + length])

    def _length(self, words: list[str]) -> int:
        length = min(self._ngram, len(words))
        return length if length >= SHORTEST else 0


class _TrainingQuestions:
    """Training questions by text, by words, and by the runs that they share with any evaluation question."""

    def __init__(self, questions: Mapping[str, str], held: Mapping[str, Sequence[bytes]]) -> None:
        """questions: problem id → text; held: text → runs of evaluation questions in it."""
        self.questions = questions
        self.by_run: dict[bytes, str] = {}
        self.by_text: dict[str, str] = {}
        self.by_words: dict[str, str] = {}
        for problem_id, question in sorted(questions.items()):
            self.by_text.setdefault(question, problem_id)
            self.by_words.setdefault(" ".join(question_words(question)), problem_id)
            for run in held[question]:
                self.by_run.setdefault(run, problem_id)


def _set_overlap(
    evaluation: Sequence[Problem],
    training: Mapping[Stage, _TrainingQuestions],
    rationales: Set[bytes],
    runs: _Runs,
) -> SetOverlap:
    counts: dict[Stage, Counter[OverlapKind]] = {stage: Counter() for stage in training}
    shown: Counter[tuple[Stage, OverlapKind]] = Counter()
    examples: list[OverlapPair] = []
    in_rationales = 0
    for problem in sorted(evaluation, key=lambda problem: problem.id):
        own = runs.of(runs.words[problem.id])
        in_rationales += any(run in rationales for run in own)
        for stage, questions in training.items():
            found = _overlap(problem, own, questions, runs)
            if found is None:
                continue
            kind, problem_id, shared = found
            counts[stage][kind] += 1
            shown[stage, kind] += 1
            if shown[stage, kind] <= EXAMPLES:
                pair = (problem_id, questions.questions[problem_id], problem.id, problem.question)
                names = ("problem_id", "question", "evaluation_id", "evaluation_question")
                told = dict(zip(names, pair, strict=True))
                examples.append(OverlapPair(kind=kind, stage=stage, shared=shared, **told))
    kinds: tuple[OverlapKind, ...] = ("exact", "normalised", "ngram")
    by_stage = {stage: {kind: counts[stage][kind] for kind in kinds} for stage in training}
    return SetOverlap(
        questions=len(evaluation),
        asked=by_stage["asked"],
        kept=by_stage["kept"],
        rationales=in_rationales,
        examples=examples,
    )


def _overlap(
    problem: Problem, own: Sequence[bytes], questions: _TrainingQuestions, runs: _Runs
) -> tuple[OverlapKind, str, str] | None:
    """Return (kind, training problem, words in common) of the strongest overlap of an evaluation problem."""
    words = runs.words[problem.id]
    joined = " ".join(words)
    if problem.question in questions.by_text:
        return "exact", questions.by_text[problem.question], joined
    if joined and joined in questions.by_words:
        return "normalised", questions.by_words[joined], joined
    for run in own:
        if run in questions.by_run:
            return "ngram", questions.by_run[run], runs.shared(words, run)
    return None
