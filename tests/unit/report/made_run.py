"""A made run: the files that the report reads, with numbers that fall as real ones do."""

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow
import pyarrow.parquet as parquet

from specialize.lineage.code_digest import code_digest
from specialize.records.judgements import JUDGEMENTS_SCHEMA
from specialize.records.predictions import PREDICTIONS_SCHEMA

MATHS_FORMATS = ("in_context_chain_of_thought", "zero_shot_chain_of_thought")
TASKS = ("boolean_expressions", "date_understanding", "navigate", "word_sorting")
ROLES = {
    "gsm8k": "seed",
    "asdiv": "out_of_distribution",
    "multiarith": "out_of_distribution",
    "svamp": "out_of_distribution",
    "bbh": "generic",
}
SPLITS = {"gsm8k": (100, 200), "asdiv": (60, 150), "multiarith": (60, 120), "svamp": (60, 100), "bbh": (0, 160)}
FORMATS = {
    "all": dict.fromkeys(
        (
            "in_context_chain_of_thought",
            "in_context_answer_only",
            "zero_shot_chain_of_thought",
            "zero_shot_answer_only",
        ),
        0.25,
    ),
    "in_context": {"in_context_chain_of_thought": 1.0},
    "zero_shot": {"zero_shot_chain_of_thought": 1.0},
}


