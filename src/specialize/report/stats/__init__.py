"""Estimates, intervals and paired comparisons."""
