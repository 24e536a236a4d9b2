"""transformers' Trainer with our losses, batches and parameter groups.

Loss scaling: transformers 5.23 believes that T5 normalises its loss by `num_items_in_batch`, because T5's forward
takes keyword arguments, so loss and gradient come out multiplied by the accumulation steps and the processes. Here the
loss is the sum over the target tokens divided by their number in the whole update, and the Trainer is set to
expect that; the update does not depend on how it is split (a test checks it).
"""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch.utils.data import DataLoader, Dataset
from transformers import PreTrainedModel, PrinterCallback, Trainer, TrainerCallback, TrainingArguments
from transformers.utils import ModelOutput

from specialize.core.encoding import Encoding
from specialize.core.log import get_logger
from specialize.core.params.train import DistributionParams
from specialize.core.params.training.optimizer import OptimizerParams
from specialize.core.prompt_formats import FORMATS, is_chain_of_thought
from specialize.train.callbacks.finite_check import StopOnNonFinite
from specialize.train.callbacks.stop_on_signal import StopOnSignal
from specialize.train.callbacks.training_log import LogProgress, TokenAverages, training_csv
from specialize.train.examples import Corpus, Example, Row
from specialize.train.families.family import Student
from specialize.train.fast_kernels import use_fast_kernels
from specialize.train.length_buckets import split_batch
from specialize.train.losses.chunk_likelihood import Chunks
from specialize.train.losses.token_losses import IGNORED, token_losses
from specialize.train.optimizers import make_optimizer
from specialize.train.resume import RecordDigests, last_complete_checkpoint
from specialize.train.teacher_targets import Target, Targets

LOSS_INPUTS = ("soft_ids", "soft_probs", "chunks", "chunk_logprobs", "formats")
"""What a batch holds besides the model's own inputs and the labels."""
NO_FORMAT = -1
"""In the place of a format's index: of a replayed example, which counts in the log's totals alone."""
LOG_EVERY = 10
"""Updates between two lines of the training curve."""
log = get_logger("train")


class ExampleDataset(Dataset[dict[str, Any]]):
    """Examples by number, traces and rows of tokens; a trace's text and tokens are made when it is read."""

    def __init__(self, corpus: Corpus, targets: Targets, examples: Sequence[Example | Row], encoding: Encoding) -> None:
        self.corpus, self.targets, self.examples, self.encoding = corpus, targets, examples, encoding

    def __len__(self) -> int:
        return len(self.examples)

    def __getitem__(self, index: int) -> dict[str, Any]:
        """Return the row of one example, as `features` has it."""
        return self.__getitems__([index])[0]

    def __getitems__(self, indices: Sequence[int]) -> list[dict[str, Any]]:
        """Return the rows of a batch. The DataLoader asks so: one call of the tokenizer for a batch is much cheaper."""
        examples = [self.examples[index] for index in indices]
        traces = iter(self._traces([example for example in examples if isinstance(example, Example)]))
        return [
            next(traces) if isinstance(example, Example) else features(example[0], hard_target(example[1]), NO_FORMAT)
            for example in examples
        ]

    def _traces(self, examples: Sequence[Example]) -> list[dict[str, Any]]:
        texts = [self.corpus.source(example) for example in examples]
        sources = self.encoding.source_ids(texts)
        answers = [
            (text, self.corpus.target(example))
            for text, example in zip(texts, examples, strict=True)
            if not is_chain_of_thought(example.format)
        ]
        answer_ids = iter(self.encoding.answer_ids([text for text, _ in answers], [answer for _, answer in answers]))
        targets = [
            self.targets[example.trace] if is_chain_of_thought(example.format) else hard_target(next(answer_ids))
            for example in examples
        ]
        return [
            features(source, target, FORMATS.index(example.format))
            for source, target, example in zip(sources, targets, examples, strict=True)
        ]


def hard_target(ids: Sequence[int]) -> Target:
    """Return a target without teacher distributions: K = 0, no chunks."""
    none = np.zeros((len(ids), 0))
    return Target(np.array(ids), none, none, np.zeros(len(ids), np.int64), np.zeros(0, np.float32))


def features(source: Sequence[int], target: Target, format: int) -> dict[str, Any]:
    """Return one row: input_ids, labels, the other fields of the target, and the format's index in FORMATS."""
    rest = {name: value for name, value in target._asdict().items() if name != "ids"}
    return {"input_ids": source, "labels": target.ids.tolist(), "formats": format, **rest}


