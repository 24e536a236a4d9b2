"""The optimizers that params may choose."""

from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import torch

from specialize.core.errors import SpecializeError
from specialize.core.params.training.optimizer import OptimizerParams

NO_8BIT = (
    "'optimizer: adamw_8bit' needs {what}. Take 'optimizer: adafactor', whose state is smaller still, or 'adamw'; or "
    "train with `lora`, where the optimizer has little to keep"
)
PACKAGE = "the package bitsandbytes (`pip install bitsandbytes`)"


def make_optimizer(
    params: OptimizerParams, groups: list[dict[str, Any]], device: torch.device
) -> torch.optim.Optimizer:
    """Return the optimizer of these parameter groups, each with its own `lr` and `weight_decay`.

    Raises SpecializeError where it cannot run on this machine.
    """
    if params.optimizer == "adafactor":
        # torch's: the step is lr times the root mean square of the matrix, as T5 was trained; no step beyond 1/sqrt(t).
        return torch.optim.Adafactor(groups, lr=params.learning_rate)
    if params.optimizer == "adamw_8bit":
        return _adamw_8bit(device)(groups, lr=params.learning_rate)
    return torch.optim.AdamW(groups, lr=params.learning_rate, fused=device.type in ("cpu", "cuda"))


def check_optimizer(params: OptimizerParams, where: str) -> None:
    """Raise SpecializeError where the package of the optimizer is not installed. Asks for no GPU: the machine that
    trains may be another one."""
    try:
        if params.optimizer == "adamw_8bit":
            version("bitsandbytes")
    except PackageNotFoundError:
        raise SpecializeError(f"{where}.optimizer: {NO_8BIT.format(what=PACKAGE)}") from None


def _adamw_8bit(device: torch.device) -> Callable[..., torch.optim.Optimizer]:
    if device.type != "cuda":
        raise SpecializeError(f"train: {NO_8BIT.format(what=f'a GPU, and training runs on {device.type}')}")
    try:
        from bitsandbytes.optim import AdamW8bit
    except ImportError:
        raise SpecializeError(f"train: {NO_8BIT.format(what=PACKAGE)}") from None
    made: Callable[..., torch.optim.Optimizer] = AdamW8bit
    return made
