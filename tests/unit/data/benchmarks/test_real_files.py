"""Upstream's real files: the counts and quirks of shared/data/MANIFEST.md."""

import re
from collections import Counter
from pathlib import Path

import pytest

from specialize.core.files import read_rows
from specialize.core.params.data import DataParams
from specialize.core.questions import normalised_question
from specialize.data import sources
from specialize.data.benchmarks.bbh import TASKS
from specialize.data.build import Splits, split_all
from specialize.data.raw_dataset import RawDataset
from specialize.records.problems import Problem, ProblemIndex

PROJECT = Path(__file__).resolve().parents[4]
DATA = PROJECT.parent / "shared" / "data"
EXEMPLARS = PROJECT / "prompts" / "maths.jsonl"
PARAMS = DataParams.model_validate(
    {
        "source": "files",
        "seed": 1,
        "datasets": {
            "gsm8k": {"role": "seed", "validation": 500, "drawn_from": 1319},
            "multiarith": {"role": "out_of_distribution", "validation": 200, "drawn_from": 600},
            "asdiv": {"role": "out_of_distribution", "validation": 500, "drawn_from": 2305},
            "svamp": {"role": "out_of_distribution", "validation": 500, "drawn_from": 1000},
            "bbh": {"role": "generic"},
        },
    }
)


@pytest.fixture(scope="module")
def collected() -> dict[str, RawDataset]:
    if not (DATA / "gsm8k").is_dir():
        pytest.skip(f"no raw files at {DATA}")
    return sources.collect(PARAMS, DATA, EXEMPLARS)


@pytest.fixture(scope="module")
def split(collected: dict[str, RawDataset]) -> tuple[dict[str, Splits], ProblemIndex]:
    return split_all(collected, PARAMS)


def test_counts(split: tuple[dict[str, Splits], ProblemIndex]) -> None:
    _, index = split
    assert {name: summary.splits for name, summary in index.datasets.items()} == {
        "gsm8k": {"train": 7473, "validation": 500, "test": 819, "exemplars": 4},
        "multiarith": {"validation": 200, "test": 400, "exemplars": 4},
        "asdiv": {"validation": 500, "test": 1805, "exemplars": 4},
        "svamp": {"validation": 500, "test": 500, "exemplars": 4},
        "bbh": {"test": 6511, "exemplars": 81},
    }
    assert index.shared_questions == 60


def test_splits_share_no_question(split: tuple[dict[str, Splits], ProblemIndex]) -> None:
    splits, _ = split
    validation = {
        name: {normalised_question(p.question) for p in each.get("validation", [])} for name, each in splits.items()
    }
    test = {name: {normalised_question(p.question) for p in each["test"]} for name, each in splits.items()}
    tested = set().union(*test.values())
    assert not any(questions & tested for questions in validation.values())
    assert not {normalised_question(p.question) for p in splits["gsm8k"]["train"]} & (
        tested | set().union(*validation.values())
    )


def with_(problems: list[Problem], pattern: str) -> int:
    return sum(re.search(pattern, problem.question) is not None for problem in problems)


def test_gsm8k(collected: dict[str, RawDataset]) -> None:
    train, test = collected["gsm8k"].train, collected["gsm8k"].evaluation
    everything = train + test
    assert all(p.kind == "number" and re.fullmatch(r"-?\d+", p.answer) for p in everything)
    assert [sum(p.answer.startswith("-") for p in part) for part in (train, test)] == [3, 2]
    assert [sum(abs(int(p.answer)) >= 10**6 for p in part) for part in (train, test)] == [16, 2]
    assert all(p.rationale and "<<" not in p.rationale and "####" not in p.rationale for p in everything)
    assert [sum(not p.question.isascii() for p in part) for part in (train, test)] == [308, 60]
    assert with_(train, "  ") == 1816
    assert train[7421].question.startswith("А Senior Center")  # a Cyrillic А
    assert sum((p.question + str(p.rationale)).count("\u2028") for p in everything) == 2
    assert test[319].answer == "15" and "3/4If 3/4" not in str(test[319].rationale)
    assert len({normalised_question(p.question) for p in everything}) == 7473 + 1319
    steps = [len(str(p.rationale).split("\n")) for p in train]
    assert round(sum(steps) / len(steps), 1) == 3.6


def test_gsm8k_takes_the_answer_from_the_last_line_alone(collected: dict[str, RawDataset]) -> None:
    """Commas, rows without annotation, rows whose last annotation is not the answer: all as upstream's `####` line."""
    for part, problems, commas, bare in (
        ("train", collected["gsm8k"].train, 79, 95),
        ("test", collected["gsm8k"].evaluation, 14, 18),
    ):
        solutions = [row["answer"] for _, row in read_rows(DATA / "gsm8k" / f"{part}.jsonl")]
        finals = [solution.split("#### ")[1] for solution in solutions]
        assert [p.answer for p in problems] == [final.replace(",", "") for final in finals]
        assert (sum("," in final for final in finals), sum("<<" not in solution for solution in solutions)) == (
            commas,
            bare,
        )


