"""Start checkpoints: random weights, pretrained on the procedural world's texts.

`span_corruption` gives what T5 is to the paper, `next_token` its causal counterpart, `instructions` what FlanT5 is. A
start that the run does not make, and random weights that each student draws for itself, are a manifest alone, for
students to depend on.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch.utils.data import Dataset
from transformers.utils import logging as transformers_logging

from specialize.core.errors import SpecializeError
from specialize.core.files import read_records, sha256_file
from specialize.core.log import get_logger
from specialize.core.model_families import family_of
from specialize.core.params.training.starts import PretrainingParams, StartRun
from specialize.records.problems import Problem, Text
from specialize.records.recipes import Recipe
from specialize.train.checkpoints import Origin, export_start
from specialize.train.examples import Row
from specialize.train.families.family import Student
from specialize.train.instructions import render
from specialize.train.length_buckets import plan_batches
from specialize.train.model import load_tokenizer, random_start
from specialize.train.replay import generic_problems
from specialize.train.resume import hold_work_folder
from specialize.train.span_corruption import SENTINELS, Noising, corrupt
from specialize.train.trainer import MicroBatches, StudentTrainer, arguments, features, hard_target, train

SAVE_EVERY = 200
"""Updates between two resumable states."""
log = get_logger("train")


@dataclass(frozen=True)
class PretrainingInputs:
    """What a start is pretrained from."""

    tokenizer: Path
    """The tokenizer's folder."""
    texts: Path
    """instructions.jsonl or pretraining.jsonl of the data phase."""

    def digests(self) -> dict[str, str]:
        """Return name → sha256."""
        return {"texts": sha256_file(self.texts), "tokenizer.json": sha256_file(self.tokenizer / "tokenizer.json")}


def pretrain(run: StartRun, recipe: Recipe, inputs: PretrainingInputs, work: Path, output: Path, threads: int) -> None:
    """Pretrain one start and write it to `output`: weights, tokenizer, training.csv, and manifest.json last.

    work: folder for resumable state; threads: CPU threads (the result may depend on them).
    """
    torch.set_num_threads(threads)
    transformers_logging.set_verbosity_error()
    transformers_logging.disable_progress_bar()
    origin = Origin(recipe, inputs.digests())
    with hold_work_folder(work, run.name, origin.identity) as own:
        _train(run, origin, inputs, own, output)


def _train(run: StartRun, origin: Origin, inputs: PretrainingInputs, work: Path, output: Path) -> None:
    params = run.pretraining
    assert params is not None and run.architecture is not None  # the command sends nothing else here
    tokenizer = load_tokenizer(inputs.tokenizer)
    spare_rows = SENTINELS if family_of(run.architecture.family, run.name) == "encoder_decoder" else 0
    student = random_start(run.architecture, tokenizer, params.seed, params.dropout, spare_rows)
    rows, batches = plan(params, student, inputs.texts)
    log.info(
        "start %s: %s parameters, %s updates on %s",
        run.name,
        f"{student.parameters:,}",
        params.steps,
        params.objective.replace("_", " "),
    )
    trainer = StudentTrainer(
        student, RowDataset(rows), MicroBatches(batches, 1), params, arguments(params, work, SAVE_EVERY)
    )
    generic = generic_problems(inputs.texts) if params.objective == "instructions" else []
    export_start(output, student, run, origin, train(trainer, work, f"start {run.name}"), generic)


class RowDataset(Dataset[dict[str, Any]]):
    """Rows of token ids; the teacher's distributions are empty."""

    def __init__(self, rows: Sequence[Row]) -> None:
        self.rows = rows

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, index: int) -> dict[str, Any]:
        """Return one row. Its format is always the first: what is logged by format means nothing here."""
        source, target = self.rows[index]
        return features(source, hard_target(target), 0)


def plan(params: PretrainingParams, student: Student, texts: Path) -> tuple[list[Row], list[list[int]]]:
    """Return the rows of all passes and the batch of every update, as indices into them."""
    rows: list[Row] = []
    batches: list[list[int]] = []
    for number in range(params.steps):
        made = _pass(params, student, texts, number)
        lengths = [(len(source), len(target)) for source, target in made]
        cut = plan_batches(lengths, params.batch_tokens, 1, random.Random(f"{params.seed}/batches/{number}"))
        if not cut:
            raise SpecializeError(f"{texts}: nothing to pretrain on")
        batches += [[len(rows) + index for index in batch] for batch in cut]
        rows += made
        if len(batches) >= params.steps:
            break
    return rows, batches[: params.steps]


def _pass(params: PretrainingParams, student: Student, texts: Path, number: int) -> list[Row]:
    if params.objective == "instructions":
        rendered = render(read_records(texts, Problem), params, params.seed, number)
        sources, targets = [source for source, _ in rendered], [target for _, target in rendered]
        encoding = student.encoding
        return list(zip(encoding.source_ids(sources), encoding.answer_ids(sources, targets), strict=True))
    tokenizer = student.tokenizer
    documents = [row.text for row in read_records(texts, Text)]
    if params.objective == "next_token":
        # A document begins behind the tokenizer's first token, or behind the end token of the one before.
        first = student.encoding.source_ids([""])[0] or [tokenizer.eos_token_id]
        return [(first, ids) for ids in student.encoding.target_ids(documents)]
    plain = tokenizer(documents, add_special_tokens=False)["input_ids"]
    rng = random.Random(f"{params.seed}/corruption/{number}")
    noising = Noising(student.embeddings - 1, tokenizer.eos_token_id, params.noise, params.span)
    corrupted = [corrupt(ids, noising, rng) for ids in plain]
    return [row for row in corrupted if row]
