"""The check of a run's first answers: where no answer can be read from the text, nothing more is paid for."""

from collections.abc import Sequence
from dataclasses import dataclass

from specialize.core.answers import flexible_answer, strict_answer
from specialize.core.errors import SpecializeError
from specialize.records.problems import AnswerKind
from specialize.teacher.api.finish_reason import CUT
from specialize.teacher.api.reasoning import answer_part
from specialize.teacher.api.responses import Answer

ANSWERS = 5
"""Answers that are looked at."""
PER_QUESTION = 2
"""Samples of one question among them: one odd question must not decide."""
EXCERPT = 160


class UnreadableError(SpecializeError):
    """Too few of the first answers can be read."""


@dataclass(frozen=True)
class FirstAnswer:
    """One of the first answers, and the kind of answer that its problem asks for."""

    problem_id: str
    kind: AnswerKind | None
    answer: Answer

    @property
    def readable(self) -> bool:
        """Whether the strict reading finds an answer behind the reasoning."""
        return strict_answer(answer_part(self.answer.text), self.kind or "number") is not None


def check_first_answers(answers: Sequence[FirstAnswer], share: float) -> None:
    """Raise UnreadableError where less than `share` of the answers can be read."""
    bad = [one for one in answers if not one.readable]
    if not answers or len(answers) - len(bad) >= share * len(answers):
        return
    shown = next((one for one in bad if one.answer.text), bad[0])
    end = " ".join(shown.answer.text.split())
    end = f"…{end[-EXCERPT:]}" if len(end) > EXCERPT else end
    raise UnreadableError(
        f"{len(bad)} of {len(answers)} answers have no readable answer: here is the end of one ({shown.problem_id}): "
        f"{end!r}. {_advice(shown)}. Nothing else was paid for. teacher.limits.min_readable: 0 samples all the same"
    )


def _advice(shown: FirstAnswer) -> str:
    answer, content = shown.answer, answer_part(shown.answer.text)
    if not answer.text:
        return f"It is empty (finish_reason: {answer.finish_reason})"
    if answer.finish_reason in CUT:
        return "It was cut at teacher.max_tokens: set a larger one"
    if not content.strip():
        return (
            "All of it is reasoning and the answer is empty: the server's reasoning parser takes the answer for "
            "reasoning. Start the server without the parser, or turn thinking off (teacher.request.extra_body: "
            "{chat_template_kwargs: {enable_thinking: false}})"
        )
    read = flexible_answer(content, shown.kind or "number")
    found = f"; reading 'flexible' finds {read!r} (traces.reading: flexible)" if read is not None else ""
    boxed = r", the teacher writes \boxed" if r"\boxed" in content else ""
    return (
        f"Reading 'strict' wants 'The answer is'{boxed}{found}. Set a prompt that shows how to end "
        "(teacher.prompt, teacher.request.system)"
    )
