"""The steps from completions to traces, in order.

Differs from the paper: it keeps every completion whose last number is right; because recorded teachers paste known
answers, repeat themselves, and stand near evaluation questions. `reading: flexible`, `agreeing: false`,
`duplicates: keep` come back to it, but for the questions that evaluation problems share.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from specialize.core.params.traces import FilterParams
from specialize.records.completions import Completion
from specialize.records.funnel import Funnel
from specialize.records.problems import Problem
from specialize.records.traces import Trace
from specialize.traces.filter.candidates import Candidate, agrees, candidates_of
from specialize.traces.filter.contamination import Contamination, EvaluationQuestions, Overlap
from specialize.traces.filter.duplicates import drop_duplicates, equations_key, words_key
from specialize.traces.filter.funnel import FunnelCounter

OVERLAPS: tuple[tuple[Overlap, str], ...] = (
    ("same question", "the question stands in an evaluation set"),
    ("same words", "the question stands in an evaluation set, but for case and marks"),
    ("shared words", "the question shares {ngram} words in a row with an evaluation problem"),
)


Keep = Callable[[list[Candidate]], list[Candidate]]
"""From the candidates that reach a step to those it keeps, in order."""


@dataclass(frozen=True)
class Step:
    """One row of the funnel: its name, why it drops what it drops, and what it keeps."""

    name: str
    why: str
    keep: Keep


@dataclass(frozen=True)
class Filtered:
    """The traces, what was dropped on the way, and the contaminated questions (problem id → overlap)."""

    traces: list[Trace]
    funnel: Funnel
    contaminated: dict[str, Contamination]


def filter_completions(
    completions: Sequence[Completion], problems: Sequence[Problem], against: Sequence[Problem], params: FilterParams
) -> Filtered:
    """Return the traces worth learning from, in the order of problems, teacher, sample."""
    left = candidates_of(completions, problems, params)
    counter = FunnelCounter(left, asked=len(problems))
    contaminated = contaminated_questions(problems, against, params.ngram)
    for step in steps_of(params, contaminated):
        left = step.keep(left)
        counter.count(step.name, step.why, left)
    return Filtered([candidate.trace() for candidate in left], counter.funnel(), contaminated)


def steps_of(params: FilterParams, contaminated: Mapping[str, Contamination]) -> list[Step]:
    """Return every step in order. A step that the params switch off keeps everything and says so in the funnel."""
    no_answer = f"no answer by the {params.reading} reading"
    wrong = f"not the gold answer by the {params.reading} reading"
    return [
        Step("truncated", "the teacher was stopped by its token limit", _each(_is_complete)),
        Step("no answer", no_answer, _each(lambda one: one.answer is not None)),
        Step("wrong answer", wrong, _each(lambda one: one.correct)),
        _agreeing(params),
        Step("empty rationale", _nothing_before(params), _each(lambda one: bool(one.rationale))),
        _new(params),
        _within_quota(params),
        *(_uncontaminated(overlap, why, contaminated, params) for overlap, why in OVERLAPS),
    ]


def contaminated_questions(
    problems: Sequence[Problem], against: Sequence[Problem], ngram: int
) -> dict[str, Contamination]:
    """Return problem id → overlap with the evaluation problems, decided once per question."""
    evaluation = EvaluationQuestions(against, ngram)
    verdicts = ((problem.id, evaluation.overlap_with(problem.question)) for problem in problems)
    return {problem_id: overlap for problem_id, overlap in verdicts if overlap}


def worked_problems(problems: Sequence[Problem], contaminated: Mapping[str, Contamination]) -> list[Problem]:
    """Return the problems that may stand as exemplars before a training question: with a gold reasoning, and as far
    from the evaluation problems as the traces are; order is kept."""
    return [problem for problem in problems if problem.rationale and problem.id not in contaminated]


def keep_first(candidates: Sequence[Candidate], per_question: int) -> list[Candidate]:
    """Keep the first `per_question` candidates of each question; order is kept."""
    counts: Counter[str] = Counter()
    kept = []
    for candidate in candidates:
        counts[candidate.problem.id] += 1
        if counts[candidate.problem.id] <= per_question:
            kept.append(candidate)
    return kept


def keep_shortest(candidates: Sequence[Candidate], per_question: int) -> list[Candidate]:
    """Keep the `per_question` candidates of each question with the shortest chains; order is kept."""
    by_length = sorted(candidates, key=lambda one: len(one.rationale))
    chosen = {id(one) for one in keep_first(by_length, per_question)}
    return [one for one in candidates if id(one) in chosen]


def _nothing_before(params: FilterParams) -> str:
    behind = " behind the reasoning block (traces.reasoning: drop)" if params.reasoning == "drop" else ""
    return f"nothing stands before the answer{behind}"


def _each(keeps: Callable[[Candidate], bool]) -> Keep:
    """Return what keeps the candidates for which `keeps` holds."""
    return lambda candidates: [one for one in candidates if keeps(one)]


def _is_complete(candidate: Candidate) -> bool:
    return candidate.completion.finish_reason != "length"


def _agreeing(params: FilterParams) -> Step:
    if not params.agreeing:
        return Step("disagreeing", "not asked for (traces.agreeing: false)", list)
    return Step("disagreeing", "the reasoning's last number is not the answer", _each(agrees))


def _new(params: FilterParams) -> Step:
    if params.duplicates == "keep":
        return Step("duplicate", "not asked for (traces.duplicates: keep)", list)
    key, same = (words_key, "words") if params.duplicates == "text" else (equations_key, "equations")
    why = f"the same {same} as an earlier trace of the question"
    return Step("duplicate", why, lambda candidates: drop_duplicates(candidates, key))


def _within_quota(params: FilterParams) -> Step:
    quota = params.per_question
    if quota is None:
        return Step("over quota", "no quota (traces.per_question: null)", list)
    why = f"the question has {quota} traces already"
    if params.prefer == "shortest":
        return Step("over quota", f"{why} that are shorter", lambda candidates: keep_shortest(candidates, quota))
    return Step("over quota", why, lambda candidates: keep_first(candidates, quota))


def _uncontaminated(
    overlap: Overlap, why: str, contaminated: Mapping[str, Contamination], params: FilterParams
) -> Step:
    dropped = {problem_id for problem_id, found in contaminated.items() if found.overlap == overlap}
    name = f"contaminated: {overlap}"
    if overlap == "shared words" and not params.ngram:
        return Step(name, "not asked for (traces.ngram: null): whole questions alone are compared", list)
    return Step(name, why.format(ngram=params.ngram), _each(lambda one: one.problem.id not in dropped))
