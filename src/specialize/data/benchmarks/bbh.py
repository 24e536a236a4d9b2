"""BIG-Bench-Hard (Suzgun et al. 2022): 27 tasks, each a JSON object of examples and a text file of worked problems.

`bbh/boolean_expressions.json` is of this form (`cot-prompts/boolean_expressions.txt`: see `prompt_exemplars`):

    {"canary": "…", "examples": [{"input": "not ( False ) or False is", "target": "True"}, …]}
"""

import re
from collections.abc import Iterable
from pathlib import Path

from specialize.core.errors import RecordError
from specialize.core.params.datasets import HubParams
from specialize.data import fields
from specialize.data.benchmarks.benchmark import Benchmark
from specialize.data.benchmarks.local_files import existing, json_examples
from specialize.data.fields import Row
from specialize.records.problems import Problem

TASKS = (
    "boolean_expressions",
    "causal_judgement",
    "date_understanding",
    "disambiguation_qa",
    "dyck_languages",
    "formal_fallacies",
    "geometric_shapes",
    "hyperbaton",
    "logical_deduction_five_objects",
    "logical_deduction_seven_objects",
    "logical_deduction_three_objects",
    "movie_recommendation",
    "multistep_arithmetic_two",
    "navigate",
    "object_counting",
    "penguins_in_a_table",
    "reasoning_about_colored_objects",
    "ruin_names",
    "salient_translation_error_detection",
    "snarks",
    "sports_understanding",
    "temporal_sequences",
    "tracking_shuffled_objects_five_objects",
    "tracking_shuffled_objects_seven_objects",
    "tracking_shuffled_objects_three_objects",
    "web_of_lies",
    "word_sorting",
)

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


def exemplars(folder: Path) -> list[Problem]:
    """Return every task's worked problems, from `cot-prompts/`, which only upstream's repository has, no Hub copy."""
    hint = "BBH's exemplars come from upstream's cot-prompts, also where the questions come from the Hub"
    found = []
    for task in TASKS:
        path = existing(folder / "cot-prompts" / f"{task}.txt", hint)
        try:
            prompt = path.read_bytes().decode("utf-8").replace("\r\n", "\n")
        except UnicodeDecodeError as error:
            raise RecordError(f"{path}:1", "(whole file)", "text in UTF-8", str(error)) from None
        found += prompt_exemplars(prompt, task, str(path))
    return found


def prompt_exemplars(prompt: str, task: str, where: str) -> list[Problem]:
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


BENCHMARK = Benchmark(
    files={task: f"bbh/{task}.json" for task in TASKS},
    hub=HubParams(id="SaylorTwift/bbh", revision="b5306be6f827cfafbb545ff5a51f96916029b0fd"),
    parts_are_configs=True,
    read=json_examples,
    problems=problems,
    exemplars=exemplars,
    licence="MIT",
    upstream="https://github.com/suzgunmirac/BIG-Bench-Hard/tree/9ee07bd481feebf959a6b59d61ea57bdcf30964d",
)
