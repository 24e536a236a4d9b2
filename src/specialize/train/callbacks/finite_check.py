"""Training stops at the first sign of non-finite numbers: what follows them is worth nothing, and costs as much.

A NaN or an infinity in one weight reaches every other within a few updates, and the run would go on to its end. So the
weights are checked before they are written anywhere, and weights, loss and gradient norm at every line of the training
curve, which is at least every ten updates.
"""

import math
from typing import Any

import torch
from transformers import PreTrainedModel, TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from specialize.core.errors import TrainingError

WATCHED = ("loss", "grad_norm")
ADVICE = (
    "Nothing is published, and the last good state is kept. Lower learning_rate, raise warmup_steps, or set "
    "max_grad_norm or precision"
)


def refuse_non_finite(model: PreTrainedModel, where: str, advice: str) -> None:
    """Raise TrainingError where a weight is NaN or infinite."""
    for name, weight in model.named_parameters():
        if not torch.isfinite(weight).all():
            count = int((~torch.isfinite(weight)).sum())
            raise TrainingError(
                f"{where}: {count} of {weight.numel()} numbers of the weight '{name}' are not finite. {advice}"
            )


class StopOnNonFinite(TrainerCallback):
    """Ends the run with a TrainingError before the Trainer saves a state that holds non-finite numbers."""

    def __init__(self, what: str) -> None:
        self.what = what

    def on_step_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, model: Any = None, **kwargs: Any
    ) -> None:
        if state.global_step % args.logging_steps == 0:
            refuse_non_finite(model, f"{self.what} {state.global_step}", ADVICE)

    def on_log(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, logs: Any = None, **kwargs: Any
    ) -> None:
        for name in WATCHED:
            if not math.isfinite((logs or {}).get(name, 0.0)):
                raise TrainingError(f"{self.what} {state.global_step}: {name} is {logs[name]}. {ADVICE}")
