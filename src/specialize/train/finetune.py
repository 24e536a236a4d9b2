"""One student's training: plan the batches, train, export checkpoints along the way; a killed run is resumed.

Resumable state lives in a work folder named by everything that decides the result, so that a run never resumes from
the state of another one. Finished checkpoints are kept there too, and published only when all of them are made.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments
from transformers.utils import logging as transformers_logging

from specialize.core.checkpoint_files import check_files
from specialize.core.encoding import Encoding
from specialize.core.errors import SpecializeError
from specialize.core.files import parse_record, read_json, sha256_file, write_text
from specialize.core.log import get_logger
from specialize.core.params.train import StudentRun, checkpoint_steps
from specialize.records.checkpoints import CheckpointManifest, StartManifest
from specialize.records.recipes import Recipe
from specialize.train.callbacks.finite_check import refuse_non_finite
from specialize.train.checkpoints import Origin, export, publish
from specialize.train.examples import Corpus, Example, Lengths, Row, active_formats, plan_pass, read_corpus
from specialize.train.families.family import Student
from specialize.train.length_buckets import plan_batches
from specialize.train.model import load_start
from specialize.train.replay import REPLAY_FILE, Replay, generic_problems
from specialize.train.resume import drop_damaged_exports, hold_work_folder
from specialize.train.teacher_targets import Targets, read_targets
from specialize.train.trainer import ExampleDataset, MicroBatches, StudentTrainer, arguments, train

log = get_logger("train")


@dataclass(frozen=True)
class Inputs:
    """What one student is trained from."""

    traces: Path
    exemplars: Path
    tokenizer: Path
    """The tokenizer's folder."""
    aligned: Sequence[Path]
    """The traces in its tokens, shard by shard."""
    start: Path
    """Folder of its start: weights, where this run made them; its manifest in any case."""
    root: Path
    """Folder of raw files: local start checkpoints."""
    gradient_checkpointing: bool = False
    """Compute activations again in the backward pass: takes less memory and gives the same bytes."""
    first_start: Path | None = None
    """Of a round: folder of the start that the weights came from first, with the generic problems to replay."""

    def digests(self) -> dict[str, str]:
        """Return name → sha256."""
        named = {
            "traces": self.traces,
            "exemplars": self.exemplars,
            "tokenizer.json": self.tokenizer / "tokenizer.json",
            "start": self.start / "manifest.json",
        }
        if self.first_start:
            named["first start"] = self.first_start / "manifest.json"
        return {name: sha256_file(path) for name, path in (named | {path.name: path for path in self.aligned}).items()}


def finetune(run: StudentRun, recipe: Recipe, inputs: Inputs, work: Path, output: Path, threads: int) -> None:
    """Train one student and write `output/step-{n}/` and `output/training.csv`.

    work: folder for resumable state; threads: CPU threads (the result may depend on them).
    """
    torch.set_num_threads(threads)
    transformers_logging.set_verbosity_error()
    transformers_logging.disable_progress_bar()
    origin = Origin(recipe, inputs.digests())
    with hold_work_folder(work, run.student, origin.identity) as own:
        _train(run, origin, inputs, own, output)
    log.info("%s: %d checkpoints -> %s", run.student, len(checkpoint_steps(run)), output)