@dataclass
class MadeRun:
    """What to make. `level`: of all maths accuracies, 0 for students that solve nothing."""

    folder: Path
    students: dict[str, int] = field(
        default_factory=lambda: {"base": 247_577_856, "large": 783_150_080, "xl": 2_849_757_184}
    )
    steps: Sequence[int] = (0, 1000, 2000, 3000, 4000)
    roles: dict[str, str] = field(default_factory=lambda: dict(ROLES))
    level: float = 1.0
    title: str = "A made run"
    params: dict[str, Any] = field(default_factory=dict)
    by: dict[str, int | None] = field(default_factory=lambda: {"seed": 4000, "out_of_distribution": 3000})
    has_validation: bool = True
    recipes: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Student → the params it was trained by, where they differ from the usual ones."""
    ranks: dict[str, int] = field(default_factory=dict)
    """Student → how able it is, where that is not its place among the students."""
    coverage: dict[str, Any] | None = None
    both_losses: bool = False
    """Whether curves hold both objectives on one scale."""

    def arguments(self) -> list[str]:
        """Write the files; return the arguments of the door."""
        results = self.folder
        write(results / "recipes/report.json", self._recipe())
        write(results / "problems/index.json", self._index())
        write(results / "traces/funnel.json", funnel())
        for place, (student, parameters) in enumerate(self.students.items()):
            number = self.ranks.get(student, place)
            selected = {
                "student": student,
                "format": "zero_shot_chain_of_thought",
                "reading": "flexible",
                "candidates": [],
                "by": self.by,
            }
            write(results / f"scores/{student}/selected.json", selected)
            curve = results / f"checkpoints/{student}/training.csv"
            curve.parent.mkdir(parents=True)
            trained_by = recipe_params(student, **self.recipes.get(student, {}))
            curve.write_text(training_csv(number, max(self.steps), trained_by["loss"] if self.both_losses else None))
            for step in self.steps:
                made = manifest(student, step, parameters, trained_by)
                write(results / f"checkpoints/{student}/step-{step}/manifest.json", made)
                for benchmark, role in self.roles.items():
                    score = self._score(number, student, step, benchmark, role)
                    write(results / f"scores/{student}/step-{step}/{benchmark}.json", score)
                    place = f"{student}/step-{step}/{benchmark}.parquet"
                    write_predictions(
                        results / "predictions" / place, results / "scores" / place, benchmark, score["rows"]
                    )
        arguments = [
            "build", "--recipe", str(results / "recipes/report.json"), "--problems", str(results / "problems/index.json"),
            "--funnel", str(results / "traces/funnel.json"), "--scores", str(results / "scores"),
            "--checkpoints", str(results / "checkpoints"), "--predictions", str(results / "predictions"),
            "--output", str(results / "report"), "--metrics", str(results / "metrics.json"),
        ]  # fmt: skip
        if self.coverage:
            write(results / "traces/aligned/pieces/coverage.json", self.coverage)
            arguments += ["--coverage", str(results / "traces/aligned/pieces/coverage.json")]
        return arguments

    def _recipe(self) -> dict[str, Any]:
        whose = {"students": list(self.students), "steps": list(self.steps), "datasets": list(self.roles)}
        params = {"title": self.title, **whose, **self.params}
        return {
            "phase": "report",
            "name": "report",
            "params": params,
            "code": code_digest("report"),
            "rules": "1" * 64,
            "files": {},
        }

    def _index(self) -> dict[str, Any]:
        datasets = {
            name: {
                "role": "out_of_distribution" if role == "probe" else role,
                "splits": {"validation": SPLITS[name][0], "test": SPLITS[name][1]},
            }
            for name, role in self.roles.items()
        }
        return {"seed": 1, "datasets": datasets, "shared_questions": 3}

    def _score(self, number: int, student: str, step: int, benchmark: str, role: str) -> dict[str, Any]:
        rows = self._generic_rows(number, step) if role == "generic" else self._maths_rows(number, step, benchmark)
        formats = ("answer_only", "chain_of_thought") if role == "generic" else MATHS_FORMATS
        return {
            "benchmark": benchmark, "role": role, "student": student, "step": step, "checkpoint": "c" * 64, "scorer": "1",
            "prompts": {format: f"{benchmark}{format}".encode().hex().ljust(64, "0")[:64] for format in formats},
            "plan": {"decoding": "greedy", "batch_size": 32, "items": None, "confidence": 0.95, "questions_cut": number},
            "rows": rows,
        }  # fmt: skip

    def _maths_rows(self, number: int, step: int, benchmark: str) -> list[dict[str, Any]]:
        offset = {"gsm8k": 0, "multiarith": 0.16, "asdiv": 0.07, "svamp": 0.03}[benchmark]
        grown = 1 - math.exp(-step / 1200) - (0.05 if step == 4000 and offset else 0)
        rows = []
        for split, n in zip(("validation", "test"), SPLITS[benchmark], strict=True):
            for format in MATHS_FORMATS if self.has_validation or split == "test" else ():
                for reading, share in (("strict", 0.9), ("flexible", 1.0)):
                    level = (
                        0.03 * 2 ** min(number, 3)
                        + offset / 2 * min(number, 3)
                        + (0.1 + offset / 2 + 0.01 * number) * grown
                    )
                    rows.append(row(None, split, format, reading, n, round(self.level * share * level * n)))
        return rows

    def _generic_rows(self, number: int, step: int) -> list[dict[str, Any]]:
        rows = []
        for format, start, floor in (("answer_only", 0.24, 0.04), ("chain_of_thought", 0.25, 0.0)):
            for reading in ("exact", "substring"):
                level = floor + (start + 0.06 * number) * math.exp(-step / (2500 if format == "answer_only" else 150))
                corrects = [round(40 * min(level * (0.6 + 0.25 * at), 1)) for at in range(len(TASKS))]
                rows.append(row(None, "test", format, reading, 160, sum(corrects)))
                rows += [
                    row(task, "test", format, reading, 40, correct)
                    for task, correct in zip(TASKS, corrects, strict=True)
                ]
        return rows


def row(task: str | None, split: str, format: str, reading: str, n: int, correct: int) -> dict[str, Any]:
    """Return a score row with Wilson's 95 % interval."""
    share, z = correct / n, 1.959964
    middle = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    return {
        "task": task, "split": split, "format": format, "reading": reading, "n": n, "correct": correct,
        "accuracy": round(share, 6), "low": round(max(min(middle - half, share), 0), 6), "high": round(min(max(middle + half, share), 1), 6),
    }  # fmt: skip


