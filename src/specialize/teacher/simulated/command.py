"""The command `serve` of the teacher's door."""

import argparse
import asyncio
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from specialize.core.errors import ParamsError, SpecializeError
from specialize.core.files import read_records
from specialize.core.log import get_logger
from specialize.core.params.teacher import LocalTeacherParams
from specialize.records.problems import Problem
from specialize.teacher.simulated.fault_rates import Faults, read_faults
from specialize.teacher.simulated.teacher import Teacher

DEFAULTS = LocalTeacherParams()
PORT = 8094


def add_serve(commands: Any) -> None:
    """Add the command to the door's subparsers."""
    serve = commands.add_parser("serve", help="run the local teacher: OpenAI's API on 127.0.0.1, until interrupted")
    serve.add_argument("--problems", type=Path, nargs="+", required=True, help="problems with worked solutions")
    serve.add_argument(
        "--error-rate",
        type=float,
        default=DEFAULTS.error_rate,
        help=f"share of derivations with a mistake, at temperature 1 (default: {DEFAULTS.error_rate})",
    )
    serve.add_argument("--port", type=int, default=PORT, help=f"0: a free one (default: {PORT})")
    serve.add_argument("--faults", type=Path, help="JSON file: how to misbehave (docs/explanation/local_teacher.md)")
    serve.add_argument("--with-parent", action="store_true", help="end when standard input is closed")
    serve.set_defaults(command=_serve)


def _serve(args: argparse.Namespace) -> None:
    try:
        params = LocalTeacherParams(error_rate=args.error_rate)
    except ValidationError as error:
        raise ParamsError(f"--error-rate: {error.errors()[0]['msg']}, got {args.error_rate}") from None
    if not 0 <= args.port < 1 << 16:
        raise ParamsError(f"--port: expected 0 to 65535, got {args.port}")
    problems = [problem for path in args.problems for problem in read_records(path, Problem)]
    teacher = Teacher(problems, params.error_rate)
    faults = read_faults(args.faults) if args.faults else Faults()
    get_logger("teacher").info("serving %s problems until interrupted", f"{len(problems):,}")
    # The web library loads only here.
    from specialize.teacher.simulated.server import serve

    try:
        asyncio.run(serve(teacher, faults, args.port, args.with_parent))
    except KeyboardInterrupt:
        pass
    except OSError as error:
        raise SpecializeError(f"--port {args.port}: expected a port that is free, got: {error.strerror}") from None