def _train(run: StudentRun, origin: Origin, inputs: Inputs, work: Path, output: Path) -> None:
    corpus = read_corpus(inputs.traces, inputs.exemplars)
    if not corpus.traces:
        raise SpecializeError(
            f"{inputs.traces}: no traces to learn from; the funnel beside it says which filter dropped them"
        )
    targets = read_targets(inputs.aligned, corpus.traces, only_known=run.on_policy)
    _refuse_unknown_distributions(run, targets)
    if run.pretrained:
        _check_start(inputs.start, CheckpointManifest if run.on_policy else StartManifest)
    student = load_start(run, inputs.root, inputs.tokenizer, inputs.start)
    targets.refuse_other_tokens(corpus.traces, student.encoding)
    log.info(
        "%s: %s parameters, %s traces, %s updates of %s tokens",
        run.student,
        f"{student.parameters:,}",
        f"{len(corpus.traces):,}",
        run.steps,
        run.batch_tokens,
    )
    drop_damaged_exports(work, work / "finished")
    replay = None
    if run.replay:
        if not run.replay.file and inputs.first_start:
            _check_start(inputs.first_start, StartManifest)
        start = inputs.first_start or inputs.start
        given = inputs.root / run.replay.file if run.replay.file else start / REPLAY_FILE
        replay = Replay(run.replay, generic_problems(given), student.encoding, run.seed)
    examples, batches = plan_run(corpus, targets, student.encoding, run, replay)
    exporter = _Exporter(work / "finished", student, run, origin)
    refuse_non_finite(student.model, f"train.students.{run.student}.start", "Take another start, or make it again")
    exporter.export(0)
    dataset = ExampleDataset(corpus, targets, examples, student.encoding)
    micro_batches = MicroBatches(batches, run.gradient_accumulation_steps)
    args = arguments(run, work, run.checkpoint_every, run.gradient_accumulation_steps, inputs.gradient_checkpointing)
    trainer = StudentTrainer(student, dataset, micro_batches, run, args, run.distribution)
    curve = train(trainer, work, run.student, [exporter])
    publish(work / "finished", checkpoint_steps(run), output)
    write_text(output / "training.csv", curve)


def plan_run(
    corpus: Corpus, targets: Targets, encoding: Encoding, run: StudentRun, replay: Replay | None = None
) -> tuple[list[Example | Row], list[list[int]]]:
    """Return the examples of all passes, replayed ones included, and each update's batch, as indices into them."""
    lengths = Lengths(corpus, targets, encoding, list(active_formats(run)))
    examples: list[Example | Row] = []
    batches: list[list[int]] = []
    number = 0
    while len(batches) < run.steps:
        drawn, too_long = plan_pass(corpus, lengths, run, number)
        if too_long and not number:
            log.info("%s: %d of %d examples do not fit the token limits", run.student, too_long, len(corpus.traces))
        rows = replay.rows(len(drawn), run.max_source_tokens, run.max_target_tokens) if replay else []
        made = plan_batches(
            [*map(lengths.of, drawn), *((len(source), len(target)) for source, target in rows)],
            run.batch_tokens,
            run.gradient_accumulation_steps,
            random.Random(f"{run.seed}/batches/{number}"),
        )
        if not made:
            raise SpecializeError(
                f"train: student '{run.student}': no batch can be made of {len(drawn)} examples: raise "
                "max_source_tokens or max_target_tokens, or lower gradient_accumulation_steps"
            )
        batches += [[len(examples) + index for index in batch] for batch in made]
        examples += [*drawn, *rows]
        number += 1
    log.info("%s: %.1f passes over the traces", run.student, number - 1 + _share(batches, made, run.steps))
    return examples, batches[: run.steps]


def _check_start(folder: Path, kind: type[CheckpointManifest | StartManifest]) -> None:
    """Raise CheckpointError where a file of the folder is not the one that its manifest names."""
    manifest = folder / "manifest.json"
    check_files(folder, parse_record(str(manifest), read_json(manifest), kind).files)


def _refuse_unknown_distributions(run: StudentRun, targets: Targets) -> None:
    if run.loss == "distribution" and not (targets.soft_tokens or targets.chunks):
        raise SpecializeError(
            f"train.students.{run.student}: loss 'distribution' needs the teacher's log-probabilities, but none of the "
            f"target tokens of {targets.where} has any: the completions came without them. Sample from a teacher that "
            "gives them, or set 'loss: sample'"
        )


class _Exporter(TrainerCallback):
    """Exports a checkpoint at each of its steps."""

    def __init__(self, folder: Path, student: Student, run: StudentRun, origin: Origin) -> None:
        self.folder, self.student, self.run, self.origin = folder, student, run, origin
        self.steps = set(checkpoint_steps(run))

    def export(self, step: int) -> None:
        folder = self.folder / f"step-{step}"
        folder.parent.mkdir(parents=True, exist_ok=True)
        export(folder, self.student, step, self.run, self.origin)

    def on_step_end(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any) -> None:
        # Before the Trainer saves its own state: a kill between the two repeats steps, but loses no checkpoint.
        if state.global_step in self.steps:
            self.export(state.global_step)


def _share(batches: list[list[int]], last_pass: list[list[int]], steps: int) -> float:
    return (len(last_pass) - max(len(batches) - steps, 0)) / len(last_pass)