def write_predictions(texts: Path, judged: Path, benchmark: str, rows: Sequence[dict[str, Any]]) -> None:
    """Write predictions and judgements with the counts of score rows: the first problems are right, so what is won stays won."""
    has_tasks = any(row["task"] for row in rows)
    marks: dict[tuple[str, str, str], list[tuple[str, bool]]] = {}
    for row in rows:
        if has_tasks and row["task"] is None:
            continue
        name = f"{benchmark}/{row['task']}" if has_tasks else f"{benchmark}/{row['split']}"
        for index in range(row["n"]):
            key = (f"{name}/{index}", row["split"], row["format"])
            marks.setdefault(key, []).append((row["reading"], index < row["correct"]))
    table = [
        {"id": id, "split": split, "format": format, "sample": 0, "text": "", "gold": "1", "correct": correct}
        for (id, split, format), correct in marks.items()
    ]
    for path, schema in ((texts, PREDICTIONS_SCHEMA), (judged, JUDGEMENTS_SCHEMA)):
        path.parent.mkdir(parents=True, exist_ok=True)
        parquet.write_table(pyarrow.Table.from_pylist(table, schema), path)


def recipe_params(student: str, **own: Any) -> dict[str, Any]:
    """Return the params of a training recipe; `formats` by name."""
    usual = {
        "seed": 1,
        "start": "google/flan-t5",
        "loss": "sample",
        "formats": "all",
        "tokenizer": "pieces",
        "steps": 4000,
        "learning_rate": 5e-4,
    }
    params = {"student": student, **usual, **own}
    return {**params, "formats": FORMATS[params["formats"]]}


def manifest(student: str, step: int, parameters: int, params: dict[str, Any]) -> dict[str, Any]:
    """Return a checkpoint's manifest."""
    libraries = {"torch": "2.9.0", "transformers": "5.23.0"}
    return {
        "student": student,
        "step": step,
        "parameters": parameters,
        "recipe": {
            "phase": "train",
            "name": f"train/{student}",
            "params": params,
            "code": "b" * 64,
            "rules": "c" * 64,
            "files": {},
        },
        "recipe_sha256": "a" * 64,
        "libraries": libraries,
        "python": "3.11.9",
        "machine": "x",
        "inputs": {},
        "start_commit": None,
        "files": {},
    }


def funnel() -> dict[str, Any]:
    """Return a funnel."""
    steps = [
        {"step": "known problem", "dropped": 12, "left": 29_736, "why": "the problem was not asked"},
        {"step": "right answer", "dropped": 8_310, "left": 21_426, "why": "the answer is not the gold answer"},
        {"step": "duplicates", "dropped": 426, "left": 21_000, "why": "the same text for the same question"},
    ]
    questions = {"asked": 7473, "with a completion": 7437, "with a trace": 7011}
    return {"steps": steps, "by_teacher": {"teacher <1>": steps}, "questions": questions}


def training_csv(number: int, last: int, loss_name: str | None = None) -> str:
    """Return a curve that falls as a loss does; with a loss's name also both objectives, and a column nobody knows."""
    lines = ["step,loss,grad_norm,learning_rate" + (",sample_nll,teacher_kl,later" if loss_name else "")]
    for step in range(50, last + 1, 50):
        loss = 0.35 - 0.01 * number + 2.2 * math.exp(-step / 300) + 0.02 * math.sin(step * (3 + number))
        line = f"{step},{loss:.6g},{1 + 1 / step:.6g},0.0005"
        kl = (0.05 if loss_name == "distribution" else 0.09) + 0.3 * math.exp(-step / 300)
        lines.append(line + (f",{loss:.6g},{kl:.6g},x" if loss_name else ""))
    return "\n".join(lines) + "\n"


def write(path: Path, value: Any) -> None:
    """Write JSON, making folders."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value))
