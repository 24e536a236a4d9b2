"""One student's training: plan the batches, train, leave checkpoints along the way; killed, it goes on where it was.

Resumable state lives in a work folder named by everything that decides the result, so that a run never goes on from
the state of another one. Finished checkpoints wait there too, and get their places only when all of them are made.
"""

import csv
import fcntl
import io
import math
import random
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

import torch
from transformers import (
    PreTrainedModel,
    PreTrainedTokenizerBase,
    PrinterCallback,
    Seq2SeqTrainingArguments,
    TrainerCallback,
    TrainerControl,
    TrainerState,
    TrainingArguments,
)
from transformers.utils import logging as transformers_logging

from specialize.core.errors import SpecializeError
from specialize.core.files import read_json, sha256_file, sha256_text, write_text
from specialize.core.log import Progress, get_logger
from specialize.core.params.train import StudentRun
from specialize.core.recipe import Recipe
from specialize.train.batches import plan_batches
from specialize.train.checkpoints import export, publish
from specialize.train.examples import Corpus, Example, Lengths, active_formats, plan_pass, read_corpus
from specialize.train.start import load_start
from specialize.train.tally import COLUMNS
from specialize.train.targets import Targets, read_targets
from specialize.train.trainer import ExampleDataset, MicroBatches, StudentTrainer

LOG_EVERY = 10
log = get_logger("train")


@dataclass(frozen=True)
class Inputs:
    """What the traces room left for one student."""

    traces: Path
    exemplars: Path
    tokenizer: Path
    """The tokenizer's folder."""
    aligned: Sequence[Path]
    """The traces in its tokens, shard by shard."""

    def digests(self) -> dict[str, str]:
        """Return name → sha256."""
        named = {
            "traces": self.traces,
            "exemplars": self.exemplars,
            "tokenizer.json": self.tokenizer / "tokenizer.json",
        }
        return {name: sha256_file(path) for name, path in (named | {path.name: path for path in self.aligned}).items()}


