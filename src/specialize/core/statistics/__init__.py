"""Statistics that phases share: evaluation compares two checkpoints with them, the report all of them."""
