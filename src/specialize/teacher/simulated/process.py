"""The local teacher as a child of the sampling job: started on a free loopback port, gone when the job is gone.

What `serve` promises: with `--port 0` it listens on a free port of 127.0.0.1; the first line on standard output is the
base URL (`http://127.0.0.1:PORT/v1`), written once it accepts connections; with `--with-parent` it ends when its
standard input is closed, which the system does for us also where the job dies of `kill -9`.
"""

import select
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from specialize.core.errors import SpecializeError
from specialize.core.params.teacher import LocalTeacherParams

START_S = 60.0
END_S = 5.0


class LocalTeacherError(SpecializeError):
    """The local teacher did not start."""


def serve_command(problems: Sequence[Path], params: LocalTeacherParams) -> list[str]:
    """Return the command that serves `problems` on a free port for as long as its standard input is open."""
    settings = [
        part
        for name, value in params.model_dump(mode="json").items()
        for part in (f"--{name.replace('_', '-')}", str(value))
    ]
    files = [str(path) for path in problems]
    return [
        *(sys.executable, "-m", "specialize.teacher", "serve", "--port", "0", "--with-parent"),
        *settings,
        *("--problems", *files),
    ]


@contextmanager
def local_teacher(command: Sequence[str]) -> Iterator[str]:
    """Start the server, yield its base URL, and end it."""
    child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert child.stdin is not None and child.stdout is not None
    try:
        ready, _, _ = select.select([child.stdout], [], [], START_S)
        line = child.stdout.readline().strip() if ready else ""
        if not line.startswith("http://"):
            how = "ended" if child.poll() is not None else f"did not answer within {START_S:.0f} s"
            raise LocalTeacherError(f"the local teacher {how} before it was ready; its own message stands above")
        yield line
    finally:
        child.stdin.close()
        try:
            child.wait(END_S)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
        child.stdout.close()
