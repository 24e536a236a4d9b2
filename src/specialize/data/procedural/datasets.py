"""The procedural world: six datasets, from one seed.

Item i of a set depends on the seed, the set's name and the items before it, so a larger set begins with the smaller
one. No two sets share a question: for every thing that is counted, the people are dealt out among the sets, and of the
generic tasks every question, by its hash. No answer is right for more than a twentieth of a set, so guessing cannot
pass for solving.
"""

import math
import random
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Protocol, TypeVar

from specialize.core.errors import ParamsError
from specialize.core.files import sha256_text
from specialize.core.params.data import DataParams, ProceduralParams
from specialize.core.questions import normalised_question
from specialize.data.procedural import generic_tasks, heldout_phrases
from specialize.data.procedural.phrases import CONTAINERS, FAMILIES, IDLE, IDLE_SHARE, NAMES, NOUNS
from specialize.data.procedural.stories import Setting, Story, story
from specialize.data.raw_dataset import RawDataset
from specialize.records.problems import Problem

WORLDS = ("world", "world_plain", "world_units", "world_distractor", "world_longer", "world_generic")
"""Every dataset of the procedural world."""
_SHARES = {"train": 12, "world": 4, "world_plain": 3, "world_distractor": 3, "world_longer": 3, "exemplars": 3}
"""How many of the 28 people a set has for each thing that is counted."""
_EXEMPLARS = 4
_EXEMPLARS_PER_TASK = 3
SHORT = range(2, 4)
"""Steps of the out-of-distribution sets. Shorter than any training problem, they would measure length: one step was
hardly ever solved by a student of 2 to 4 steps (docs/study/log.md)."""
_LONGER = range(5, 7)
_TRIES = 5000
_MOST_COMMON = 1 / 20
"""Largest share of a set that has the same answer. Numbers up to a small `largest_number` cannot keep to it: there the
share is `_EVEN` times that of evenly spread answers."""
_EVEN = 1.2


class _Question(Protocol):
    @property
    def question(self) -> str: ...
    @property
    def answer(self) -> object: ...


Drawn = TypeVar("Drawn", bound=_Question)


def collect(params: DataParams, names: Sequence[str]) -> dict[str, RawDataset]:
    """Return name → problems of the datasets `names`."""
    if not names:
        return {}
    sizes, seed = params.procedural, params.seed
    train = stories("train", sizes.train, sizes, seed)
    worked = stories("exemplars", _EXEMPLARS, sizes, seed)
    found = {}
    for name in names:
        if name == "world_generic":
            found[name] = _generic(sizes, seed)
            continue
        exemplars = [maths_problem(each, f"exemplars/{index}", name) for index, each in enumerate(worked)]
        evaluation = stories(name, sizes.evaluation, sizes, seed)
        found[name] = RawDataset(
            [maths_problem(each, f"{name}/{index}", name) for index, each in enumerate(evaluation)],
            exemplars,
            [maths_problem(each, f"{name}/train/{index}", name) for index, each in enumerate(train)]
            if name == params.seed_dataset
            else [],
        )
    return found


def stories(name: str, count: int, sizes: ProceduralParams, seed: int) -> list[Story]:
    """Return the first `count` stories of a set (`train`, `exemplars` or an evaluation set), no two alike."""

    def draw(rng: random.Random) -> Story:
        return story(rng, setting(rng, name, sizes, seed, seed_steps(sizes)))

    return _distinct(draw, f"{seed}/{name}", count, max(_MOST_COMMON, _EVEN / sizes.largest_number))


def seed_steps(sizes: ProceduralParams) -> range:
    """Return the possible numbers of steps of the seed dataset: from 2 on, where more than 1 is allowed."""
    return range(min(2, sizes.steps), sizes.steps + 1)


