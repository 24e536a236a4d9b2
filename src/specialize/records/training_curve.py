"""training.csv, of students and of pretrained starts: one row per logged update.

    step             update
    loss             the objective, nats per target token
    grad_norm        before clipping
    learning_rate
    sample_nll       negative log-likelihood of the target tokens, nats per token
    teacher_kl       KL(teacher ‖ student) over tokens whose teacher distribution is known, nats per token
    soft_share       share of these tokens
    target_entropy   entropy of the teacher's distributions over them, nats per token
    loss_{format}    the objective over examples of one data format

A cell is empty where there is no such token.
"""

UPDATE_COLUMNS = ("step", "loss", "grad_norm", "learning_rate")
OBJECTIVE_COLUMNS = ("sample_nll", "teacher_kl", "soft_share", "target_entropy")
"""Both objectives on one scale, whichever was trained (paper, Fig. 3B)."""


def format_column(format: str) -> str:
    """Return the name of the column with the loss of a data format."""
    return f"loss_{format}"