def test_multiarith(collected: dict[str, RawDataset]) -> None:
    problems = collected["multiarith"].evaluation
    assert len(problems) == 600 and len({p.question for p in problems}) == 580
    assert all(p.question == p.question.strip() and p.answer.isdigit() for p in problems)
    answers: dict[str, set[str]] = {}
    for problem in problems:
        answers.setdefault(problem.question, set()).add(problem.answer)
    assert all(len(found) == 1 for found in answers.values())


def test_svamp(collected: dict[str, RawDataset]) -> None:
    problems = {p.id: p for p in collected["svamp"].evaluation}
    assert len(problems) == 1000 and all(p.answer.isdigit() for p in problems.values())
    assert problems["svamp/chal-680"].answer == "1"
    assert "on each pack. How much" in problems["svamp/chal-1"].question
    assert not any(re.search(r"[A-Za-z0-9] (How|What) ", p.question) for p in problems.values())


def test_asdiv(collected: dict[str, RawDataset]) -> None:
    problems = {p.id: p for p in collected["asdiv"].evaluation}
    assert len(problems) == 2305
    kinds = Counter(p.kind for p in problems.values())
    texts = [p.answer for p in problems.values() if p.kind == "text"]
    clocks = [t for t in texts if re.match(r"\d{1,2}:\d\d", t)]
    assert len([t for t in texts if re.fullmatch(r"\d+:\d+", t)]) >= 43  # ratios, and clock times of the same form
    assert len(clocks) >= 18 and sum(t in ("Yes", "No") for t in texts) == 5
    assert problems["asdiv/nluds-0001"].answer == "9"
    assert problems["asdiv/nluds-0850"].answer == "5:6" and problems["asdiv/nluds-0175"].answer == "5:45"
    assert problems["asdiv/nluds-1331"].answer == "-1/3" and problems["asdiv/nluds-1312"].answer == "2.5"
    assert problems["asdiv/nluds-1310"].answer == "11; 12; 13"
    assert problems["asdiv/nluds-1345"].answer == "8; 128"
    assert problems["asdiv/nluds-0868"].answer == "The 60th caller."
    # 15 bare lists and 75 whose parts have units; MANIFEST counts these 75 among its 2,159 plain numbers.
    assert kinds == {"number": 2159 - 75 + 9, "numbers": 15 + 75, "text": 43 + 18 + 5 + 56}
    fractional = [p.answer for p in problems.values() if p.kind == "number" and not p.answer.lstrip("-").isdigit()]
    assert len(fractional) == 61 - 1 + 9  # of MANIFEST's 61 one is a list, and there are 9 fractions
    assert all("\r" not in p.question for p in problems.values())


def test_asdiv_repeat_is_in_one_split(split: tuple[dict[str, Splits], ProblemIndex]) -> None:
    asdiv = split[0]["asdiv"]
    where = [
        name
        for name in ("validation", "test")
        for p in asdiv[name]
        if p.question.startswith("A company donates 935 pencils")
    ]
    assert len(where) == 2 and len(set(where)) == 1


def test_bbh(collected: dict[str, RawDataset]) -> None:
    problems = collected["bbh"].evaluation
    counts = Counter(p.task for p in problems)
    assert set(counts) == set(TASKS)
    assert {task: n for task, n in counts.items() if n != 250} == {
        "causal_judgement": 187,
        "penguins_in_a_table": 146,
        "snarks": 178,
    }
    assert all(p.kind == "text" for p in problems)
    choices = {
        task
        for task in TASKS
        if sum(bool(re.fullmatch(r"\([A-Z]\)", p.answer)) for p in problems if p.task == task) > 100
    }
    assert len(choices) == 17
    odd = {p.answer for p in problems if p.task in choices and not re.fullmatch(r"\([A-Z]\)", p.answer)}
    assert odd == {"Monsters, Inc", "dearth, wind, & fire", "rita, sue and bob poo"}
    assert {p.answer for p in problems if p.task == "sports_understanding"} == {"yes", "no"}
    assert {p.answer for p in problems if p.task == "web_of_lies"} == {"Yes", "No"}


def test_bbh_exemplars_render_to_upstreams_text(collected: dict[str, RawDataset]) -> None:
    for task in TASKS:
        shots = [p for p in collected["bbh"].exemplars if p.task == task]
        rendered = [str(shots[0].instruction)]
        rendered += [
            f"Q: {p.question}\nA: Let's think step by step.\n{p.rationale} So the answer is {p.answer}." for p in shots
        ]
        _, prompt = (DATA / "bbh" / "cot-prompts" / f"{task}.txt").read_text(encoding="utf-8").split("\n-----\n")
        if task == "sports_understanding":
            # Here alone upstream goes on in the same line.
            prompt = prompt.replace("step by step. ", "step by step.\n")
        assert "\n\n".join(rendered) == prompt
        assert len(shots) == 3 and "canary" not in "".join(rendered)


def test_exemplars_are_near_no_benchmark_question(collected: dict[str, RawDataset]) -> None:
    def grams(question: str) -> set[tuple[str, ...]]:
        words = normalised_question(question).split()
        return {tuple(words[start : start + 8]) for start in range(len(words) - 7)}

    shots = collected["gsm8k"].exemplars
    own = set().union(*(grams(p.question) | grams(str(p.rationale)) for p in shots))
    assert len(own) > 50
    for each in collected.values():
        for problem in each.train + each.evaluation:
            assert not own & (grams(problem.question) | grams(problem.rationale or "")), problem.id
