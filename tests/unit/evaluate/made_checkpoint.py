"""Folders of predictions and scores, as scoring writes them."""

import json
from collections import Counter
from pathlib import Path

import pyarrow
import pyarrow.parquet as parquet

from specialize.records.judgements import JUDGEMENTS_SCHEMA
from specialize.records.predictions import PREDICTIONS_SCHEMA

FORMAT = "zero_shot_chain_of_thought"
READINGS = ("strict", "flexible")


def answer_row(id, correct, text="It is 3. The answer is 3", gold="3", split="test", format=FORMAT, readings=READINGS):
    return {
        "id": id,
        "split": split,
        "format": format,
        "text": text,
        "gold": gold,
        "answers": [(name, "3" if correct else "4") for name in readings],
        "correct": [(name, correct) for name in readings],
    }


def write_checkpoint(results: Path, student: str, step: int, benchmarks: dict) -> Path:
    """Write results/{predictions,scores}/{student}/step-{n}/; return the former. benchmarks: name → rows."""
    predictions = results / "predictions" / student / f"step-{step}"
    scores = results / "scores" / student / f"step-{step}"
    for folder in (predictions, scores):
        folder.mkdir(parents=True, exist_ok=True)
    for name, rows in benchmarks.items():
        asked: Counter[tuple[str, str, str]] = Counter()
        for row in rows:  # a further answer to the same problem is a further sample
            place = row["id"], row["split"], row["format"]
            row["sample"] = asked[place]
            asked[place] += 1
        for folder, schema in ((predictions, PREDICTIONS_SCHEMA), (scores, JUDGEMENTS_SCHEMA)):
            parquet.write_table(pyarrow.Table.from_pylist(rows, schema), folder / f"{name}.parquet")
        (scores / f"{name}.json").write_text(json.dumps(score_of(name, student, step, rows)))
    return predictions


def score_of(name, student, step, rows):
    kinds = sorted({(row["split"], row["format"]) for row in rows})
    made = []
    for split, format in kinds:
        these = [row for row in rows if (row["split"], row["format"]) == (split, format)]
        for reading, _ in these[0]["correct"]:
            right = sum(dict(row["correct"])[reading] for row in these)
            share = round(right / len(these), 6)
            made.append(
                {"task": None, "split": split, "format": format, "reading": reading, "n": len(these), "correct": right,
                 "accuracy": share, "low": max(0, share - 0.1), "high": min(1, share + 0.1)}
            )  # fmt: skip
    return {
        "benchmark": name, "role": "seed", "student": student, "step": step, "checkpoint": "c" * 64, "scorer": "1",
        "prompts": {format: "d" * 64 for _, format in kinds},
        "plan": {"decoding": "greedy", "max_new_tokens": 96, "confidence": 0.95, "items": None}, "rows": made,
    }  # fmt: skip


def write_problems(results: Path, dataset: str, questions: dict, split: str = "test") -> None:
    """Write results/problems/{dataset}/{split}.jsonl. questions: id → question."""
    path = results / "problems" / dataset / f"{split}.jsonl"
    path.parent.mkdir(parents=True, exist_ok=True)
    rows = [
        {"id": id, "dataset": dataset, "question": question, "answer": "3", "kind": "number"}
        for id, question in questions.items()
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
