"""The procedural world: true arithmetic, bounds, sets that share nothing, sizes that grow without changing."""

import re
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from specialize.core.answers import judge
from specialize.core.errors import ParamsError
from specialize.core.params.data import DataParams
from specialize.core.questions import normalised_question
from specialize.data.__main__ import main
from specialize.data.procedural import datasets, generic_tasks, pretraining
from specialize.data.procedural.datasets import WORLDS
from specialize.data.procedural.phrases import CONTAINERS, NAMES, NOUNS
from specialize.data.raw_dataset import RawDataset
from specialize.records.problems import Problem

SETS = WORLDS
MATHS = tuple(name for name in SETS if name != "world_generic")


def params(seed: int = 1, **sizes: Any) -> DataParams:
    roles = {"world": "seed", "world_generic": "generic", "world_longer": "probe"}
    return DataParams.model_validate(
        {
            "source": "procedural",
            "seed": seed,
            "datasets": {name: {"role": roles.get(name, "out_of_distribution")} for name in SETS},
            "procedural": {"train": 900, "evaluation": 90, "largest_number": 30, "instructions": 1200, **sizes},
        }
    )


@pytest.fixture(scope="module")
def made() -> dict[str, RawDataset]:
    return datasets.collect(params(), SETS)


def everything(collected: dict[str, RawDataset], maths: bool = True) -> list[Problem]:
    names = [name for name in SETS if not (maths and name == "world_generic")]
    shots = collected["world"].exemplars
    return [p for name in names for p in (*collected[name].train, *collected[name].evaluation)] + shots


LINE = re.compile(r"(?P<holder>.+) (?P<left>\d+) (?P<sign>[-+*/]) (?P<right>\d+) = (?P<result>\d+) [a-z]+\.")


def test_rationales_are_true_chains_that_end_in_the_answer(
    made: dict[str, RawDataset],
) -> None:
    compute = {"+": int.__add__, "-": int.__sub__, "*": int.__mul__, "/": lambda a, b: a / b}
    for problem in everything(made):
        before = None
        for line in str(problem.rationale).split("\n"):
            match = LINE.fullmatch(line)
            assert match, line
            left, right, result = (int(match[name]) for name in ("left", "right", "result"))
            assert compute[match["sign"]](left, right) == result
            assert before in (None, left)
            assert max(left, right, result) <= 30
            assert re.search(rf"\b{right}\b", problem.question)
            assert len(re.findall(r"\d+ [-+*/] \d+ = \d+", line)) == 1
            before = result
        assert str(before) == problem.answer and problem.kind == "number"


def test_sets_share_no_question_and_no_run_of_ten_words(made: dict[str, RawDataset]) -> None:
    questions = Counter(normalised_question(p.question) for p in everything(made, maths=False))
    assert max(questions.values()) == 1

    def runs(problems: list[Problem]) -> set[tuple[str, ...]]:
        split = [normalised_question(p.question).split() for p in problems]
        return {tuple(words[at : at + 10]) for words in split for at in range(len(words) - 9)}

    train = runs(made["world"].train)
    assert not any(train & runs(made[name].evaluation) for name in SETS)


@pytest.mark.parametrize("small", [{"train": 50}, {"evaluation": 20}])
def test_a_larger_set_begins_with_the_smaller_one(made: dict[str, RawDataset], small: dict[str, int]) -> None:
    less = datasets.collect(params(**small), SETS)
    for name in SETS:
        ids = {p.id: p for p in (*made[name].train, *made[name].evaluation)}
        assert all(ids[p.id] == p for p in (*less[name].train, *less[name].evaluation))
        assert made[name].exemplars == less[name].exemplars


def test_seed_decides() -> None:
    small = {"train": 20, "evaluation": 10}
    first, again, other = (datasets.collect(params(seed, **small), SETS) for seed in (1, 1, 2))
    assert first == again
    assert not {p.question for p in everything(first)} & {p.question for p in everything(other)}


def test_each_companion_differs_as_it_should(made: dict[str, RawDataset]) -> None:
    steps = {name: {str(p.rationale).count("\n") + 1 for p in made[name].evaluation} for name in MATHS}
    assert steps == {
        "world": {2, 3, 4}, "world_plain": {2, 3}, "world_units": {2, 3}, "world_distractor": {2, 3},
        "world_longer": {5, 6},
    }  # fmt: skip
    # Numbers that the question does not need: all that are not the first one or a step's.
    idle = {
        name: {len(re.findall(r"\d+", p.question)) - str(p.rationale).count("\n") - 2 for p in made[name].evaluation}
        for name in MATHS
    }
    assert idle == {
        "world": {0, 1}, "world_plain": {0}, "world_units": {0}, "world_distractor": {1}, "world_longer": {0, 1},
    }  # fmt: skip
    units = {str(p.rationale).rstrip(".").rsplit(" ", 1)[1] for p in made["world_units"].evaluation}
    assert units == {*CONTAINERS, "dollars"}


def skeleton(sentence: str) -> str:
    """Return a sentence without its people, things and numbers."""
    kept = [w for w in re.findall(r"[A-Za-z]+|\d+", sentence) if w not in (*NAMES, *NOUNS, *CONTAINERS, "dollars")]
    return " ".join("#" if word.isdigit() else word for word in kept)


