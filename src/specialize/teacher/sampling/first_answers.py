"""The check of a run's first answers: where no answer can be read from the text, nothing more is paid for."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice

from specialize.core.errors import SpecializeError
from specialize.records.problems import Problem
from specialize.teacher.api.finish_reason import CUT
from specialize.teacher.api.reasoning import answer_part, is_open_reasoning
from specialize.teacher.api.responses import Answer
from specialize.teacher.cache.store import Cache
from specialize.teacher.plan import MissingSamples, Plan
from specialize.teacher.readable import flexibly_read, strictly_read

ANSWERS = 5
"""Answers that are looked at."""
PER_QUESTION = 2
"""Samples of one question among them: one odd question must not decide."""
EXCERPT = 160


class UnreadableError(SpecializeError):
    """Too few of the first answers can be read."""


@dataclass(frozen=True)
class FirstAnswer:
    """One of the first answers, and its problem."""

    problem: Problem
    answer: Answer


def cached_first_answers(plan: Plan, cache: Cache) -> list[FirstAnswer]:
    """Return the first answers that are in the cache, at most ANSWERS."""
    found: list[FirstAnswer] = []
    for problem, request in islice(plan.requests(), ANSWERS):
        rows = islice(plan.rows(cache, request), PER_QUESTION)
        found += [FirstAnswer(problem, row.answer()) for row in rows if not row.refused]
    return found[:ANSWERS]


class FirstAnswers:
    """The check where requests are sent by rounds, in batches: a first round holds a few questions alone."""

    def __init__(self, plan: Plan, cache: Cache) -> None:
        self.plan, self.cache = plan, cache
        self.checked = not plan.params.limits.min_readable
        self.asked: list[MissingSamples] = []

    def wanted(self) -> frozenset[str]:
        """Return the keys of the questions to send alone; none once enough answers are there and can be read.

        Raises UnreadableError.
        """
        if self.checked or next(self.plan.missing(self.cache), None) is None:
            return frozenset()
        answers = self._of_round() if self.asked else cached_first_answers(self.plan, self.cache)
        if len(answers) >= ANSWERS or (answers and self.asked):
            self.checked = True
            check_first_answers(answers[:ANSWERS], self.plan.params.limits.min_readable, self.plan.params.stop)
            return frozenset()
        questions = -(-ANSWERS // min(PER_QUESTION, self.plan.params.samples))
        self.asked = list(islice(self.plan.missing(self.cache), questions))
        return frozenset(question.request.key for question in self.asked)

    def _of_round(self) -> list[FirstAnswer]:
        return [
            FirstAnswer(question.problem, row.answer())
            for question in self.asked
            for row in islice(self.plan.rows(self.cache, question.request), PER_QUESTION)
            if not row.refused
        ]


def check_first_answers(answers: Sequence[FirstAnswer], share: float, stop: Sequence[str] = ()) -> None:
    """Raise UnreadableError where less than `share` of the answers can be read. stop: the stop texts of the request."""
    bad = [one for one in answers if strictly_read(one.problem, one.answer.text) is None]
    if not answers or len(answers) - len(bad) >= share * len(answers):
        return
    shown = next((one for one in bad if one.answer.text), bad[0])
    end = " ".join(shown.answer.text.split())
    end = f"…{end[-EXCERPT:]}" if len(end) > EXCERPT else end
    raise UnreadableError(
        f"{len(bad)} of {len(answers)} answers have no readable answer: here is the end of one ({shown.problem.id}): "
        f"{end!r}. {_advice(shown, stop)}. Nothing else was paid for. teacher.limits.min_readable: 0 samples all the "
        "same"
    )


def _advice(shown: FirstAnswer, stop: Sequence[str]) -> str:
    answer, content = shown.answer, answer_part(shown.answer.text)
    if not answer.text:
        return f"It is empty (finish_reason: {answer.finish_reason})"
    if answer.finish_reason in CUT:
        return "It was cut at teacher.max_tokens: set a larger one"
    if not content.strip():
        parser = (
            "the server's reasoning parser takes the answer for reasoning. Start the server without the parser, or "
            "turn thinking off (teacher.request.extra_body: {chat_template_kwargs: {enable_thinking: false}})"
        )
        cut = (
            f"the server met a stop text ({', '.join(map(repr, stop))}) within the reasoning. "
            "teacher.request.leave_out: [stop] applies stop texts here, to the answer alone"
        )
        if stop and is_open_reasoning(answer.text):
            return f"It ends within the reasoning: {cut}"
        return f"All of it is reasoning and the answer is empty: {parser}" + (f". Or {cut}" if stop else "")
    read = flexibly_read(shown.problem, answer.text)
    found = f"; reading 'flexible' finds {read!r} (traces.reading: flexible)" if read is not None else ""
    boxed = r", the teacher writes \boxed" if r"\boxed" in content else ""
    return (
        f"Reading 'strict' wants 'The answer is'{boxed}{found}. Set a prompt that shows how to end "
        "(teacher.prompt, teacher.request.system)"
    )