class Collator:
    """Makes a batch of rows: the family pads inputs and labels; teacher distributions are padded here, with zeros."""

    def __init__(self, student: Student) -> None:
        self.collate = student.family.collator(student.tokenizer, student.model)

    def __call__(self, rows: Sequence[dict[str, Any]]) -> dict[str, torch.Tensor]:
        batch = self.collate([{name: row[name] for name in ("input_ids", "labels")} for row in rows])
        shape = (*batch["labels"].shape, max(row["soft_ids"].shape[1] for row in rows))
        ids_BTK, probs_BTK = np.zeros(shape, np.int64), np.zeros(shape, np.float16)
        chunks_BT = np.zeros(shape[:2], np.int64)
        logprobs_BC = np.zeros((len(rows), max(len(row["chunk_logprobs"]) for row in rows)), np.float32)
        for number, row in enumerate(rows):
            if (learned := row["learned"]) is not None:  # the inputs are made: labels decide about the loss alone
                batch["labels"][number, : len(learned)][torch.from_numpy(~learned)] = IGNORED
            chunks_BT[number, : len(row["chunks"])] = row["chunks"]
            logprobs_BC[number, : len(row["chunk_logprobs"])] = row["chunk_logprobs"]
            tokens, entries = row["soft_ids"].shape
            ids_BTK[number, :tokens, :entries] = row["soft_ids"]
            probs_BTK[number, :tokens, :entries] = row["soft_probs"]
        loss_inputs = (ids_BTK, probs_BTK, chunks_BT, logprobs_BC, np.array([row["formats"] for row in rows]))
        named = zip(LOSS_INPUTS, loss_inputs, strict=True)
        return {**batch, **{name: torch.from_numpy(value) for name, value in named}}


class MicroBatches:
    """The whole run as one list of micro-batches, `parts` to an update: data order needs no other state to resume."""

    def __init__(self, batches: Sequence[Sequence[int]], parts: int) -> None:
        self.micro_batches = [part for batch in batches for part in split_batch(batch, parts)]

    def __len__(self) -> int:
        return len(self.micro_batches)

    def __iter__(self):  # type: ignore[no-untyped-def]
        return iter(self.micro_batches)


class StudentTrainer(Trainer):
    """transformers' Trainer, given the batches and the learning rates by role."""

    def __init__(
        self,
        student: Student,
        dataset: Dataset[dict[str, Any]],
        micro_batches: MicroBatches,
        optimizer: OptimizerParams,
        args: TrainingArguments,
        distribution: DistributionParams | None = None,
    ) -> None:
        # See the module's docstring: the loss is already normalised over the update.
        student.bare_model.accepts_loss_kwargs = False
        use_fast_kernels(student.bare_model)
        self.optimizer_params, self.distribution, self.micro_batches = optimizer, distribution, micro_batches
        self.is_lookup = student.family.is_lookup
        self.averages = TokenAverages()
        super().__init__(
            model=student.model,
            args=args,
            train_dataset=dataset,
            data_collator=Collator(student),
            processing_class=student.tokenizer,
            compute_loss_func=_unset_loss,
        )
        self.loss_is_scaled_for_ga = True

    def compute_loss(
        self,
        model: PreTrainedModel,
        inputs: dict[str, torch.Tensor],
        return_outputs: bool = False,
        num_items_in_batch: torch.Tensor | int | None = None,
    ) -> Any:
        """Return the objective's sum over this part's target tokens, divided by those of the whole update."""
        soft_ids_BTK, soft_probs_BTK, chunks_BT, logprobs_BC, formats_B = (inputs.pop(name) for name in LOSS_INPUTS)
        inputs.pop("shift_labels", None)  # for the Trainer's count of targets alone
        chunks = Chunks(chunks_BT, logprobs_BC)

        def loss_of(outputs: ModelOutput, labels: torch.Tensor, num_items_in_batch: torch.Tensor | int) -> torch.Tensor:
            losses = token_losses(outputs.logits, labels, soft_ids_BTK, soft_probs_BTK, self.distribution, chunks)
            self.averages.add(losses, labels, formats_B)
            return losses.objective.sum() / num_items_in_batch

        # The Trainer's own hook: it keeps the labels from the model, and takes care of the number of processes.
        self.compute_loss_func = loss_of
        return super().compute_loss(model, inputs, return_outputs, num_items_in_batch)

    def log(self, logs: dict[str, float], start_time: float | None = None) -> None:
        """Add the averages of both losses since the last line to a line about the loss."""
        if "loss" in logs:
            logs = {**logs, **self.averages.take(lambda sums: self.accelerator.reduce(sums, "sum"))}
        super().log(logs, start_time)

    def get_train_dataloader(self) -> DataLoader[dict[str, torch.Tensor]]:
        """Serve the planned micro-batches in their order."""
        loader = DataLoader(self.train_dataset, batch_sampler=self.micro_batches, collate_fn=self.data_collator)
        prepared: DataLoader[dict[str, torch.Tensor]] = self.accelerator.prepare(loader)
        return prepared

    def create_optimizer(self, model: PreTrainedModel | None = None) -> torch.optim.Optimizer:
        """The optimizer, with a rate of its own for the embedding and the relative position bias, which never decay.

        Hugging Face starts T5's embedding at standard deviation 1.0 and its matrices at about d_model^-0.5, but AdamW
        moves every weight by about the learning rate: with one rate the embedding of a T5 from random weights is nearly
        frozen. (T5 itself was trained with Adafactor, whose steps are relative to a weight's scale.)
        """
        if self.optimizer is None:  # type: ignore[has-type]
            params = self.optimizer_params
            named = [(n, p) for n, p in (model or self.model).named_parameters() if p.requires_grad]
            lookup = [p for n, p in named if self.is_lookup(n)]
            plain = [p for n, p in named if not self.is_lookup(n) and p.ndim < 2]
            matrices = [p for n, p in named if not self.is_lookup(n) and p.ndim >= 2]
            groups = [
                {"params": matrices, "lr": params.learning_rate, "weight_decay": params.weight_decay},
                {"params": plain, "lr": params.learning_rate, "weight_decay": 0.0},
                {"params": lookup, "lr": params.embedding_learning_rate or params.learning_rate, "weight_decay": 0.0},
            ]
            self.optimizer = make_optimizer(params, groups, self.args.device)
        return self.optimizer


