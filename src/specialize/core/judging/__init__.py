"""What the judge reads: which part of a completion counts, where it states its answer, and how that is written."""