@pytest.mark.parametrize("name", ["world_plain", "world_units", "world_distractor"])
def test_held_out_templates_are_held_out(made: dict[str, RawDataset], name: str) -> None:
    """Every question of plain, and most of the others, holds a sentence of no training template."""
    known = {skeleton(s) for p in made["world"].train for s in p.question.split(". ")}
    new = [any(skeleton(s) not in known for s in p.question.split(". ")) for p in made[name].evaluation]
    # Some of the others have training's sentences throughout, of things or people that training never has there.
    assert sum(new) / len(new) > {"world_plain": 0.99, "world_units": 0.7, "world_distractor": 0.6}[name]


def words(problems: Iterable[Problem]) -> set[str]:
    """Return the words, capitals as they stand: to a tokenizer `Then` and `then` have nothing in common."""
    return {word for p in problems for word in re.findall("[A-Za-z]+", f"{p.question} {p.rationale} {p.answer}")}


def test_training_has_seen_every_word(made: dict[str, RawDataset]) -> None:
    seen = words(made["world"].train)
    assert all(words(made[name].evaluation) <= seen for name in MATHS)
    assert words(made["world_generic"].evaluation) <= words(pretraining.instructions(params()))


def test_mixture_holds_no_evaluation_question(made: dict[str, RawDataset]) -> None:
    asked = {normalised_question(p.question) for p in everything(made, maths=False)} - {
        normalised_question(p.question) for p in made["world"].train
    }
    mixed, told = pretraining.instructions(params(instructions=3000)), pretraining.pretraining(params(pretraining=500))
    assert not asked & {normalised_question(p.question) for p in mixed}
    assert not any(normalised_question(text.text).startswith(f"{question} ") for text in told for question in asked)


def test_mixture_is_what_params_say() -> None:
    mixed = pretraining.instructions(params(instructions=2000))
    assert mixed[:50] == pretraining.instructions(params(instructions=50))
    kinds = Counter(
        "generic" if p.instruction else p.task or ("one" if "\n" not in str(p.rationale) else "many") for p in mixed
    )
    wanted = {"generic": 0.5, "arithmetic": 0.2, "one": 0.2, "many": 0.1}
    assert all(abs(kinds[kind] / 2000 - share) < 0.04 for kind, share in wanted.items())
    assert all(judge(f"The answer is {p.answer}", p.answer, p.kind).strict.correct for p in mixed)
    only = pretraining.pretraining(params(pretraining=40, mixture={"generic": 0, "one_step": 0, "many_steps": 0}))
    assert all(re.fullmatch(r"\d+ [-+*/] \d+ = \d+\.", text.text) for text in only)


@given(st.integers(1, 4), st.integers(10, 60), st.integers(0, 99))
@settings(max_examples=25, deadline=None)
def test_any_size_of_world(steps: int, largest: int, seed: int) -> None:
    collected = datasets.collect(params(seed, train=16, evaluation=8, steps=steps, largest_number=largest), SETS)
    for problem in everything(collected):
        assert all(int(n) <= largest for n in re.findall(r"\d+", problem.question + str(problem.rationale)))
    lines = {str(p.rationale).count("\n") + 1 for p in collected["world"].train}
    assert lines <= set(range(min(2, steps), steps + 1))


def test_a_world_that_is_too_small_says_so() -> None:
    with pytest.raises(ParamsError, match="no 3 different problems for '1/coins' \\(found 2\\)"):
        datasets._distinct(
            lambda rng: generic_tasks.Worked(rng.choice(["heads", "tails"]), "", ""), "1/coins", 3, most_common=1.0
        )


@pytest.mark.parametrize("largest", [24, 30])
def test_no_answer_is_a_good_guess(largest: int) -> None:
    for name, each in datasets.collect(params(evaluation=300, largest_number=largest), SETS).items():
        for count in (100, 300):
            answers = Counter(p.answer for p in each.evaluation[:count])
            assert max(answers.values()) <= 0.05 * count, (name, answers.most_common(3))


def test_generic_tasks(made: dict[str, RawDataset]) -> None:
    each = made["world_generic"]
    assert Counter(p.task for p in each.evaluation) == dict.fromkeys(generic_tasks.TASKS, 15)
    assert Counter(p.task for p in each.exemplars) == dict.fromkeys(generic_tasks.TASKS, 3)
    assert all(p.instruction and p.rationale and p.kind == "text" for p in each.exemplars)
    for p in each.evaluation:
        assert _solved[str(p.task)](p.question) == p.answer, p.question


def _last(question: str) -> str:
    return question.rstrip("?").split()[-1]


_solved = {
    "friend": lambda question: generic_tasks.FRIENDS[_last(question)],
    "friends_house": lambda question: generic_tasks.HOUSES[generic_tasks.FRIENDS[_last(question)]],
    "house": lambda question: generic_tasks.HOUSES[_last(question)],
    "next_number": lambda question: str(int(_last(question)) + 1),
    "word_sorting": lambda question: " ".join(sorted(question.removeprefix("Sort: ").split())),
    "word_translation": lambda question: generic_tasks.DICTIONARY[_last(question)],
}


def test_the_world_as_a_data_set_of_its_own(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sizes = ["--train", "30", "--evaluation", "12", "--mixture", "20", "--seed", "3"]
    assert main(["world", *sizes]) == 0
    shown = capsys.readouterr().out
    assert all(f"## {name}" in shown for name in (*SETS, "instructions", "pretraining"))
    assert main(["world", *sizes, "--output", str(tmp_path)]) == 0
    files = {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*.jsonl")}
    assert {"world/train.jsonl", "world/pretraining.jsonl", "world/instructions.jsonl"} <= files
    assert {f"{name}/test.jsonl" for name in SETS} <= files
    assert main(["world", "--train", "1"]) == 2
    assert "--train: " in capsys.readouterr().err
