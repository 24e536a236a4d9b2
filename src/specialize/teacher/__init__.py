"""The teacher phase: train problems → completions."""
