"""The procedural world: generated word problems, generic tasks and texts to pretrain on."""
