"""The optimizers that params may choose."""

from collections.abc import Callable
from importlib.util import find_spec
from typing import Any

import torch

from specialize.core.errors import SpecializeError
from specialize.core.params.optimizer import OptimizerParams

NO_8BIT = (
    "'optimizer: adamw_8bit' needs {what}. Take 'optimizer: adafactor', whose state is smaller still, or 'adamw'; or "
    "train with `lora`, where the optimizer has little to keep"
)


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
    return torch.optim.AdamW(groups, lr=params.learning_rate)


def check_optimizer(params: OptimizerParams, where: str) -> None:
    """Raise SpecializeError where the package of the optimizer is not installed. Asks for no GPU: the machine that
    trains may be another one."""
    if params.optimizer == "adamw_8bit" and find_spec("bitsandbytes") is None:
        raise SpecializeError(f"{where}: {NO_8BIT.format(what='the package bitsandbytes: `pip install bitsandbytes`')}")


def _adamw_8bit(device: torch.device) -> Callable[..., torch.optim.Optimizer]:
    if device.type != "cuda":
        raise SpecializeError(f"train: {NO_8BIT.format(what=f'a GPU, and training runs on {device.type}')}")
    try:
        from bitsandbytes.optim import AdamW8bit
    except ImportError:
        what = "the package bitsandbytes: `pip install bitsandbytes`"
        raise SpecializeError(f"train: {NO_8BIT.format(what=what)}") from None
    made: Callable[..., torch.optim.Optimizer] = AdamW8bit
    return made
