"""Start checkpoints: random weights, pretrained on the procedural world's texts by one of T5's two objectives.

`span_corruption` gives what T5 is to the paper, `instructions` what FlanT5 is. A start that the run does not make, and
random weights that each student draws for itself, are a manifest alone: a place for what hangs on them.
"""

import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from torch.utils.data import Dataset
from transformers import PreTrainedModel, PreTrainedTokenizerBase, PrinterCallback
from transformers.utils import logging as transformers_logging

from specialize.core.errors import SpecializeError
from specialize.core.files import read_records, sha256_file, sha256_text
from specialize.core.log import get_logger
from specialize.core.params.starts import PretrainingParams, StartRun
from specialize.lineage.recipe import recipe_digest
from specialize.records.problems import Problem, Text
from specialize.records.recipes import Recipe
from specialize.train.checkpoints import export_start
from specialize.train.instructions import render
from specialize.train.length_buckets import plan_batches
from specialize.train.model import load_tokenizer, random_weights
from specialize.train.resume import hold_work_folder, last_complete_checkpoint
from specialize.train.span_corruption import SENTINELS, corrupt
from specialize.train.trainer import MicroBatches, StudentTrainer, arguments, as_row, of_no_teacher
from specialize.train.training_log import TellProgress, training_csv

SAVE_EVERY = 200
"""Updates between two resumable states."""
log = get_logger("train")
Row = tuple[list[int], list[int]]
"""Token ids of source and target, end marks included."""


def pretrain(
    run: StartRun, recipe: Recipe, tokenizer_folder: Path, texts: Path, work: Path, output: Path, threads: int
) -> None:
    """Pretrain one start and write it to `output`: weights, tokenizer, training.csv, and manifest.json last.

    texts: instructions.jsonl or pretraining.jsonl of the data phase; work: folder for resumable state; threads: CPU
    threads (the result may depend on them).
    """
    params = run.pretraining
    assert params is not None  # the door sends nothing else here
    torch.set_num_threads(threads)
    transformers_logging.set_verbosity_error()
    transformers_logging.disable_progress_bar()
    inputs = {"texts": sha256_file(texts), "tokenizer.json": sha256_file(tokenizer_folder / "tokenizer.json")}
    identity = sha256_text(recipe_digest(recipe) + str(sorted(inputs.items())))
    with hold_work_folder(work, run.name, identity) as own:
        _train(run, params, recipe, tokenizer_folder, texts, inputs, own, output)


def _train(
    run: StartRun, params: PretrainingParams, recipe: Recipe, tokenizer_folder: Path, texts: Path,
    inputs: dict[str, str], work: Path, output: Path,
) -> None:  # fmt: skip
    tokenizer = load_tokenizer(tokenizer_folder)
    assert run.architecture is not None
    model = random_weights(run.architecture, tokenizer, params.seed, params.dropout, spare_rows=SENTINELS)
    rows, batches = plan(params, tokenizer, texts, model)
    log.info(
        "start %s: %s parameters, %s updates on %s",
        run.name, f"{model.num_parameters():,}", params.steps, params.objective.replace("_", " "),
    )  # fmt: skip
    trainer = StudentTrainer(
        model, tokenizer, RowDataset(rows), MicroBatches(batches, 1), params, arguments(params, work, SAVE_EVERY)
    )
    trainer.remove_callback(PrinterCallback)
    trainer.add_callback(TellProgress(f"start {run.name} update", params.steps))
    resume = last_complete_checkpoint(work)
    trainer.train(resume_from_checkpoint=str(resume) if resume else None)
    export_start(output, model, tokenizer, run, recipe, inputs, training_csv(trainer.state.log_history))


class RowDataset(Dataset[dict[str, Any]]):
    """Rows of token ids; the teacher's distributions are empty."""

    def __init__(self, rows: Sequence[Row]) -> None:
        self.rows = rows

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, index: int) -> dict[str, Any]:
        """Return what the Collator reads; formats, of which mixtures have others, count for nothing here."""
        source, target = self.rows[index]
        return as_row(source, of_no_teacher(target), 0)


def plan(
    params: PretrainingParams, tokenizer: PreTrainedTokenizerBase, texts: Path, model: PreTrainedModel
) -> tuple[list[Row], list[list[int]]]:
    """Return the rows of all passes and the batch of every update, as indices into them."""
    rows: list[Row] = []
    batches: list[list[int]] = []
    for number in range(params.steps):
        made = _pass(params, tokenizer, texts, model, number)
        lengths = [(len(source), len(target)) for source, target in made]
        cut = plan_batches(lengths, params.batch_tokens, 1, random.Random(f"{params.seed}/batches/{number}"))
        if not cut:
            raise SpecializeError(f"{texts}: nothing to pretrain on")
        batches += [[len(rows) + index for index in batch] for batch in cut]
        rows += made
        if len(batches) >= params.steps:
            break
    return rows, batches[: params.steps]


def _pass(
    params: PretrainingParams, tokenizer: PreTrainedTokenizerBase, texts: Path, model: PreTrainedModel, number: int
) -> list[Row]:
    if params.objective == "instructions":
        rendered = render(read_records(texts, Problem), params, number)
        sources = tokenizer([source for source, _ in rendered])["input_ids"]
        targets = tokenizer(text_target=[target for _, target in rendered])["input_ids"]
        return list(zip(sources, targets, strict=True))
    rng = random.Random(f"{params.seed}/corruption/{number}")
    first = model.get_input_embeddings().weight.shape[0] - 1
    plain = tokenizer([row.text for row in read_records(texts, Text)], add_special_tokens=False)["input_ids"]
    made = [corrupt(ids, first, tokenizer.eos_token_id, params.noise, params.span, rng) for ids in plain]
    return [row for row in made if row]
