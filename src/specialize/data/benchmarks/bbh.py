"""BIG-Bench-Hard: per task `{"input", "target"}` rows, and a text file of worked shots.

Source: github.com/suzgunmirac/BIG-Bench-Hard, `bbh/<task>.json` and `cot-prompts/<task>.txt`.
"""

import re
from collections.abc import Iterable

from specialize.core.errors import RecordError
from specialize.data.benchmarks import fields
from specialize.data.benchmarks.fields import Row
from specialize.records.problems import Problem

_HEADER = re.compile(r"[^\n]*\n-----\n")
_FIRST_SHOT = "\n\nQ: "
# One task (sports_understanding) goes on in the same line where the others begin a new one.
_SHOT = re.compile(
    r"(?P<question>.+?)\nA: Let's think step by step\.\s(?P<rationale>.+) So the answer is (?P<answer>.+)\.", re.S
)


def problems(rows: Iterable[Row], task: str) -> list[Problem]:
    """Return the problems of one task in order, ids `bbh/word_sorting/0`, …

    Targets stay texts, also numbers and odd ones such as `Monsters, Inc`: BBH's scorers compare strings.
    """
    return [
        Problem(
            id=f"bbh/{task}/{index}",
            dataset="bbh",
            task=task,
            question=fields.text(row, "input"),
            answer=fields.text(row, "target"),
            kind="text",
        )
        for index, row in enumerate(rows)
    ]


def exemplars(prompt: str, task: str, where: str) -> list[Problem]:
    """Return the worked shots of one `cot-prompts` file, ids `bbh/<task>/exemplars/0`, …

    The header (canary and rule) is cut off; the task's description goes with each shot as `instruction`. Upstream's
    text is the description, then per shot, after a blank line,
    `Q: {question}\\nA: Let's think step by step.\\n{rationale} So the answer is {answer}.`
    """
    header = _HEADER.match(prompt)
    if header is None:
        raise RecordError(f"{where}:2", "(header)", "a first line and a second one '-----'", prompt[:80])
    description, *shots = prompt[header.end() :].rstrip("\n").split(_FIRST_SHOT)
    if not description.strip() or not shots:
        raise RecordError(
            f"{where}:3", "(description)", "a task description, then 'Q: …' shots", prompt[header.end() :]
        )
    made = []
    line = prompt.count("\n", 0, header.end()) + description.count("\n") + 3
    for index, shot in enumerate(shots):
        made.append(_exemplar(shot, description, f"bbh/{task}/exemplars/{index}", task, f"{where}:{line}"))
        line += shot.count("\n") + 2
    return made


def _exemplar(shot: str, description: str, name: str, task: str, where: str) -> Problem:
    parts = _SHOT.fullmatch(shot)
    if parts is None:
        expected = "a question, 'A: Let's think step by step.', reasoning, 'So the answer is ….'"
        raise RecordError(where, "(shot)", expected, shot)
    return Problem(
        id=name,
        dataset="bbh",
        task=task,
        question=parts["question"],
        answer=parts["answer"],
        kind="text",
        rationale=parts["rationale"],
        instruction=description,
    )
