"""Recorded completions instead of a server."""
