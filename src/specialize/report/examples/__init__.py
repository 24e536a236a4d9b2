"""Single problems: what a checkpoint answered, and what became of it at another."""
