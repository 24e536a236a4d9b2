"""One checkpoint on every benchmark: prompts, answers, predictions, scores."""

import shutil
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import fmean

import pyarrow
import pyarrow.parquet as parquet
from scipy.stats import binomtest

from specialize.core.answers import SCORER_VERSION, Reading
from specialize.core.checkpoint_files import check_files
from specialize.core.files import parse_record, read_json, read_records, replacing, sha256_file, sha256_text, write_json
from specialize.core.log import Progress, get_logger
from specialize.core.params.evaluate import EvaluateParams
from specialize.evaluate.generate import ORDER, DecodingLimits, generate, load_checkpoint
from specialize.evaluate.kept_texts import kept_texts, texts_key
from specialize.evaluate.prompts import Benchmark, Prompt, prompts_of
from specialize.evaluate.scorers import readings_of
from specialize.lineage.recipe import recipe_digest
from specialize.records.checkpoints import CheckpointManifest
from specialize.records.predictions import PREDICTIONS_SCHEMA
from specialize.records.problems import DatasetSummary, Problem, ProblemIndex
from specialize.records.recipes import Recipe
from specialize.records.scores import Score, ScoreRow

log = get_logger("evaluate")


@dataclass(frozen=True)
class ScoringPaths:
    """Where scoring one checkpoint reads and writes."""

    checkpoint: Path
    """Folder with a manifest.json."""
    problems: Path
    """results/problems."""
    work: Path
    """Finished benchmarks of runs that were killed."""
    scores: Path
    predictions: Path


def score_checkpoint(recipe: Recipe, params: EvaluateParams, paths: ScoringPaths, threads: int) -> None:
    """Score one checkpoint on every dataset of results/problems/ and write a score and predictions for each.

    Benchmarks that were finished before a kill wait in `work`, in a folder named by everything that decides them.
    The texts stay there, so that another judge reads them again instead of having them generated again.
    """
    manifest_path = paths.checkpoint / "manifest.json"
    manifest = parse_record(str(manifest_path), read_json(manifest_path), CheckpointManifest)
    student, step = manifest.student, manifest.step
    index_path = paths.problems / "index.json"
    index = parse_record(str(index_path), read_json(index_path), ProblemIndex)
    manifest_digest = sha256_file(manifest_path)
    identity = [recipe_digest(recipe), manifest_digest]
    identity += [sha256_file(path) for path in sorted(paths.problems.glob("*/*.jsonl")) if path.stem != "train"]
    check_files(paths.checkpoint, manifest.files)
    own = paths.work / f"{student}.step-{step}.{sha256_text(str(identity))[:16]}"
    for other in paths.work.glob(f"{student}.step-{step}.*"):
        if other != own:
            shutil.rmtree(other, ignore_errors=True)
    checkpoint = load_checkpoint(paths.checkpoint, manifest.prompts, threads)
    limits = DecodingLimits(params.batch_size, params.max_source_tokens, params.max_new_tokens)
    for name, summary in sorted(index.datasets.items()):
        if (own / f"{name}.json").is_file():
            continue
        benchmark = read_benchmark(paths.problems / name, summary, params)
        prompts = prompts_of(benchmark, params, checkpoint.count)
        progress = Progress(log, f"{student} step {step}: {name}", len(prompts))
        sources = [prompt.text for prompt in prompts]
        write = partial(generate, checkpoint, sources, limits, progress.advance)
        key = texts_key(manifest_digest, sources, limits)
        texts, truncated = kept_texts(paths.work / "texts", f"{student}.step-{step}.{name}", key, write)
        readings = [
            readings_of(text, prompt.problem, prompt.format, benchmark.is_generic)
            for text, prompt in zip(texts, prompts, strict=True)
        ]
        score = Score(
            benchmark=name,
            role=summary.role,
            student=student,
            step=step,
            checkpoint=manifest_digest,
            scorer=SCORER_VERSION,
            prompts=prompt_digests(prompts),
            plan=_plan(params, prompts, truncated),
            rows=score_rows(prompts, readings, params.confidence),
        )
        write_predictions(own / f"{name}.parquet", prompts, texts, readings)
        write_json(own / f"{name}.json", score.model_dump())
    made = [parse_record(str(path), read_json(path), Score) for path in sorted(own.glob("*.json"))]
    _publish(own, paths, sorted(index.datasets))
    log.info("%s step %s: %s -> %s", student, step, accuracies_line(made, params), paths.scores)


def read_benchmark(folder: Path, summary: DatasetSummary, params: EvaluateParams) -> Benchmark:
    """Read the problems that params choose of one dataset of results/problems/, and its exemplars."""
    splits = [split for split in ("validation", "test") if summary.splits.get(split)]
    problems = {split: draw(read_records(folder / f"{split}.jsonl", Problem), params) for split in splits}
    return Benchmark(problems, read_records(folder / "exemplars.jsonl", Problem), summary.role == "generic")


def accuracies_line(scores: Iterable[Score], params: EvaluateParams) -> str:
    """Return the accuracies for the log: on validation problems where there are any; maths in the format by which
    checkpoints are selected, generic tasks in every format."""
    parts = []
    for score in scores:
        rows = [row for row in score.rows if row.task is None]
        split = min({row.split for row in rows}, key=lambda split: split != "validation")
        for row in rows:
            if row.split != split or row.reading not in (params.selection_reading, "exact"):
                continue
            if score.role == "generic":
                parts.append(f"{score.benchmark} {row.format.replace('_', '-')} {100 * row.accuracy:.1f} %")
            elif row.format == params.selection_format:
                parts.append(f"{score.benchmark} {100 * row.accuracy:.1f} %")
    return ", ".join(parts)


