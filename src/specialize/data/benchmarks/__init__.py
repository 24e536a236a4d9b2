"""The benchmarks: one module each, from upstream rows to problems."""
