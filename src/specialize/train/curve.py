"""The training curve as a file."""

import csv
import io
from typing import Any

from specialize.train.tally import COLUMNS


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
