"""The frame of every phase's door: errors of the user end in one line and status 2, never in a traceback."""

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from specialize.core.errors import SpecializeError, UpToDate
from specialize.core.locks import join_as_job

Command = Callable[[argparse.Namespace], None]


def parser_for(phase: str, description: str) -> argparse.ArgumentParser:
    """Return the parser of `python -m specialize.<phase>`."""
    return argparse.ArgumentParser(prog=f"python -m specialize.{phase}", description=description)


def add_recipe(command: argparse.ArgumentParser, recipe: str) -> None:
    """Give a command that makes artifacts its recipe, and the place for the provenance of what it made."""
    command.add_argument("--recipe", type=Path, required=True, help=recipe)
    command.add_argument("--provenance", type=Path, help="write here what made the outputs (lineage.provenance)")


def run(parser: argparse.ArgumentParser, argv: Sequence[str] | None = None) -> int:
    """Parse, call the command that the subparser set as `command`, return the exit status.

    Status 0: done; 2: a mistake that the user can mend, told in one line. Set SPECIALIZE_DEBUG=1 for a traceback.
    """
    args = parser.parse_args(argv)
    join_as_job()
    try:
        args.command(args)
    except BrokenPipeError:
        # The reader of standard output went away (`… | head`): not an error of ours.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except UpToDate as done:
        print(done, file=sys.stderr)
        return 0
    except (SpecializeError, OSError) as error:  # a file that is not there, a full disk, …
        if os.environ.get("SPECIALIZE_DEBUG"):
            raise
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0
