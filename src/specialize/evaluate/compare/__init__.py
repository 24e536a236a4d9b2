"""Two checkpoints, answer by answer."""
