"""What libraries raise over files that others wrote, as errors of ours.

pyarrow, pandas, transformers and tokenizers have no error of their own for a damaged file: ArrowInvalid, OSError
without a number, KeyError, TypeError, OverflowError, UnicodeDecodeError and plain Exception all come out of them. While
one of them reads a file, any error means that the file is not what it should be.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from specialize.core.errors import CheckpointError, RecordError, SpecializeError
from specialize.core.machine.limits import machine_limit

LONGEST_REASON = 300


@contextmanager
def reading_file(path: Path | str, expected: str, hint: str = "") -> Iterator[None]:
    """Raise RecordError that `path` is not what was expected, in place of whatever a library raises inside."""
    with _as(lambda reason: RecordError(str(path), "(whole file)", expected, reason, hint)):
        yield


@contextmanager
def loading(what: str, advice: Callable[[str], str] = lambda reason: "") -> Iterator[None]:
    """Raise CheckpointError `{what}: {reason}. {advice}` in place of whatever a library raises inside.

    advice: what to do, from the reason; `""`: nothing is said.
    """
    with _as(lambda reason: CheckpointError(f"{what}: {reason}" + (f". {told}" if (told := advice(reason)) else ""))):
        yield


@contextmanager
def _as(described: Callable[[str], SpecializeError]) -> Iterator[None]:
    try:
        yield
    except SpecializeError:
        raise
    except Exception as error:
        # A file that is not there, may not be read or a full disk: the operating system says so better.
        if machine_limit(error) or (isinstance(error, OSError) and error.errno is not None):
            raise
        said = str(error).strip().split("\n", 1)[0] or "no reason given"
        known = isinstance(error, OSError | ValueError)
        reason = said if known else f"{type(error).__name__}: {said}"
        raise described(reason[:LONGEST_REASON].rstrip(".")) from None
