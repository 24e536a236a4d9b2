"""How far a training is, in the log."""

from typing import Any

from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from specialize.core.log import Progress, get_logger


class TellProgress(TrainerCallback):
    """Say how far the run is, with the last loss."""

    def __init__(self, what: str, steps: int) -> None:
        self.what, self.steps = what, steps
        self.progress: Progress | None = None

    def on_train_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        self.progress = Progress(get_logger("train"), self.what, self.steps, done=state.global_step)

    def on_step_end(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any) -> None:
        if self.progress:
            losses = [row["loss"] for row in state.log_history[-1:] if "loss" in row]
            self.progress.advance(note=f"loss {losses[0]:.3f}" if losses else "")
