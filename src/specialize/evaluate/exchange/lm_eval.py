"""Answers in the sample format of lm-evaluation-harness (`--log_samples`): a row for each answer and reading.

samples_{benchmark}_{format}.jsonl; a reading is a filter there: `strict-match`, `flexible-extract`.
"""

import json
from pathlib import Path
from typing import Any

from specialize.core.files import sha256_text, write_text
from specialize.evaluate.exchange.exported import Exported

FILTERS = {"strict": "strict-match", "flexible": "flexible-extract", "exact": "none", "substring": "substring"}


def write_lm_eval(exported: Exported, folder: Path) -> list[Path]:
    """Write a file for each benchmark and format below {folder}/{organisation}__{model}/; return the paths."""
    files: dict[Path, list[str]] = {}
    for benchmark in exported.scores:
        for number, (row, problem) in enumerate(exported.rows(benchmark)):
            name = f"samples_{benchmark}_{row['split']}_{row['format']}.jsonl"
            path = folder / exported.model.replace("/", "__") / name
            doc = {"id": row["id"], "question": problem.question, "answer": row["gold"]}
            for reading, correct in row["correct"] or ():
                found = dict(row["answers"] or ()).get(reading)
                files.setdefault(path, []).append(json.dumps(_sample(number, doc, row, reading, found, correct)))
    for path, lines in files.items():
        write_text(path, "".join(f"{line}\n" for line in lines))
    return sorted(files)


def _sample(
    number: int, doc: dict[str, str], row: dict[str, Any], reading: str, found: str | None, correct: bool
) -> dict[str, Any]:
    return {
        "doc_id": number,
        "doc": doc,
        "target": row["gold"],
        "arguments": {"gen_args_0": {"arg_0": doc["question"], "arg_1": {"do_sample": False}}},
        "resps": [[row["text"]]],
        "filtered_resps": ["[invalid]" if found is None else found],
        "filter": FILTERS.get(reading, reading),
        "metrics": ["exact_match"],
        "doc_hash": sha256_text(json.dumps(doc, sort_keys=True)),
        "prompt_hash": sha256_text(doc["question"]),
        "target_hash": sha256_text(row["gold"]),
        "exact_match": float(bool(correct)),
    }
