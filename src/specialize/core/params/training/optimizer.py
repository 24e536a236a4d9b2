"""Settings of the optimizer, the same for a start that is pretrained and for a student that is fine-tuned."""

from typing import Literal, Self

from pydantic import Field, model_validator

from specialize.core.params.section import Section

MOST_BATCH_TOKENS = 16_777_216
"""Of one update; the largest language models are trained with fewer."""


class OptimizerParams(Section):
    """The optimizer: its learning rates, their schedule, regularisation and arithmetic."""

    seed: int = Field(default=1, ge=0)
    """Seed of weights, data order, formats or masks, exemplars and dropout."""
    steps: int = Field(ge=1, le=1_000_000_000)
    """Optimizer updates."""
    batch_tokens: int = Field(ge=64, le=MOST_BATCH_TOKENS)
    """Source and target tokens of one update, padding included. Batches are bucketed by length."""
    optimizer: Literal["adamw", "adafactor", "adamw_8bit"] = "adamw"
    """`adamw` (paper): 8 bytes of state a weight. `adafactor`: hardly any, and steps relative to each weight matrix's
    size, so it wants a larger rate (T5: 1e-3). `adamw_8bit`: 2 bytes; needs the package bitsandbytes and a GPU."""
    learning_rate: float = Field(default=5e-4, gt=0, le=1)
    """Peak learning rate (paper: 5e-4, with AdamW)."""
    embedding_learning_rate: float | None = Field(default=None, gt=0, le=1)
    """Peak rate of the embedding and the relative position bias; null: `learning_rate`. A T5 from random weights needs
    a larger one: its embedding starts at standard deviation 1, which AdamW's equal steps hardly move."""
    schedule: Literal["cosine", "linear", "constant", "warmup_stable_decay"] = "cosine"
    """Decay of the learning rate after the warm-up (paper: cosine, but its released code hardly decays).
    `warmup_stable_decay`: constant, and to 0 in the last `decay_steps`; so a checkpoint before these says what a rate
    does, not what its decay does."""
    decay_steps: int | None = Field(default=None, ge=1)
    """Updates of linear decay at the end of `warmup_stable_decay`; null: a tenth of `steps`."""
    warmup_steps: int = Field(default=10, ge=0)
    """Updates of linear warm-up (paper: 10)."""
    weight_decay: float = Field(default=0.01, ge=0, le=100)
    """Weight decay, decoupled from the gradient as AdamW's; not on embeddings, biases and norms (paper: 0.01)."""
    max_grad_norm: float = Field(default=1.0, gt=0)
    """Gradients are clipped to this norm (paper: no clipping)."""
    dropout: float = Field(default=0.1, ge=0, lt=1)
    """Dropout while training (paper: its released code trains with none)."""
    precision: Literal["fp32", "bf16"] = "fp32"
    """Arithmetic (paper: fp32). T5 overflows in fp16, so it is not offered."""

    @property
    def cooldown(self) -> int:
        """Updates of decay at the end of `warmup_stable_decay`; 0 under another schedule."""
        return cooldown_steps(self.schedule, self.decay_steps, self.steps)

    @model_validator(mode="after")
    def _schedule_fits(self) -> Self:
        if self.warmup_steps >= self.steps:
            raise ValueError(f"warmup_steps ({self.warmup_steps}) must be fewer than steps ({self.steps})")
        if self.decay_steps and self.schedule != "warmup_stable_decay":
            raise ValueError(f"decay_steps goes with schedule warmup_stable_decay alone, got {self.schedule}")
        if self.warmup_steps + self.cooldown > self.steps:
            raise ValueError(
                f"warmup_steps ({self.warmup_steps}) and decay_steps ({self.cooldown}) must fit into "
                f"steps ({self.steps})"
            )
        return self


def cooldown_steps(schedule: str, decay_steps: int | None, steps: int) -> int:
    """Return how many updates at the end of a training of `steps` lower the rate to 0; 0 where the whole of it does."""
    return (decay_steps or max(1, steps // 10)) if schedule == "warmup_stable_decay" else 0
