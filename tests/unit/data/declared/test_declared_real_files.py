"""Public reasoning sets by declaration alone, from upstream's own files: the counts of shared/data/MANIFEST.md."""

import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from specialize.core.params.data import DataParams
from specialize.data.build import Splits, split_all
from specialize.data.sources import collect
from specialize.records.problems import ProblemIndex

PROJECT = Path(__file__).resolve().parents[4]
EXEMPLARS = PROJECT / "prompts" / "maths.jsonl"
EXAMPLES = {"question": "question", "answer": "answer"}
EQUATIONS = {"question": "sQuestion", "answer": "lSolutions.0", "answer_kind": "number"}
DATASETS: dict[str, dict[str, Any]] = {
    "commonsense_qa": {
        "role": "seed",
        "files": {
            "train": "reasoning/CommonsenseQA/train_rand_split.jsonl",
            "test": "reasoning/CommonsenseQA/dev_rand_split.jsonl",
        },
        "question": "question.stem",
        "choices": "question.choices",
        "answer": "answerKey",
        "id": "id",
        "validation": 500,
    },
    "strategy_qa": {
        "role": "out_of_distribution",
        "files": "reasoning/StrategyQA/task.json",
        "question": "input",
        "choices": "target_scores",
        "answer": "target_scores",
        "rationale": "target",
        "validation": 500,
    },
    "aqua": {
        "role": "out_of_distribution",
        "files": "reasoning/AQuA/test.json",
        "question": "question",
        "choices": "options",
        "answer": "correct",
        "rationale": "rationale",
    },
    "addsub": {"role": "probe", "files": "reasoning/AddSub/AddSub.json", "id": "iIndex", **EQUATIONS},
    "singleeq": {"role": "probe", "files": "reasoning/SingleEq/questions.json", "id": "iIndex", **EQUATIONS},
    "coin_flip": {"role": "probe", "files": "reasoning/coin_flip/coin_flip.json", "answer_kind": "choice", **EXAMPLES},
    "last_letters": {"role": "probe", "files": "reasoning/last_letters/last_letters.json", "answer_kind": "text",
                     **EXAMPLES},
    "gsm8k_declared": {
        "role": "probe",
        "files": {"train": "gsm8k/train.jsonl", "test": "gsm8k/test.jsonl"},
        "answer_kind": "number",
        **EXAMPLES,
    },
    "gsm8k": {"role": "probe"},
}  # fmt: skip


@pytest.fixture(scope="module")
def split(shared_data: Path) -> tuple[dict[str, Splits], ProblemIndex]:
    params = DataParams.model_validate({"source": "files", "datasets": DATASETS})
    return split_all(collect(params, shared_data, EXEMPLARS), params)


def test_counts(split: tuple[dict[str, Splits], ProblemIndex]) -> None:
    assert {name: each.splits for name, each in split[1].datasets.items()} == {
        "commonsense_qa": {"train": 9741, "validation": 500, "test": 721, "exemplars": 4},
        "strategy_qa": {"validation": 500, "test": 1790, "exemplars": 4},
        "aqua": {"test": 254, "exemplars": 4},
        "addsub": {"test": 395, "exemplars": 4},
        "singleeq": {"test": 508, "exemplars": 4},
        "coin_flip": {"test": 500, "exemplars": 4},
        "last_letters": {"test": 500, "exemplars": 4},
        "gsm8k_declared": {"test": 1319, "exemplars": 4},
        "gsm8k": {"test": 1319, "exemplars": 4},
    }


def test_commonsense_qa(split: tuple[dict[str, Splits], ProblemIndex]) -> None:
    train = split[0]["commonsense_qa"]["train"]
    assert {problem.kind for problem in train} == {"choice"}
    assert {problem.answer for problem in train} == {f"({letter})" for letter in "ABCDE"}
    assert all(problem.choices and list(problem.choices) == list("ABCDE") for problem in train)
    assert train[0].id == "commonsense_qa/train/075e483d21c29a511267ef62bedc0461"
    assert train[0].question.endswith(
        "to change?\nOptions:\n(A) ignore\n(B) enforce\n(C) authoritarian\n(D) yell at\n(E) avoid"
    )


def test_yes_and_no(split: tuple[dict[str, Splits], ProblemIndex]) -> None:
    for name in ("strategy_qa", "coin_flip"):
        problems = split[0][name]["test"]
        assert {problem.kind for problem in problems} == {"choice"}
        assert {problem.answer for problem in problems} == {"yes", "no"}
        assert all(problem.choices is None and "Options" not in problem.question for problem in problems)


def test_aqua(split: tuple[dict[str, Splits], ProblemIndex]) -> None:
    problems = split[0]["aqua"]["test"]
    assert Counter(len(problem.choices or {}) for problem in problems) == {5: 254}
    assert problems[0].choices and problems[0].choices["A"] == "5(√3 + 1)"
    labelled = [p.choices for p in problems if any(re.match(r"[A-E]\)", text) for text in (p.choices or {}).values())]
    assert labelled == [{"A": "A)59", "B": "B)69", "C": "C)79", "D": "D)89", "E": "E)99"}]  # upstream has `A)A)59`


def test_numbers(split: tuple[dict[str, Splits], ProblemIndex]) -> None:
    for name in ("addsub", "singleeq"):
        assert {problem.kind for problem in split[0][name]["test"]} == {"number"}
    assert any("." in problem.answer for problem in split[0]["singleeq"]["test"])
    assert {problem.kind for problem in split[0]["last_letters"]["test"]} == {"text"}


def test_a_declared_benchmark_agrees_with_the_built_in_one(split: tuple[dict[str, Splits], ProblemIndex]) -> None:
    declared, built_in = (split[0][name]["test"] for name in ("gsm8k_declared", "gsm8k"))
    assert [(p.question, p.answer) for p in declared] == [(p.question, p.answer) for p in built_in]
