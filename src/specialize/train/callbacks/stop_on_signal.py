"""A scheduler that takes a job's machine away sends SIGTERM some time before: training saves its state and ends.

Slurm does so at a job's time limit and when it pre-empts one, Kubernetes when it moves a pod. The next run of the same
command goes on from the saved state and ends in the same bytes.
"""

import signal
import threading
from types import FrameType
from typing import Any, Self

from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from specialize.core.errors import StoppedError
from specialize.core.log import get_logger

log = get_logger("train")


class StopOnSignal(TrainerCallback):
    """While it is entered (`with`), SIGTERM saves the Trainer's state and ends the training; a second one ends the
    process at once."""

    def __init__(self, what: str) -> None:
        self.what = what
        self.asked = self.stopped = False
        self._before: Any = None

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():  # signals reach no other
            self._before = signal.signal(signal.SIGTERM, self._ask)
        return self

    def __exit__(self, *error: object) -> None:
        if self._before is not None:
            signal.signal(signal.SIGTERM, self._before)

    def on_step_end(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any) -> None:
        # At a line of the training curve: a resumed Trainer has forgotten the losses since the last one.
        if self.asked and state.global_step % args.logging_steps == 0 and state.global_step < state.max_steps:
            control.should_save = control.should_training_stop = self.stopped = True

    def on_train_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        if self.stopped:
            raise StoppedError(
                f"{self.what} {state.global_step}: stopped by SIGTERM; the state is saved, and the same command "
                "goes on from here"
            )

    def _ask(self, number: int, frame: FrameType | None) -> None:
        self.asked = True
        log.warning("%s: SIGTERM: saving the state, then stopping", self.what)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
