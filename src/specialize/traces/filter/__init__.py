"""From completions to traces: what is kept, what is dropped and why."""
