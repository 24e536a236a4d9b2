"""A checkpoint on every benchmark: prompts, engine, files of predictions."""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from pathlib import Path

import ctranslate2
import pyarrow
import pyarrow.parquet as parquet
import torch
import transformers

from specialize.core.checkpoint_files import check_files
from specialize.core.errors import CheckpointError
from specialize.core.files import read_json, read_records, replacing, sha256_file, sha256_text, write_json
from specialize.core.log import Progress, get_logger
from specialize.core.params.evaluation.generation import GenerationParams
from specialize.evaluate.ctranslate2_engine import PARITY_PROMPTS, Engine, NotConvertedError, disagreement
from specialize.evaluate.generate import (
    ORDER,
    Checkpoint,
    DecodingLimits,
    Generated,
    generate,
    load_checkpoint,
    load_encoding,
)
from specialize.evaluate.prompts import Benchmark, Prompt, prompts_of
from specialize.evaluate.sampling import sample
from specialize.lineage.code_digest import module_digest
from specialize.records.checkpoints import CheckpointManifest
from specialize.records.predictions import INFO_KEY, PREDICTIONS_SCHEMA, PredictionsInfo
from specialize.records.problems import DatasetSummary, Problem, ProblemIndex

log = get_logger("evaluate")
BLOCK = 2**16
"""Answers that are held in memory before they are written; prompts are put into batches within a block."""


@dataclass(frozen=True)
class _Opened:
    """A checkpoint in use: loaded when its first text is wanted."""

    folder: Path
    manifest: CheckpointManifest
    digest: str

    @cached_property
    def checkpoint(self) -> Checkpoint:
        check_files(self.folder, self.manifest.files)
        return load_checkpoint(self.folder, self.manifest.prompts, threads=1)

    @cached_property
    def engine(self) -> Engine:
        return Engine(self.checkpoint, self.folder, threads=1)


