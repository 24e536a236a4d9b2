"""The judge against labels and counts that others, or an earlier version of it, gave to real texts."""

import json
import re
from pathlib import Path

import pytest

from specialize.core.answers import judge, same_answer, strict_answer


def test_all_labels_of_the_example_solutions(shared_data: Path) -> None:
    """Upstream's own `is_correct` of four GPT-3 models on GSM8K's test questions."""
    path = shared_data / "teacher/gsm8k_example_solutions/example_model_solutions.jsonl"
    labels = differing = 0
    for line in path.read_text(encoding="utf-8").split("\n"):
        row = json.loads(line) if line else {}
        for model in [value for value in row.values() if isinstance(value, dict)]:
            labels += 1
            gold = row["ground_truth"].rsplit("A:", 1)[1]
            differing += judge(model["solution"], gold).strict.correct is not model["is_correct"]
    assert (labels, differing) == (5276, 0)


def test_recorded_codex_responses(shared_data: Path) -> None:
    """All but the one that was cut by its length (question 32), also where a response runs on into new questions."""
    questions = _rows(shared_data / "gsm8k/train.jsonl")
    responses = _rows(shared_data / "teacher/codex_logprobs.jsonl")
    wrong = [
        row["gsm8k_index"]
        for row in responses
        if not judge(row["text"], questions[row["gsm8k_index"]]["answer"]).strict.correct
    ]
    assert (len(responses), wrong) == (53, [32])


@pytest.mark.parametrize(
    ("name", "matched", "right", "silent"),
    [
        # The data's manifest counts 7329, 7067, 7394 and 7410 right: it takes the first number behind the last marker,
        # so it reads `2 x 25 = 50` as 2. It counts what a teacher denies (`The answer is not 50, it's -50`) as right.
        ("gemini_level1", 7432, 7330, 0),
        ("gemini_level2", 7432, 7072, 1),
        ("llama_level1", 7441, 7411, 5),
        ("llama_level2", 7441, 7420, 6),
    ],
)
def test_recorded_chains(shared_data: Path, name: str, matched: int, right: int, silent: int) -> None:
    golds = {_key(row["question"]): row["answer"] for row in _rows(shared_data / "gsm8k/train.jsonl")}
    path = shared_data / f"teacher/eit_nlp_distilling_cot/gsm8k_{name}_ranked.json"
    pairs = [
        (strict_answer(row["output"]), golds[_key(row["instruction"])].rsplit("#### ", 1)[1].replace(",", ""))
        for row in json.loads(path.read_text(encoding="utf-8"))
        if _key(row["instruction"]) in golds
    ]
    assert len(pairs) == matched
    assert sum(same_answer(answer, gold) for answer, gold in pairs) == right
    assert sum(answer is None for answer, _ in pairs) == silent


def _rows(path: Path) -> list[dict[str, str]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").split("\n") if line]


def _key(question: str) -> str:
    return " ".join(re.findall("[a-z0-9]+", question.lower()))
