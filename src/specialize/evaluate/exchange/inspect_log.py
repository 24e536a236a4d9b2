"""Results as logs of Inspect (inspect.aisi.org.uk), format version 2: `inspect view --log-dir FOLDER` opens them.

One log for each benchmark, split and format; each reading is a scorer. Several answers to a problem are its epochs.
"""

import hashlib
import uuid
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from specialize.core.files import write_json
from specialize.evaluate.exchange.exported import LIBRARY, VERSION, Exported
from specialize.records.problems import Problem
from specialize.records.scores import Score, ScoreRow

Row = tuple[dict[str, Any], Problem]


def write_inspect_logs(exported: Exported, folder: Path, timestamp: int) -> list[Path]:
    """Write a log for each benchmark, split and format; return the paths. timestamp: seconds since 1970."""
    created = datetime.fromtimestamp(timestamp, UTC)
    written = []
    for benchmark, score in exported.scores.items():
        parts: dict[tuple[str, str], list[Row]] = {}
        for row, problem in exported.rows(benchmark):
            parts.setdefault((row["split"], row["format"]), []).append((row, problem))
        for (split, format), rows in sorted(parts.items()):
            task = f"{benchmark}_{split}_{format}"
            identity = f"{task}/{exported.model}/{score.checkpoint}/{score.scorer}/{timestamp}"
            digest = hashlib.sha256(identity.encode()).hexdigest()[:22]
            # Inspect's names: time, task and id, without its separator inside the task.
            name = f"{created:%Y-%m-%dT%H-%M-%S}_{task.replace('_', '-')}_{digest}.json"
            path = folder / exported.model.replace("/", "__") / name
            scores = [each for each in score.rows if (each.split, each.format) == (split, format) and each.task is None]
            write_json(path, _log(exported, score, task, created.isoformat(), digest, rows, scores))
            written.append(path)
    return written


def _log(
    exported: Exported, score: Score, task: str, created: str, digest: str, rows: list[Row], scores: list[ScoreRow]
) -> dict[str, Any]:
    model = f"{LIBRARY}/{exported.model}"
    samples = _samples(model, rows)
    ids = list(dict.fromkeys(row["id"] for row, _ in rows))
    epochs = max(sample["epoch"] for sample in samples)
    tokens = score.plan.get("max_new_tokens")
    return {
        "version": 2,
        "status": "success",
        "eval": {
            "eval_id": digest,
            "run_id": digest,
            "task_id": digest,
            "created": created,
            "task": task,
            "task_version": score.scorer,
            "dataset": {"name": score.benchmark, "samples": len(ids), "sample_ids": ids},
            "model": model,
            "model_generate_config": {"max_tokens": tokens} if isinstance(tokens, int) else {},
            "config": {"epochs": epochs},
            "packages": {LIBRARY: VERSION},
            "metadata": {"checkpoint_sha256": score.checkpoint, "plan": score.plan, "prompts_sha256": score.prompts},
        },
        "plan": {"name": "plan", "steps": [{"solver": "generate", "params": {}}]},
        "results": {
            "total_samples": len(samples),
            "completed_samples": len(samples),
            "scores": [_score(row) for row in scores],
        },
        "stats": {"started_at": created, "completed_at": created},
        "samples": samples,
    }


def _score(row: ScoreRow) -> dict[str, Any]:
    metrics = {"accuracy": row.accuracy, "interval_low": row.low, "interval_high": row.high}
    return {
        "name": row.reading,
        "scorer": row.reading,
        "scored_samples": row.n,
        "metrics": {name: {"name": name, "value": value} for name, value in metrics.items()},
    }


def _samples(model: str, rows: list[Row]) -> list[dict[str, Any]]:
    epochs: Counter[str] = Counter()
    samples = []
    for row, problem in rows:
        epochs[row["id"]] += 1
        answers = dict(row["answers"] or ())
        name = f"{row['id']}/{epochs[row['id']]}"
        asked, answered = (str(uuid.uuid5(uuid.NAMESPACE_URL, f"{name}/{role}")) for role in ("user", "assistant"))
        question = {"id": asked, "role": "user", "content": problem.question}
        answer = {"id": answered, "role": "assistant", "content": row["text"], "source": "generate", "model": model}
        samples.append(
            {
                "id": row["id"],
                "epoch": epochs[row["id"]],
                "input": problem.question,
                "choices": list(problem.choices.values()) if problem.choices else None,
                "target": row["gold"],
                "messages": [question, answer],
                "output": {
                    "model": model,
                    "choices": [{"message": answer, "stop_reason": "unknown"}],
                    "completion": row["text"],
                },
                "scores": {
                    reading: {"value": "C" if correct else "I", "answer": answers.get(reading)}
                    for reading, correct in row["correct"] or ()
                },
                "metadata": {"task": problem.task} if problem.task else {},
            }
        )
    return samples
