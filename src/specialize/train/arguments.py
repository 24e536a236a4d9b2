"""What the Trainer of transformers is told."""

import math
from pathlib import Path

import torch
from transformers import Seq2SeqTrainingArguments

from specialize.core.params.starts import PretrainingParams
from specialize.core.params.train import StudentRun

LOG_EVERY = 10


def arguments(run: StudentRun | PretrainingParams, work: Path, save_every: int) -> Seq2SeqTrainingArguments:
    """Return the arguments; work: folder for the Trainer's own state; save_every: updates between two of them."""
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