def draw(problems: Sequence[Problem], params: EvaluateParams) -> list[Problem]:
    """Return the problems to score: all, or by seed as many as params allow (of each task, for a suite of tasks)."""
    by_task: dict[str | None, list[Problem]] = defaultdict(list)
    for problem in problems:
        by_task[problem.task].append(problem)
    chosen: set[str] = set()
    for task, rows in by_task.items():
        limit = params.items if task is None else params.items_per_task
        ranked = sorted(rows, key=lambda problem: sha256_text(f"{params.seed}/{problem.id}"))
        chosen.update(problem.id for problem in ranked[:limit])
    return [problem for problem in problems if problem.id in chosen]


def score_rows(prompts: Sequence[Prompt], readings: Sequence[dict[str, Reading]], confidence: float) -> list[ScoreRow]:
    """Return accuracy and interval per split, format and reading; for a suite also per task."""
    hits: dict[tuple[str, str, str], dict[str | None, list[bool]]] = defaultdict(lambda: defaultdict(list))
    for prompt, found in zip(prompts, readings, strict=True):
        for name, reading in found.items():
            hits[prompt.split, prompt.format, name][prompt.problem.task].append(reading.correct)
    rows = []
    for (split, format, name), by_task in sorted(hits.items()):
        accuracy = fmean(fmean(right) for right in by_task.values())
        everything = [right for task in by_task.values() for right in task]
        rows.append(_row(None, split, format, name, everything, accuracy, confidence))
        rows += [
            _row(task, split, format, name, right, fmean(right), confidence)
            for task, right in sorted((task, right) for task, right in by_task.items() if task is not None)
        ]
    return rows


def wilson(accuracy: float, n: int, confidence: float) -> tuple[float, float]:
    """Return the Wilson score interval of `accuracy` over `n` trials.

    For a mean over tasks `n` is the number of problems of all tasks: tasks are of nearly equal size, so the mean over
    tasks is nearly the share of all problems that are right.
    """
    interval = binomtest(round(accuracy * n), n).proportion_ci(confidence, method="wilson")
    return min(float(interval.low), accuracy), max(float(interval.high), accuracy)


def prompt_digests(prompts: Iterable[Prompt]) -> dict[str, str]:
    """Return format → sha256 over its prompts, so over templates, exemplars and questions."""
    texts: dict[str, list[str]] = defaultdict(list)
    for prompt in prompts:
        texts[prompt.format].append(prompt.text)
    return {format: sha256_text("\0".join(rows)) for format, rows in sorted(texts.items())}


def write_predictions(
    path: Path, prompts: Sequence[Prompt], texts: Sequence[str], readings: Sequence[dict[str, Reading]]
) -> None:
    """Write each answer of the checkpoint with the outcome of every reading."""
    rows = [
        {
            "id": prompt.problem.id,
            "split": prompt.split,
            "format": prompt.format,
            "text": text,
            "gold": prompt.problem.answer,
            "answers": [(name, reading.answer) for name, reading in found.items()],
            "correct": [(name, reading.correct) for name, reading in found.items()],
        }
        for prompt, text, found in zip(prompts, texts, readings, strict=True)
    ]
    with replacing(path) as temporary:
        parquet.write_table(pyarrow.Table.from_pylist(rows, PREDICTIONS_SCHEMA), temporary, compression="zstd")


def _row(
    task: str | None, split: str, format: str, name: str, right: Sequence[bool], accuracy: float, confidence: float
) -> ScoreRow:
    low, high = wilson(accuracy, len(right), confidence)
    return ScoreRow(
        task=task,
        split=split,
        format=format,
        reading=name,
        n=len(right),
        correct=sum(right),
        accuracy=round(accuracy, 6),
        low=round(low, 6),
        high=round(high, 6),
    )


def _plan(params: EvaluateParams, prompts: Sequence[Prompt], truncated: int) -> dict[str, int | float | str | None]:
    return {
        "decoding": "greedy",
        "order": ORDER,
        "batch_size": params.batch_size,
        "max_source_tokens": params.max_source_tokens,
        "max_new_tokens": params.max_new_tokens,
        "items": params.items,
        "items_per_task": params.items_per_task,
        "seed": params.seed,
        "confidence": params.confidence,
        "exemplars_left_off": sum(prompt.left_off for prompt in prompts),
        "questions_cut": truncated,
    }


def _publish(own: Path, paths: ScoringPaths, benchmarks: Sequence[str]) -> None:
    for ending, folder in ((".parquet", paths.predictions), (".json", paths.scores)):
        # Removed with datasets that params no longer name: results hold what a build from scratch would hold.
        shutil.rmtree(folder, ignore_errors=True)
        for benchmark in benchmarks:
            # Copied, not moved: after a kill in between, the finished parts are still there.
            with replacing(folder / f"{benchmark}{ending}") as temporary:
                shutil.copyfile(own / f"{benchmark}{ending}", temporary)
    shutil.rmtree(own)
