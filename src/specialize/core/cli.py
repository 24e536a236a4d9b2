"""The command line of every phase: parsers, and errors of the user in one line with status 2, without a traceback."""

import argparse
import os
import sys
import traceback
from collections.abc import Sequence
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import TextIO, cast

from specialize.core.errors import SpecializeError, UpToDate
from specialize.core.locks import join_as_job
from specialize.core.machine.limits import machine_limit
from specialize.core.printable import PrintableStream


def parser_for(phase: str, description: str) -> argparse.ArgumentParser:
    """Return the parser of `python -m specialize.<phase>`; phase `""`: of `python -m specialize`.

    description: the module's docstring, printed as it stands.
    """
    return argparse.ArgumentParser(
        prog=f"python -m specialize{'.' if phase else ''}{phase}",
        description=description,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )


def add_recipe(command: argparse.ArgumentParser, recipe: str) -> None:
    """Add --recipe and --provenance to a command that makes artifacts. recipe: which file of results/recipes/."""
    command.add_argument("--recipe", type=Path, required=True, help=recipe)
    command.add_argument("--provenance", type=Path, help="write here what made the outputs (lineage.provenance)")


def command_lines(parser: argparse.ArgumentParser) -> list[str]:
    """Return a line for each command of a parser: its name and its help."""
    # argparse keeps the help of subcommands in private attributes alone (the same since Python 2.7).
    groups = [action for action in parser._actions if isinstance(action, argparse._SubParsersAction)]
    choices = [choice for group in groups for choice in group._choices_actions]
    return [f"  {choice.dest:<10} {choice.help}" for choice in choices]


def run(parser: argparse.ArgumentParser, argv: Sequence[str] | None = None) -> int:
    """Parse, call the command that the subparser set as `command`, return the exit status.

    Status 0: done; 2: a mistake of the user, or a machine that ran out of disk or memory, reported in one line; 75:
    stopped before its work was done (StoppedError). Set SPECIALIZE_DEBUG=1 for a traceback. What the command prints or
    logs has its control characters escaped.
    """
    args = parser.parse_args(argv)
    join_as_job()
    out, err = (cast(TextIO, PrintableStream(stream)) for stream in (sys.stdout, sys.stderr))
    with redirect_stdout(out), redirect_stderr(err):
        return _run(args)


def _told(error: Exception) -> str:
    """Return what to say of an error. One that is not foreseen is a mistake of ours, or of a file's in a way that we
    did not think of: the place is named, and how to see all of it."""
    if limit := machine_limit(error):
        return limit
    if isinstance(error, SpecializeError | OSError):  # OSError: a file that is not there, may not be read, …
        return str(error) or type(error).__name__
    frames = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in frames if f"{os.sep}specialize{os.sep}" in frame.filename] or frames
    place = f"{Path(ours[-1].filename).name}:{ours[-1].lineno}" if ours else "nowhere"
    said = str(error).strip().split("\n", 1)[0][:300]
    return (
        f"unexpected {type(error).__name__} in {place}: {said}\n"
        "What was made before stands. Either a file that the command reads is damaged, or this is a mistake of "
        "specialize: set SPECIALIZE_DEBUG=1 and run the same command again for the traceback to report"
    )


def _run(args: argparse.Namespace) -> int:
    try:
        args.command(args)
    except BrokenPipeError:
        # The reader of standard output went away (`… | head`): not an error of ours.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except UpToDate as done:
        print(done, file=sys.stderr)
        return 0
    except Exception as error:
        if os.environ.get("SPECIALIZE_DEBUG"):
            raise
        print(f"error: {_told(error)}", file=sys.stderr)
        return error.exit_status if isinstance(error, SpecializeError) else 2
    return 0
