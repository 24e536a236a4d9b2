"""The training log: progress lines, and the curve of both objectives on one scale (paper, Fig. 3B)."""

import csv
import io
from collections.abc import Callable
from typing import Any

import torch
from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from specialize.core.log import Progress, get_logger
from specialize.core.prompt_formats import FORMATS
from specialize.records.checkpoints import OBJECTIVE_COLUMNS, UPDATE_COLUMNS, format_column
from specialize.train.losses.token_losses import IGNORED, TokenLosses

COLUMNS = (*OBJECTIVE_COLUMNS, *map(format_column, FORMATS))
"""The averages over target tokens, see records.checkpoints."""


class TokenAverages:
    """Averages of both losses over the target tokens of several micro-batches."""

    def __init__(self) -> None:
        self.sums: torch.Tensor | None = None

    def add(self, losses: TokenLosses, labels_BT: torch.Tensor, formats_B: torch.Tensor) -> None:
        """Add a micro-batch. formats_B: each example's place in FORMATS."""
        device = losses.objective.device
        dtype = torch.float32 if device.type == "mps" else torch.float64
        objective_M = losses.objective.detach().to(dtype)
        formats_M = formats_B[(labels_BT != IGNORED).nonzero()[:, 0]]
        in_format = [formats_M == place for place in range(len(FORMATS))]
        sums = torch.stack(
            [
                torch.tensor(len(objective_M), dtype=dtype, device=device),
                losses.sample_nll.sum(dtype=dtype),
                losses.soft.sum(dtype=dtype),
                losses.teacher_kl.sum(dtype=dtype),
                losses.entropy.sum(dtype=dtype),
                *(mask.sum(dtype=dtype) for mask in in_format),
                *((objective_M * mask).sum() for mask in in_format),
            ]
        )
        self.sums = sums if self.sums is None else self.sums + sums

    def take(self, over_processes: Callable[[torch.Tensor], torch.Tensor]) -> dict[str, float]:
        """Return the means by COLUMNS and reset. over_processes: sums a tensor over all processes."""
        if self.sums is None:
            return {}
        tokens, nll, soft, kl, entropy, *by_format = over_processes(self.sums).tolist()
        self.sums = None
        counts, totals = by_format[: len(FORMATS)], by_format[len(FORMATS) :]
        pairs = [(nll, tokens), (kl, soft), (soft, tokens), (entropy, soft), *zip(totals, counts, strict=True)]
        return {name: total / count for name, (total, count) in zip(COLUMNS, pairs, strict=True) if count}


class LogProgress(TrainerCallback):
    """Log how far the run is, with the last loss."""

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


def training_csv(history: list[dict[str, Any]]) -> str:
    """Return the training curve as CSV, the columns of records.checkpoints."""
    columns = (*UPDATE_COLUMNS[1:], *COLUMNS)
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow([*UPDATE_COLUMNS, *COLUMNS])
    for row in history:
        if "loss" in row:
            writer.writerow([row["step"], *(f"{row[name]:.6g}" if name in row else "" for name in columns)])
    return stream.getvalue()
