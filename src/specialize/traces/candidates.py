"""A candidate: a completion beside its problem, read once for every filter that follows."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from specialize.core.answers import judge, rationale_of
from specialize.core.errors import RecordError
from specialize.core.params.traces import FilterParams
from specialize.core.records import Completion, Problem, Trace

_ANNOTATION = re.compile(r"<<[^<>\n]*>>")
_LINE_END = re.compile(r"\r\n|\r|\n")
_DANGLING = re.compile(r"(?:(?<=[.!?)\n])|\A)\s*(?:and )?(?:so|thus|hence|therefore),?\Z", re.IGNORECASE)


@dataclass(frozen=True)
class Candidate:
    """A completion, its problem, the answer by the reading of the params (None: no answer), and the reasoning."""

    completion: Completion
    problem: Problem
    answer: str | None
    correct: bool
    rationale: str

    def trace(self) -> Trace:
        """Return the candidate as a trace; its answer is the gold one in canonical form, not the teacher's wording."""
        return Trace(
            problem_id=self.problem.id,
            teacher=self.completion.teacher,
            sample=self.completion.sample,
            question=self.problem.question,
            rationale=self.rationale,
            answer=self.problem.answer,
        )


def candidates_of(
    completions: Sequence[Completion], problems: Sequence[Problem], params: FilterParams
) -> list[Candidate]:
    """Return a candidate per completion, in the order of problems, then teacher, then sample.

    Raises RecordError for a completion whose problem is not among `problems`.
    """
    place = {problem.id: number for number, problem in enumerate(problems)}
    for completion in completions:
        if completion.problem_id not in place:
            where = f"completion {completion.teacher}/{completion.sample}"
            hint = "Completions and problems are of different runs; import the completions again"
            raise RecordError(where, "problem_id", "the id of a problem", completion.problem_id, hint)
    ordered = sorted(completions, key=lambda one: (place[one.problem_id], one.teacher, one.sample))
    return [_candidate(completion, problems[place[completion.problem_id]], params) for completion in ordered]


def tidy_rationale(text: str) -> str:
    """Return the reasoning without calculator annotations (`<<48/2=24>>`), outer and repeated blanks, empty lines,
    and without the `So` or `Therefore,` that led to an answer line now cut off. Lines stay lines."""
    without = _DANGLING.sub("", _ANNOTATION.sub("", text).rstrip())
    lines = (" ".join(line.split()) for line in _LINE_END.split(without))
    return "\n".join(line for line in lines if line)


def _candidate(completion: Completion, problem: Problem, params: FilterParams) -> Candidate:
    judgement = judge(completion.text, problem.answer, problem.kind)
    reading = judgement.strict if params.reading == "strict" else judgement.flexible
    rationale = tidy_rationale(rationale_of(completion.text))
    return Candidate(completion, problem, reading.answer, reading.correct, rationale)
