"""The traces phase: completions → correct, deduplicated, decontaminated traces."""