class Predictor:
    """Writes predictions of one student's checkpoints into the work folder."""

    def __init__(
        self,
        params: GenerationParams,
        problems: Path,
        index: ProblemIndex,
        work: Path,
        manifests: Mapping[Path, CheckpointManifest],
    ) -> None:
        """manifests: of every checkpoint of the student, by path; the last one decides about the engine."""
        self._params, self._index, self._work, self._manifests = params, index, work, manifests
        self._limits = DecodingLimits(
            params.batch_size, params.max_source_tokens, params.max_new_tokens, params.batch_tokens
        )
        self._benchmarks = {
            name: read_benchmark(problems / name, summary, params) for name, summary in sorted(index.datasets.items())
        }
        self._prompts: dict[str, dict[str, list[Prompt]]] = {}
        self._engines: dict[str, str] = {}

    def parts(self, manifest_path: Path) -> dict[str, Path]:
        """Return benchmark → file of predictions, of one checkpoint; made now unless it is there."""
        opened = self._open(manifest_path)
        return {name: self._part(opened, name) for name in self._benchmarks}

    def _open(self, manifest_path: Path) -> _Opened:
        return _Opened(manifest_path.parent, self._manifests[manifest_path], sha256_file(manifest_path))

    def _part(self, opened: _Opened, name: str) -> Path:
        prompts = self._prompts_for(opened)[name]
        info = PredictionsInfo(
            benchmark=name,
            role=self._index.datasets[name].role,
            student=opened.manifest.student,
            step=opened.manifest.step,
            checkpoint=opened.digest,
            prompts=prompt_digests(prompts),
            plan=self._plan(self._engine_for(name), prompts),
        )
        stem = f"{info.student}.step-{info.step}.{name}"
        path = self._work / f"{stem}.{_key(info, prompts)[:16]}.parquet"
        if not path.is_file():
            write_predictions(path, info, prompts, self._answers(opened, info, prompts))
            for other in self._work.glob(f"{stem}.{'?' * 16}.parquet"):
                if other != path:
                    other.unlink(missing_ok=True)
        return path

    def _prompts_for(self, opened: _Opened) -> dict[str, list[Prompt]]:
        """Return benchmark → prompts; checkpoints with the same tokenizer share them."""
        files = {n: digest for n, digest in opened.manifest.files.items() if not n.endswith((".safetensors", ".md"))}
        key = json.dumps([files, opened.manifest.prompts.model_dump()], sort_keys=True)
        if key not in self._prompts:
            encoding = load_encoding(opened.folder, opened.manifest.prompts)
            self._prompts[key] = {
                name: prompts_of(benchmark, self._params, lambda text: len(encoding.source_ids([text])[0]))
                for name, benchmark in self._benchmarks.items()
            }
        return self._prompts[key]

    def _answers(
        self, opened: _Opened, info: PredictionsInfo, prompts: Sequence[Prompt]
    ) -> Iterator[tuple[list[list[Generated]], int]]:
        """Yield, block by block, the answers to each prompt and how many questions were cut."""
        progress = Progress(log, f"{info.student} step {info.step}: {info.benchmark}", len(prompts))
        remaining = iter(prompts)
        while block := list(islice(remaining, max(1, BLOCK // self._params.samples))):
            texts = [prompt.text for prompt in block]
            if self._params.temperature:
                keys = [f"{prompt.problem.id}/{prompt.format}" for prompt in block]
                yield sample(opened.checkpoint, texts, keys, self._limits, self._params, progress.advance)
            else:
                if info.plan["engine"] == "ctranslate2":
                    answers, cut = opened.engine.generate(texts, self._limits, progress.advance)
                else:
                    answers, cut = generate(opened.checkpoint, texts, self._limits, progress.advance)
                yield [[answer] for answer in answers], cut

    def _engine_for(self, name: str) -> str:
        """Return what decodes a benchmark, for all checkpoints of the student: decided at the last one."""
        if self._params.temperature or self._params.engine == "transformers" or torch.cuda.is_available():
            return "transformers"
        if name not in self._engines:
            last = max(self._manifests, key=lambda path: self._manifests[path].step)
            self._engines[name] = self._proven_engine(self._open(last), name)
        return self._engines[name]

    def _proven_engine(self, opened: _Opened, name: str) -> str:
        prompts = self._prompts_for(opened)[name]
        texts = [prompt.text for prompt in prompts]
        key = sha256_text(json.dumps([opened.digest, texts[:PARITY_PROMPTS], vars(self._limits), *_environment()]))
        path = self._work / f"{opened.manifest.student}.{name}.{key[:16]}.engine.json"
        if not path.is_file():
            try:
                differing = disagreement(opened.checkpoint, opened.engine, texts, self._limits)
                why = differing and f"at step {opened.manifest.step} it writes {differing[1]!r} for {differing[0]!r}"
            except NotConvertedError as error:
                why = str(error)
            for other in self._work.glob(f"{opened.manifest.student}.{name}.{'?' * 16}.engine.json"):
                other.unlink(missing_ok=True)
            write_json(path, {"why_not": why})
        why = read_json(path)["why_not"]
        if why and self._params.engine == "ctranslate2":
            raise CheckpointError(f"{opened.folder}: evaluate.engine is ctranslate2, but: {why}. Use 'auto'")
        if why:
            log.info("%s: %s is decoded by transformers, not CTranslate2: %s", opened.manifest.student, name, why)
        return "transformers" if why else "ctranslate2"

    def _plan(self, engine: str, prompts: Sequence[Prompt]) -> dict[str, int | float | str | None]:
        params = self._params
        sampling: dict[str, int | float | str | None] = {
            "decoding": "sampling", "samples": params.samples, "temperature": params.temperature, "top_p": params.top_p,
        } if params.temperature else {"decoding": "greedy"}  # fmt: skip
        return sampling | {
            "engine": engine,
            "order": ORDER,
            "batch_size": params.batch_size,
            "batch_tokens": params.batch_tokens,
            "max_source_tokens": params.max_source_tokens,
            "max_new_tokens": params.max_new_tokens,
            "items": params.items,
            "items_per_task": params.items_per_task,
            "seed": params.seed,
            "exemplars_left_off": sum(prompt.left_off for prompt in prompts),
        }


def read_benchmark(folder: Path, summary: DatasetSummary, params: GenerationParams) -> Benchmark:
    """Read the problems that params choose of one dataset of results/problems/, and its exemplars."""
    splits = [split for split in ("validation", "test") if summary.splits.get(split)]
    problems = {split: draw(read_records(folder / f"{split}.jsonl", Problem), params) for split in splits}
    return Benchmark(problems, read_records(folder / "exemplars.jsonl", Problem), summary.role == "generic")


def draw(problems: Sequence[Problem], params: GenerationParams) -> list[Problem]:
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


def prompt_digests(prompts: Iterable[Prompt]) -> dict[str, str]:
    """Return format → sha256 over its prompts, so over templates, exemplars and questions."""
    texts: dict[str, list[str]] = defaultdict(list)
    for prompt in prompts:
        texts[prompt.format].append(prompt.text)
    return {format: sha256_text("\0".join(rows)) for format, rows in sorted(texts.items())}


def write_predictions(
    path: Path,
    info: PredictionsInfo,
    prompts: Sequence[Prompt],
    answers: Iterable[tuple[list[list[Generated]], int]],
) -> None:
    """Write a file of predictions block by block. answers: of each block the answers to each prompt, and how many
    questions were cut; together those of all prompts, in their order."""
    remaining = iter(prompts)
    cut = 0
    with (
        replacing(path) as temporary,
        parquet.ParquetWriter(temporary, PREDICTIONS_SCHEMA, compression="zstd") as writer,
    ):
        for block, questions_cut in answers:
            cut += questions_cut
            rows = [
                {
                    "id": prompt.problem.id,
                    "split": prompt.split,
                    "format": prompt.format,
                    "sample": number,
                    "text": one.text,
                    "tokens": one.tokens,
                    "finish_reason": one.finish_reason,
                }
                for prompt, samples in zip(islice(remaining, len(block)), block, strict=True)
                for number, one in enumerate(samples)
            ]
            writer.write_table(pyarrow.Table.from_pylist(rows, PREDICTIONS_SCHEMA))
        whole = info.model_copy(update={"plan": info.plan | {"questions_cut": cut}})
        text = json.dumps(whole.model_dump(), sort_keys=True, ensure_ascii=False)
        writer.add_key_value_metadata({INFO_KEY: text.encode()})


def _key(info: PredictionsInfo, prompts: Sequence[Prompt]) -> str:
    """Return a sha256 over everything that decides a file of predictions."""
    rows = [[prompt.problem.id, prompt.split, prompt.format] for prompt in prompts]
    return sha256_text(json.dumps([info.model_dump(), rows, *_environment()]))


def _environment() -> list[str]:
    device = torch.cuda.get_device_name() if torch.cuda.is_available() else "cpu"
    libraries = [torch.__version__, transformers.__version__, ctranslate2.__version__, device]
    return [*libraries, module_digest("specialize.evaluate.predict")]
