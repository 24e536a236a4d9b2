"""Results in the schema of Every Eval Ever (evalevalai.com), version 0.3.0: an aggregate and one row for each answer.

Files as its datastore lays them out: data/{benchmark}/{organisation}/{model}/{uuid}.json and {uuid}_samples.jsonl.
"""

import hashlib
import json
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from specialize.core.files import sha256_text, write_json, write_text
from specialize.evaluate.exchange.exported import LIBRARY, VERSION, Exported
from specialize.records.scores import Score, ScoreRow

SCHEMA_VERSION = "0.3.0"
DESCRIPTIONS = {
    "strict": "the answer stands behind an answer marker and equals the gold answer",
    "flexible": "the last number of the text equals the gold answer",
    "exact": "the answer equals the gold answer",
    "substring": "the substring rule of the code of Fu et al. (2023)",
}


def write_every_eval_ever(exported: Exported, folder: Path, timestamp: int) -> list[Path]:
    """Write an aggregate and its samples for each benchmark; return the paths. timestamp: seconds since 1970."""
    written = []
    for benchmark, score in exported.scores.items():
        organisation, model = exported.model.split("/")
        identity = f"{benchmark}/{exported.model}/{score.checkpoint}/{score.scorer}/{timestamp}"
        name = str(uuid.UUID(bytes=hashlib.sha256(identity.encode()).digest()[:16], version=4))
        place = Path("data", benchmark, organisation, model)
        evaluation_id = f"{benchmark}/{exported.model.replace('/', '_')}/{timestamp}"
        lines = [json.dumps(row, sort_keys=True) for row in _samples(exported, benchmark, evaluation_id)]
        text = "".join(f"{line}\n" for line in lines)
        samples = folder / place / f"{name}_samples.jsonl"
        aggregate = folder / place / f"{name}.json"
        detailed = {
            "format": "jsonl",
            "file_path": (place / samples.name).as_posix(),
            "hash_algorithm": "sha256",
            "checksum": sha256_text(text),
            "total_rows": len(lines),
        }
        write_text(samples, text)
        whole = _aggregate(exported, score, evaluation_id, timestamp)
        write_json(aggregate, whole | {"detailed_evaluation_results": detailed})
        written += [aggregate, samples]
    return written


def _aggregate(exported: Exported, score: Score, evaluation_id: str, timestamp: int) -> dict[str, Any]:
    return {
        "schema_version": SCHEMA_VERSION,
        "evaluation_id": evaluation_id,
        "retrieved_timestamp": str(timestamp),
        "source_metadata": {
            "source_name": LIBRARY,
            "source_type": "evaluation_run",
            "source_organization_name": exported.model.split("/")[0],
            "evaluator_relationship": "first_party",
        },
        "eval_library": {
            "name": LIBRARY,
            "version": VERSION,
            "additional_details": {"scorer": score.scorer, "checkpoint_sha256": score.checkpoint},
        },
        "model_info": {
            "name": exported.model.split("/")[1],
            "id": exported.model,
            "developer": exported.model.split("/")[0],
            "additional_details": {"deployment_type": "self_deployed", "model_availability": "unknown"},
        },
        "evaluation_results": [_result(score, row) for row in score.rows],
    }


def _result(score: Score, row: ScoreRow) -> dict[str, Any]:
    confidence = score.plan.get("confidence")
    interval: dict[str, float | str] = {"lower": row.low, "upper": row.high, "method": "Wilson score"}
    if isinstance(confidence, int | float):
        interval["confidence_level"] = float(confidence)
    details = {
        "split": row.split,
        "format": row.format,
        "reading": row.reading,
        "correct": str(row.correct),
        "prompts_sha256": score.prompts.get(row.format, ""),
    }
    tokens = score.plan.get("max_new_tokens")
    temperature = score.plan.get("temperature")
    if not isinstance(temperature, int | float):
        temperature = 0.0 if score.plan.get("decoding") == "greedy" else None
    arguments = {"max_tokens": tokens if isinstance(tokens, int) else None, "temperature": temperature}
    return {
        "evaluation_result_id": _result_id(score.benchmark, row.split, row.format, row.reading, row.task),
        "evaluation_name": f"{score.benchmark}/{row.task}" if row.task else score.benchmark,
        "source_data": {
            "dataset_name": score.benchmark,
            "source_type": "other",
            "additional_details": {"split": row.split},
        },
        "metric_config": {
            "metric_id": "accuracy",
            "metric_name": f"accuracy, {row.reading} reading",
            "metric_kind": "accuracy",
            "metric_unit": "proportion",
            "evaluation_description": DESCRIPTIONS.get(row.reading, row.reading),
            "lower_is_better": False,
            "score_type": "continuous",
            "min_score": 0.0,
            "max_score": 1.0,
        },
        "score_details": {
            "score": row.accuracy,
            "details": details,
            "uncertainty": {"confidence_interval": interval, "num_samples": row.n},
        },
        "generation_config": {
            "generation_args": {name: value for name, value in arguments.items() if value is not None},
            "additional_details": {name: str(value) for name, value in sorted(score.plan.items())},
        },
    }


def _samples(exported: Exported, benchmark: str, evaluation_id: str) -> Iterator[dict[str, Any]]:
    for row, problem in exported.rows(benchmark):
        answers = dict(row["answers"] or ())
        for reading, correct in row["correct"] or ():
            found = answers.get(reading)
            yield {
                "schema_version": SCHEMA_VERSION,
                "evaluation_id": evaluation_id,
                "evaluation_result_id": _result_id(benchmark, row["split"], row["format"], reading, None),
                "evaluation_name": benchmark,
                "model_id": exported.model,
                "sample_id": row["id"],
                "sample_hash": sha256_text(problem.question + row["gold"]),
                "interaction_type": "single_turn",
                "input": {
                    "raw": problem.question,
                    "reference": [row["gold"]],
                    "choices": list(problem.choices.values()) if problem.choices else None,
                },
                "output": {"raw": [row["text"]]},
                "answer_attribution": [
                    {
                        "turn_idx": 0,
                        "source": "output.raw",
                        "extracted_value": "" if found is None else found,
                        "extraction_method": reading,
                        "is_terminal": True,
                    }
                ],
                "evaluation": {"score": float(bool(correct)), "is_correct": bool(correct)},
                "metadata": {
                    "split": row["split"],
                    "format": row["format"],
                    "reading": reading,
                    "task": problem.task or "",
                },
            }


def _result_id(benchmark: str, split: str, format: str, reading: str, task: str | None) -> str:
    return "/".join([benchmark, *([task] if task else []), split, format, reading])