def specialise(
    run: StudentRun, recipe: Recipe, given: Inputs, root: Path, work: Path, output: Path, threads: int
) -> None:
    """Train one student and write `output/step-{n}/` and `output/training.csv`.

    root: folder of raw files (local start checkpoints); work: folder for resumable state; threads: CPU threads (the
    result may depend on them).
    """
    torch.set_num_threads(threads)
    transformers_logging.set_verbosity_error()
    transformers_logging.disable_progress_bar()
    inputs = given.digests()
    lock = _lock(work, run.student)
    work = _own_work_folder(work, run.student, sha256_text(recipe.digest + str(sorted(inputs.items()))))
    corpus = read_corpus(given.traces, given.exemplars)
    if not corpus.traces:
        raise SpecializeError(
            f"{given.traces}: no traces to learn from; see the funnel beside it for what dropped them"
        )
    targets = read_targets(given.aligned, corpus.traces)
    _refuse_unknown_distributions(run, targets)
    model, tokenizer = load_start(run, root, given.tokenizer)
    targets.refuse_other_tokens(corpus.traces, tokenizer)
    log.info(
        "%s: %s parameters, %s traces, %s updates of %s tokens",
        run.student, f"{model.num_parameters():,}", f"{len(corpus.traces):,}", run.steps, run.batch_tokens,
    )  # fmt: skip
    examples, batches = plan_run(corpus, targets, tokenizer, run)
    exporter = _Exporter(work / "finished", model, tokenizer, run, recipe, inputs)
    exporter.export(0)
    trainer = StudentTrainer(
        model, tokenizer, ExampleDataset(corpus, targets, examples, tokenizer),
        MicroBatches(batches, run.gradient_accumulation_steps), run, _arguments(run, work),
    )  # fmt: skip
    trainer.remove_callback(PrinterCallback)  # our own lines say it better
    trainer.add_callback(exporter)
    resume = last_complete_checkpoint(work)
    if resume:
        log.info("%s: going on from %s", run.student, resume.name)
    trainer.train(resume_from_checkpoint=str(resume) if resume else None)
    publish(work / "finished", range(0, run.steps + 1, run.checkpoint_every), output)
    write_text(output / "training.csv", training_csv(trainer.state.log_history))
    shutil.rmtree(work)
    lock.close()
    log.info("%s: %d checkpoints -> %s", run.student, 1 + run.steps // run.checkpoint_every, output)


def plan_run(
    corpus: Corpus, targets: Targets, tokenizer: PreTrainedTokenizerBase, run: StudentRun
) -> tuple[list[Example], list[list[int]]]:
    """Return the examples of all passes and the batch of every update, as indices into them."""
    lengths = Lengths(corpus, targets, tokenizer, list(active_formats(run)))
    examples: list[Example] = []
    batches: list[list[int]] = []
    number = 0
    while len(batches) < run.steps:
        drawn, too_long = plan_pass(corpus, lengths, run, number)
        if too_long and not number:
            log.info("%s: %d of %d examples do not fit the token limits", run.student, too_long, len(corpus.traces))
        made = plan_batches(
            [lengths.of(example) for example in drawn], run.batch_tokens, run.gradient_accumulation_steps,
            random.Random(f"{run.seed}/batches/{number}"),
        )  # fmt: skip
        if not made:
            raise SpecializeError(
                f"train: student '{run.student}': no batch can be made of {len(drawn)} examples: raise "
                "max_source_tokens or max_target_tokens, or lower gradient_accumulation_steps"
            )
        batches += [[len(examples) + index for index in batch] for batch in made]
        examples += drawn
        number += 1
    log.info("%s: %.1f passes over the traces", run.student, number - 1 + _share(batches, made, run.steps))
    return examples, batches[: run.steps]


def last_complete_checkpoint(work: Path) -> Path | None:
    """Return the newest checkpoint of the Trainer that was written to the end (its state file is written last)."""
    found = sorted(work.glob("checkpoint-*"), key=lambda path: int(path.name.rpartition("-")[2]), reverse=True)
    for folder in found:
        try:
            read_json(folder / "trainer_state.json")
            return folder
        except (OSError, SpecializeError):
            shutil.rmtree(folder)
    return None


def training_csv(history: list[dict[str, Any]]) -> str:
    """Return the training curve as CSV: step, loss per target token, gradient norm, rate, the tally's means."""
    columns = ("loss", "grad_norm", "learning_rate", *COLUMNS)
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(["step", *columns])
    for row in history:
        if "loss" in row:
            writer.writerow([row["step"], *(f"{row[name]:.6g}" if name in row else "" for name in columns)])
    return stream.getvalue()


def _refuse_unknown_distributions(run: StudentRun, targets: Targets) -> None:
    if run.loss == "distribution" and not (targets.soft_tokens or targets.chunks):
        raise SpecializeError(
            f"train.students.{run.student}: loss 'distribution' needs the teacher's log-probabilities, but none of the "
            f"target tokens of {targets.where} has any: the completions came without them. Sample from a teacher that "
            "gives them, or set 'loss: sample'"
        )


class _Exporter(TrainerCallback):
    """Leave a checkpoint at its step, and say how far the run is."""

    def __init__(
        self, folder: Path, model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase,
        run: StudentRun, recipe: Recipe, inputs: dict[str, str],
    ) -> None:  # fmt: skip
        self.folder, self.model, self.tokenizer = folder, model, tokenizer
        self.run, self.recipe, self.inputs = run, recipe, inputs
        self.progress: Progress | None = None

    def export(self, step: int) -> None:
        folder = self.folder / f"step-{step}"
        folder.parent.mkdir(parents=True, exist_ok=True)
        export(folder, self.model, self.tokenizer, step, self.run, self.recipe, self.inputs)

    def on_train_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        self.progress = Progress(log, f"{self.run.student} update", self.run.steps, done=state.global_step)

    def on_step_end(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any) -> None:
        # Before the Trainer saves its own state: a kill between the two repeats steps, but loses no checkpoint.
        if state.global_step % self.run.checkpoint_every == 0:
            self.export(state.global_step)
        if self.progress:
            losses = [row["loss"] for row in state.log_history[-1:] if "loss" in row]
            self.progress.advance(note=f"loss {losses[0]:.3f}" if losses else "")


def _arguments(run: StudentRun, work: Path) -> Seq2SeqTrainingArguments:
    return Seq2SeqTrainingArguments(
        output_dir=str(work),
        max_steps=run.steps,
        gradient_accumulation_steps=run.gradient_accumulation_steps,
        learning_rate=run.learning_rate,
        lr_scheduler_type={"constant": "constant_with_warmup"}.get(run.schedule, run.schedule),
        warmup_steps=run.warmup_steps,
        max_grad_norm=run.max_grad_norm,
        weight_decay=run.weight_decay,
        bf16=run.precision == "bf16",
        use_cpu=not torch.accelerator.is_available(),  # else transformers refuses bf16 on a machine without one
        seed=run.seed,
        save_strategy="steps",
        save_steps=run.checkpoint_every,
        save_total_limit=2,
        # A divisor of the checkpoint interval: a resumed Trainer has forgotten the losses since its last log line.
        logging_steps=math.gcd(LOG_EVERY, run.checkpoint_every),
        logging_first_step=True,
        logging_nan_inf_filter=False,
        remove_unused_columns=False,
        dataloader_pin_memory=False,
        disable_tqdm=True,
        report_to=[],
    )


def _lock(work: Path, student: str) -> TextIO:
    """Hold the student for this process: a run killed from outside may have left one that still trains."""
    work.mkdir(parents=True, exist_ok=True)
    stream = (work / f"{student}.lock").open("a")
    try:
        fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise SpecializeError(
            f"{work}: another process is training student '{student}'; wait for it or end it, then run the same command"
        ) from None
    return stream


def _own_work_folder(work: Path, student: str, identity: str) -> Path:
    """Return the folder of this very work; state of other recipes of this student is of no more use."""
    own = work / f"{student}.{identity[:16]}"
    for other in work.glob(f"{student}.*"):
        if other != own and other.is_dir():
            shutil.rmtree(other, ignore_errors=True)
    own.mkdir(parents=True, exist_ok=True)
    return own


def _share(batches: list[list[int]], last_pass: list[list[int]], steps: int) -> float:
    return (len(last_pass) - max(len(batches) - steps, 0)) / len(last_pass)
