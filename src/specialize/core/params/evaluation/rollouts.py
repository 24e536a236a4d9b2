"""The params of a round's recipe in the phase `evaluate`: how a checkpoint answers training questions."""

from specialize.core.params.training.starts import RoundParams


class RolloutRun(RoundParams):
    """What decides the answers of one round, beside the checkpoint and the questions."""

    name: str
    batch_size: int
    batch_tokens: int | None
    max_source_tokens: int
    max_new_tokens: int
    top_p: float = 1.0
    """Answers are drawn from the whole distribution: that is what the student has to mend."""
