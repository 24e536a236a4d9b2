"""What the teacher is shown: worked exemplars, then the question.

    Question: {question}
    Let's think step by step

as in the authors' script (paper, Section 4). A completion goes on from there and ends with `The answer is {answer}`.
"""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict

from specialize.core.errors import RecordError
from specialize.core.files import read_records
from specialize.core.params.request import QUESTION, TEMPLATE, RequestParams

Message = dict[str, str]
PLAIN = RequestParams()


class _Worked(BaseModel):
    """A line of a prompt file; other fields, such as those of a problem, are left aside."""

    model_config = ConfigDict(strict=True)
    question: str
    rationale: str
    answer: str


@dataclass(frozen=True)
class FewShot:
    """What stands before the question: worked problems, or a text as it is; zero-shot without both."""

    worked: tuple[tuple[str, str], ...] = ()
    """(the question as asked, its solution) of each exemplar."""
    text: str = ""
    system: str | None = None
    """System message of the `chat` API."""
    template: str = TEMPLATE

    def prompt(self, question: str) -> str:
        """Return the one text of the `completions` API."""
        exemplars = "".join(f"{asked}\n{solution}\n\n" for asked, solution in self.worked)
        return self.text + exemplars + self.asked(question)

    def messages(self, question: str) -> list[Message]:
        """Return the messages of the `chat` API: the user asks an exemplar's question, the assistant answers."""
        found: list[Message] = [] if self.system is None else [{"role": "system", "content": self.system}]
        for asked, solution in self.worked:
            found += [{"role": "user", "content": asked}, {"role": "assistant", "content": solution}]
        return [*found, {"role": "user", "content": self.text + self.asked(question)}]

    def asked(self, question: str) -> str:
        """Return the question as the teacher reads it."""
        return asked_as(self.template, question)

    def body(self, api: str, question: str) -> dict[str, Any]:
        """Return the part of a request that asks the question."""
        return {"prompt": self.prompt(question)} if api == "completions" else {"messages": self.messages(question)}


def asked_as(template: str, question: str) -> str:
    """Return the question in its template; braces of the question stay as they are."""
    return template.replace(QUESTION, question)


def read_few_shot(path: Path | None, request: RequestParams = PLAIN) -> FewShot:
    """Read a prompt file: `.jsonl` of worked problems, any other as a text. Raises RecordError on a malformed row."""
    plain = FewShot(system=request.system, template=request.template)
    if path is None:
        return plain
    if path.suffix != ".jsonl":
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError as error:
            raise RecordError(f"{path}:1", "(whole file)", "a text in UTF-8", str(error)) from None
        return replace(plain, text=text.rstrip("\n") + "\n\n" if text.strip() else "")
    rows = read_records(path, _Worked)
    if not rows:
        raise RecordError(f"{path}:1", "(whole file)", "at least one worked problem", "none")
    worked = ((asked_as(request.template, r.question), f"{r.rationale}\nThe answer is {r.answer}") for r in rows)
    return replace(plain, worked=tuple(worked))
