"""The steps from completions to traces, in order.

Differs from the paper: it keeps every completion whose last number is right; because recorded teachers paste known
answers, repeat themselves, and stand near evaluation questions. `reading: flexible`, `agreeing: false`,
`duplicates: keep` come back to it, but for the questions that evaluation problems share.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
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
    candidates = candidates_of(completions, problems, params)
    counter = FunnelCounter(candidates, asked=len(problems))
    left = _sound(candidates, counter, params)
    left = _few(left, counter, params)
    contaminated = contaminated_questions(problems, against, params.ngram)
    left = _clean(left, counter, contaminated, params)
    return Filtered([candidate.trace() for candidate in left], counter.funnel(), contaminated)


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


def _sound(left: list[Candidate], counter: FunnelCounter, params: FilterParams) -> list[Candidate]:
    """Keep what ends in the right answer by reasoning that arrives there."""
    left = [one for one in left if one.completion.finish_reason != "length"]
    counter.count("truncated", "the teacher was stopped by its token limit", left)
    left = [one for one in left if one.answer is not None]
    counter.count("no answer", f"no answer by the {params.reading} reading", left)
    left = [one for one in left if one.correct]
    counter.count("wrong answer", f"not the gold answer by the {params.reading} reading", left)
    left = [one for one in left if not params.agreeing or agrees(one)]
    off = "not asked for (traces.agreeing: false)"
    counter.count("disagreeing", "the reasoning's last number is not the answer" if params.agreeing else off, left)
    left = [one for one in left if one.rationale]
    counter.count("empty rationale", "nothing stands before the answer", left)
    return left


def _few(left: list[Candidate], counter: FunnelCounter, params: FilterParams) -> list[Candidate]:
    """Keep what is new for its question, and no more than the quota."""
    if params.duplicates == "keep":
        counter.count("duplicate", "not asked for (traces.duplicates: keep)", left)
    else:
        left = drop_duplicates(left, words_key if params.duplicates == "text" else equations_key)
        same = "words" if params.duplicates == "text" else "equations"
        counter.count("duplicate", f"the same {same} as an earlier trace of the question", left)
    if params.per_question is None:
        counter.count("over quota", "no quota (traces.per_question: null)", left)
    else:
        left = keep_first(left, params.per_question)
        counter.count("over quota", f"the question has {params.per_question} traces already", left)
    return left


def _clean(
    left: list[Candidate], counter: FunnelCounter, contaminated: Mapping[str, Contamination], params: FilterParams
) -> list[Candidate]:
    """Keep the questions that no evaluation problem shares."""
    for overlap, why in OVERLAPS:
        dropped = {problem_id for problem_id, found in contaminated.items() if found.overlap == overlap}
        left = [one for one in left if one.problem.id not in dropped]
        counter.count(f"contaminated: {overlap}", why.format(ngram=params.ngram), left)
    return left
