"""Prompt templates: YAML below `prompts/` with the words around question and answer."""

from pathlib import Path

from specialize.core.answers import judge
from specialize.core.errors import ParamsError, RecordError
from specialize.core.files import parse_record
from specialize.core.params.mistakes import closest
from specialize.core.params.read_yaml import read_yaml
from specialize.records.problems import AnswerKind
from specialize.records.prompt_style import PromptTemplate

_PROBES: dict[AnswerKind, str] = {"number": "42", "choice": "(B)", "text": "nine"}
"""An answer of each kind: what a template states must be read again."""


def read_template(path: Path) -> PromptTemplate:
    """Read a template; words that it leaves out are the paper's.

    Raises ParamsError where it is no template, or states the answer so that the judge finds none there.
    """
    tree = read_yaml(path) if path.is_file() else None
    if not isinstance(tree, dict):
        got = f"{type(tree).__name__}" if path.is_file() else "no such file"
        raise ParamsError(f"{path}: expected YAML with {', '.join(PromptTemplate.model_fields)}, got {got}")
    for name in tree:
        if name not in PromptTemplate.model_fields:
            known = ", ".join(PromptTemplate.model_fields)
            hint = closest(str(name), list(PromptTemplate.model_fields))
            raise ParamsError(f"{path}: field '{name}': expected one of {known}{hint}")
    try:
        template = parse_record(str(path), tree, PromptTemplate)
    except RecordError as error:
        raise ParamsError(str(error).replace("Value error, ", "")) from None
    for kind, answer in _PROBES.items():
        stated = f"First 1 + 1 = 2.\n{template.answer.replace('{answer}', answer)}"
        if not judge(stated, answer, kind).strict.correct:
            raise ParamsError(
                f"{path}: field 'answer': expected a statement that the judge reads, such as 'The answer is "
                f"{{answer}}', 'Answer: {{answer}}' or '#### {{answer}}', got {template.answer!r}"
            )
    return template