def train(trainer: StudentTrainer, work: Path, what: str, callbacks: Sequence[TrainerCallback] = ()) -> str:
    """Train to the last update, from the newest complete state in `work` where there is one; return training.csv.

    what: what is trained, in log lines. callbacks: called at each update, behind the check that all numbers are finite.
    """
    trainer.remove_callback(PrinterCallback)  # LogProgress logs the same, with the time that is left
    steps = int(trainer.args.max_steps)
    for callback in (
        StopOnNonFinite(f"{what} update"),
        *callbacks,
        LogProgress(f"{what} update", steps),
        RecordDigests(),
    ):
        trainer.add_callback(callback)
    resume = last_complete_checkpoint(work)
    if resume:
        log.info("%s: resumed from %s", what, resume.name)
    with StopOnSignal(f"{what} update") as stop:
        trainer.add_callback(stop)
        trainer.train(resume_from_checkpoint=str(resume) if resume else None)
    return training_csv(trainer.state.log_history)


def _unset_loss(*arguments: Any) -> torch.Tensor:
    """In place until the first batch: only with a loss function does the Trainer count the update's target tokens."""
    raise NotImplementedError


def arguments(
    params: OptimizerParams, work: Path, save_every: int, parts: int = 1, gradient_checkpointing: bool = False
) -> TrainingArguments:
    """Return the Trainer's arguments.

    work: folder for the Trainer's own state; save_every: updates between two saved states; parts: micro-batches of an
    update; gradient_checkpointing: compute activations again in the backward pass.
    """
    return TrainingArguments(
        output_dir=str(work),
        max_steps=params.steps,
        gradient_accumulation_steps=parts,
        learning_rate=params.learning_rate,
        lr_scheduler_type={"constant": "constant_with_warmup"}.get(params.schedule, params.schedule),
        lr_scheduler_kwargs={"num_decay_steps": params.cooldown, "decay_type": "linear"} if params.cooldown else {},
        warmup_steps=params.warmup_steps,
        max_grad_norm=params.max_grad_norm,
        weight_decay=params.weight_decay,
        bf16=params.precision == "bf16",
        activation_checkpointing=gradient_checkpointing,
        activation_checkpointing_kwargs={"use_reentrant": False},
        use_cpu=not torch.accelerator.is_available(),  # else transformers refuses bf16 on a machine without one
        seed=params.seed,
        save_strategy="steps",
        save_steps=save_every,
        save_total_limit=2,
        # A divisor of the checkpoint interval: a resumed Trainer has forgotten the losses since its last log line.
        logging_steps=math.gcd(LOG_EVERY, save_every),
        logging_first_step=True,
        logging_nan_inf_filter=False,
        remove_unused_columns=False,
        dataloader_pin_memory=False,
        disable_tqdm=True,
        report_to=[],
    )
