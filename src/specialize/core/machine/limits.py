"""Errors that say that the machine ran out of something, whichever library raises them.

torch, safetensors and pyarrow turn what the operating system says of a full disk or of missing memory into errors of
their own, which are no OSError.
"""

LIMITS = {
    "the disk is full: free some space": (
        "no space left on device",
        "os error 28",
        "disk quota exceeded",
        "disk is full",
        "pytorchstreamwriter failed writing",
        "unexpected pos",  # torch, after a write that came up short
    ),
    "memory ran out: take smaller batches, fewer processes at once, or a larger machine": (
        "out of memory",
        "allocate memory",
        "not enough memory",
        "malloc of size",
        "bad_alloc",
    ),
    "too many files are open: raise the limit (`ulimit -n`) or run fewer processes at once": ("too many open files",),
    "no further thread could be started: raise the limit (`ulimit -u`) or run fewer processes at once": (
        "can't start new thread",
    ),
}
"""What to say, and do → texts of errors, in lower case."""
_LIBRARIES = ("pyarrow", "safetensors", "sqlite3", "torch")


def machine_limit(error: BaseException) -> str | None:
    """Return in one line what the machine ran out of; None: the error is of another kind."""
    text = str(error).strip()
    if isinstance(error, MemoryError):
        text = text or "MemoryError"
        said: list[str] = [what for what in LIMITS if what.startswith("memory")]
    elif isinstance(error, (OSError, RuntimeError)) or type(error).__module__.partition(".")[0] in _LIBRARIES:
        said = [what for what, words in LIMITS.items() if any(word in text.lower() for word in words)]
    else:
        return None
    return f"{said[0]}, then run the same command again ({text.splitlines()[0][:300]})" if said else None