def setting(rng: random.Random, name: str, sizes: ProceduralParams, seed: int, steps: range) -> Setting:
    """Draw what a story of the set `name` is made of; `steps` counts where the set has no length of its own."""
    largest = sizes.largest_number
    if name == "world_units":
        return Setting(heldout_phrases.UNITS, NAMES, rng.choice((*CONTAINERS, "dollars")), SHORT, largest)
    noun = rng.choice(NOUNS)
    people = _people(name, noun, seed)
    match name:
        case "world_plain":
            return Setting(heldout_phrases.PLAIN, people, noun, SHORT, largest)
        case "world_distractor":
            # Half of them with an idle number in a story of training's kinds, half with a changed question.
            if rng.random() < 0.5:
                return Setting(FAMILIES, people, noun, SHORT, largest, heldout_phrases.IDLE, idle_share=1.0)
            return Setting((heldout_phrases.CHANGED_QUESTION,), people, noun, SHORT, largest)
        case "world_longer":
            steps = _LONGER
    return Setting(FAMILIES, people, noun, steps, largest, IDLE, IDLE_SHARE)


def dealt_for_training(question: str, seed: int) -> bool:
    """Whether a generic question may be trained on (three of four); the others are for evaluation."""
    return int(sha256_text(f"{seed}/{normalised_question(question)}")[0], 16) >= 4


def maths_problem(story: Story, name: str, dataset: str) -> Problem:
    """Return a story as a problem with the id `name`."""
    return Problem(
        id=name,
        dataset=dataset,
        question=story.question,
        answer=str(story.answer),
        kind="number",
        rationale=story.rationale,
    )


def generic_problem(worked: generic_tasks.Worked, name: str, task: str, instruction: str | None) -> Problem:
    """Return a worked question of a generic task as a problem with the id `name`."""
    return Problem(
        id=name,
        dataset="world_generic",
        task=task,
        question=worked.question,
        answer=worked.answer,
        kind="text",
        rationale=worked.rationale,
        instruction=instruction,
    )


def _people(name: str, noun: str, seed: int) -> list[str]:
    dealt = list(NAMES)
    random.Random(f"{seed}/people/{noun}").shuffle(dealt)
    before = sum(share for other, share in list(_SHARES.items())[: list(_SHARES).index(name)])
    return dealt[before : before + _SHARES[name]]


def _generic(sizes: ProceduralParams, seed: int) -> RawDataset:
    evaluation: list[Problem] = []
    exemplars: list[Problem] = []
    for place, task in enumerate(generic_tasks.TASKS):
        count = len(range(place, sizes.evaluation, len(generic_tasks.TASKS)))

        def draw(rng: random.Random, task: str = task) -> generic_tasks.Worked:
            while True:
                if not dealt_for_training((drawn := generic_tasks.draw(rng, task)).question, seed):
                    return drawn

        # The exemplars come first, so that a larger set keeps them.
        name = f"world_generic/{task}"
        drawn = _distinct(draw, f"{seed}/{name}", _EXEMPLARS_PER_TASK + count, _MOST_COMMON)
        for index, worked in enumerate(drawn[:_EXEMPLARS_PER_TASK]):
            exemplars.append(
                generic_problem(worked, f"{name}/exemplars/{index}", task, generic_tasks.INSTRUCTIONS[task])
            )
        for index, worked in enumerate(drawn[_EXEMPLARS_PER_TASK:]):
            evaluation.append(generic_problem(worked, f"{name}/{index}", task, None))
    return RawDataset(evaluation, exemplars)


def _distinct(draw: Callable[[random.Random], Drawn], name: str, count: int, most_common: float) -> list[Drawn]:
    """Draw `count` items with different questions, item i by its own generator.

    most_common: largest share of the items, and of any first ones of them, that have the same answer.
    """
    seen: set[str] = set()
    answers: Counter[object] = Counter()
    drawn = []
    for index in range(count):
        rng = random.Random(f"{name}/{index}")
        limit = math.ceil(most_common * (index + 1))
        for _ in range(_TRIES):
            item = draw(rng)
            question = normalised_question(item.question)
            if question not in seen and answers[item.answer] < limit:
                break
        else:
            raise ParamsError(
                f"data.procedural: the world has no {count} different problems for '{name}' (found {index}). Lower "
                "'train' or 'evaluation', or raise 'largest_number' or 'steps'"
            )
        seen.add(question)
        answers[item.answer] += 1
        drawn.append(item)
    return drawn
