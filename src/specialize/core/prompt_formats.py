"""The four data formats of the paper: {in-context, zero-shot} × {answer-only, chain-of-thought}.

Training and evaluation both render them here. Shapes (paper, Fig. 1B; wording of its released code):

    zero_shot_answer_only         Q: {question}\\nA:                         → The answer is {answer}
    zero_shot_chain_of_thought    Q: {question}\\nLet's think step by step   → {rationale}\\nThe answer is {answer}
    in_context_…                  worked exemplars in the same shape, a blank line between, then the same

T5's tokenizer folds newlines into blanks; other tokenizers keep them. A declared dataset may name other words for
`Q: …` and `The answer is …` (`data.datasets.<name>.template`); its problems and traces carry them.

Generic tasks have BIG-Bench-Hard's own shape, answer-only or chain-of-thought:

    {instruction}

    Q: {question}
    A:                                 → {answer}
    A: Let's think step by step.\n     → {rationale} So the answer is {answer}.

with worked exemplars in the same shape between instruction and question, separated by blank lines. In
trained_chain_of_thought the question is rendered as zero-shot maths is, without instruction: the format that students
are trained on.
"""

from collections.abc import Sequence
from typing import Literal, Protocol, get_args

from specialize.records.prompt_style import PAPER, PromptTemplate

Format = Literal[
    "in_context_chain_of_thought", "in_context_answer_only", "zero_shot_chain_of_thought", "zero_shot_answer_only"
]
FORMATS: tuple[Format, ...] = get_args(Format)

GenericFormat = Literal["answer_only", "chain_of_thought", "trained_chain_of_thought"]
GENERIC_FORMATS: tuple[GenericFormat, ...] = get_args(GenericFormat)


class Worked(Protocol):
    """A problem with its solution."""

    @property
    def question(self) -> str: ...
    @property
    def rationale(self) -> str | None: ...
    @property
    def answer(self) -> str: ...
    @property
    def template(self) -> PromptTemplate | None: ...


def is_in_context(format: Format) -> bool:
    """Whether exemplars stand before the question."""
    return format.startswith("in_context")


def is_chain_of_thought(format: Format) -> bool:
    """Whether the target holds the reasoning."""
    return format.endswith("chain_of_thought")


def prompt(format: Format, question: str, template: PromptTemplate | None = None) -> str:
    """Return the question as the format asks it, without exemplars. template: None: the paper's."""
    words = template or PAPER
    asked = words.chain_of_thought if is_chain_of_thought(format) else words.answer_only
    return asked.replace("{question}", question)


def target(format: Format, rationale: str | None, answer: str, template: PromptTemplate | None = None) -> str:
    """Return the target: what the student is trained to write. template: None: the paper's."""
    answer_line = (template or PAPER).answer.replace("{answer}", answer)
    return f"{rationale}\n{answer_line}" if is_chain_of_thought(format) and rationale else answer_line


def exemplar(format: Format, worked: Worked) -> str:
    """Return one worked exemplar with the blank line that follows it."""
    asked = prompt(format, worked.question, worked.template)
    return f"{asked}{separator(asked)}{target(format, worked.rationale, worked.answer, worked.template)}\n\n"


def separator(source: str) -> str:
    """Return what stands between a source and its target where both are one running text, as in exemplars."""
    if source.endswith(":"):
        return " "
    return "" if source.endswith("\n") or not source else "\n"


def source(
    format: Format, question: str, exemplars: Sequence[Worked] = (), template: PromptTemplate | None = None
) -> str:
    """Return the source: what the student reads, exemplars first. template: of the question; None: the paper's."""
    return "".join(exemplar(format, worked) for worked in exemplars) + prompt(format, question, template)


def generic_source(
    format: GenericFormat, question: str, instruction: str | None = None, exemplars: Sequence[Worked] = ()
) -> str:
    """Return the source of a generic question."""
    if format == "trained_chain_of_thought":
        return source("zero_shot_chain_of_thought", question)
    parts = [instruction] if instruction else []
    for worked in exemplars:
        ask = _generic_ask(format if worked.rationale else "answer_only")
        solution = generic_target(format, worked.rationale, worked.answer)
        parts.append(f"Q: {worked.question}\n{ask}{separator(ask)}{solution}")
    return "\n\n".join([*parts, f"Q: {question}\n{_generic_ask(format)}"])


def generic_target(format: GenericFormat, rationale: str | None, answer: str) -> str:
    """Return the target of a generic question."""
    return f"{rationale} So the answer is {answer}." if format == "chain_of_thought" and rationale else answer


def _generic_ask(format: GenericFormat) -> str:
    return "A: Let's think step by step.\n" if format == "chain_of_thought" else "A:"
