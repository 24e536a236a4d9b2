"""A candidate: a completion beside its problem, read once for every filter that follows."""

from collections.abc import Sequence
from dataclasses import dataclass

from specialize.core.answers import flexible_answer, judge, same_answer
from specialize.core.errors import RecordError
from specialize.core.judging.own_text import thought_span
from specialize.core.params.traces import FilterParams
from specialize.records.completions import Completion
from specialize.records.problems import Problem
from specialize.records.traces import Trace
from specialize.traces.chain import chain_spans
from specialize.traces.rationale import tidied_chain


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
            template=self.problem.template,
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


def _candidate(completion: Completion, problem: Problem, params: FilterParams) -> Candidate:
    judgement = judge(completion.text, problem.answer, problem.kind, problem.choices)
    reading = judgement.strict if params.reading == "strict" else judgement.flexible
    spans = chain_spans(completion.text, problem.kind in ("number", "numbers"), params.reasoning)
    rationale, _ = tidied_chain(completion.text, spans)
    return Candidate(completion, problem, reading.answer, reading.correct, rationale)


def agrees(candidate: Candidate) -> bool:
    """Whether the last number of the reasoning equals the answer.

    Only where the gold answer is one number; an empty reasoning is left to the step that looks for it.
    Differs from the paper: no such check there; because recorded teachers may have seen the gold answer and put it
    behind a chain that computes another one, and such a chain teaches false steps. The price: a right chain that ends
    in a unit (`… = 48 crackers in 5 days.`) goes too.
    """
    if candidate.problem.kind != "number" or not candidate.rationale:
        return True
    # A reasoning block may restate the question in its middle, behind which nothing would be read: its end counts.
    paragraphs = [part for part in candidate.rationale.split("\n") if any(map(str.isdigit, part))]
    read = flexible_answer(candidate.rationale)
    if not same_answer(read, candidate.problem.answer) and thought_span(candidate.completion.text) and paragraphs:
        read = flexible_answer(paragraphs[-1])
    return same_answer(read, candidate.problem.answer)
