"""Real processes that start quickly: a server that has imported the libraries forks one for each command.

    with warm(folder) as bin: subprocess.run([bin / "snakemake", "-n"])
    .venv/bin/python tests/workflow/warm.py .venv/bin/python -m pytest tests/workflow/test_promise.py

`bin` has a `python`, `snakemake` and `dvc` that pass their arguments, environment, folder and streams to the server. It
forks itself, and the child runs the command as a new interpreter would: the project's code is never imported before
the fork, only libraries are, those that an earlier command had needed. What a command starts goes the same way. A
command that is killed takes its child with it, and what that had started.

Importing libraries is nine tenths of a tiny run's time, so the walker (walk.py) gets ten times as far.
"""

import array
import atexit
import gc
import importlib
import json
import os
import random
import runpy
import select
import shutil
import signal
import socket
import subprocess
import sys
import sysconfig
import tempfile
import threading
import time
import traceback
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

SHIM = """#!{python} -SEI
import array, json, os, socket, sys
if {program!r} == "python" and sys.argv[1][0] == "-" and sys.argv[1] not in ("-m", "-c"):
    os.execv({python!r}, [{python!r}, *sys.argv[1:]])  # processes of multiprocessing, which inherit open files
server = socket.socket(socket.AF_UNIX)
server.connect({address!r})
said = json.dumps([[{program!r}, *sys.argv[1:]], os.getcwd(), dict(os.environ)]).encode()
server.sendmsg([len(said).to_bytes(8, "big")], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [0, 1, 2]))])
server.sendall(said)
status = server.recv(1)
os._exit(status[0] if status else 137)
"""
STORE = "WALK_STORE"
"""Environment variable: folder where what jobs made is remembered."""
SERVE = "--serve"
TRUSTED = "WALK_TRUSTED"
"""Environment variable of builds that may add to it."""
OURS = ("specialize", "snakemake_logger_plugin_specialize")
"""Modules that every command has to import itself: the project's."""


@contextmanager
def warm(folder: Path) -> Iterator[Path]:
    """Serve from `folder`; yield the folder of the commands."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "bin").mkdir()
    address = str(folder / "socket")
    for program in ("python", "snakemake", "dvc"):
        shim = folder / "bin" / program
        shim.write_text(SHIM.format(python=sys.executable, address=address, program=program))
        shim.chmod(0o755)
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    with subprocess.Popen([sys.executable, __file__, SERVE, address], stdin=subprocess.PIPE, env=environment) as server:
        while not Path(address).exists():
            assert server.poll() is None
            time.sleep(0.02)
        yield folder / "bin"
        server.kill()


class Server:
    """Forks a child for each connection; tells it the child's exit status, or kills the child where it is gone."""

    def __init__(self, address: str) -> None:
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.bind(address)
        self.socket.listen(64)
        self.bin = Path(address).parent / "bin"
        self.learned = Path(address).parent / "modules"
        self.learned.touch()
        self.connections: dict[int, socket.socket] = {}
        self.wake, writing = os.pipe()
        os.set_blocking(writing, False)
        os.set_blocking(self.wake, False)
        signal.set_wakeup_fd(writing)
        signal.signal(signal.SIGCHLD, lambda *_: None)

    def serve(self) -> tuple[list[str], Path]:
        """Serve for ever; in a child, return the command line and the file for what it imports."""
        while True:
            readable, _, _ = select.select([self.socket, self.wake, sys.stdin, *self.connections.values()], [], [])
            if sys.stdin in readable:  # who started this has ended
                for pid in self.connections:
                    with suppress(ProcessLookupError, PermissionError):
                        os.killpg(pid, signal.SIGKILL)
                os._exit(0)
            with suppress(BlockingIOError):
                os.read(self.wake, 4096)
            self._reap()
            for pid, connection in list(self.connections.items()):
                if connection in readable:  # the command was killed
                    with suppress(ProcessLookupError, PermissionError):
                        os.killpg(pid, signal.SIGKILL)
            if self.socket in readable and (command := self._accept()):
                return command, self.learned

    def _reap(self) -> None:
        while self.connections:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if not pid:
                return
            connection = self.connections.pop(pid)
            code = os.waitstatus_to_exitcode(status)
            with suppress(OSError):
                connection.sendall(bytes([code if code >= 0 else 128 - code]))
            connection.close()

    def _accept(self) -> list[str] | None:
        connection, _ = self.socket.accept()
        try:
            size, ancillary, *_ = connection.recvmsg(8, socket.CMSG_SPACE(12))
            streams = array.array("i", ancillary[0][2] if ancillary else b"")
            said = b""
            while size and len(said) < int.from_bytes(size, "big"):
                said += connection.recv(1 << 16) or b"\0" * (1 << 30)  # killed while it spoke: not JSON
            arguments, cwd, environment = json.loads(said)
        except (OSError, ValueError, IndexError):
            connection.close()
            return None
        self._learn()
        if pid := os.fork():
            with suppress(ProcessLookupError, PermissionError):
                os.setpgid(pid, pid)
            self.connections[pid] = connection
            for stream in streams:
                os.close(stream)
            return None
        os.setpgid(0, 0)
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        for number, stream in enumerate(streams):
            os.dup2(stream, number)
            os.close(stream)
        for other in (self.socket, connection, *self.connections.values()):
            other.close()
        os.close(self.wake)
        os.chdir(cwd)
        os.environ.clear()
        os.environ.update(environment)
        sys.executable = str(self.bin / "python")
        return list(arguments)

    def _learn(self) -> None:
        """Import what commands needed, so that the next need not."""
        names = self.learned.read_text().split()
        for name in names:
            if name not in sys.modules:
                with suppress(Exception):
                    importlib.import_module(name)
        if names:
            self.learned.write_text("")
            gc.collect()
        gc.freeze()  # or the first collection in a child would copy every page


def run(arguments: list[str], learned: Path) -> None:
    """Be the command."""
    program, *rest = arguments
    given = [entry for entry in os.environ.get("PYTHONPATH", "").split(os.pathsep) if entry]
    sys.path[:] = [str(Path(entry).absolute()) for entry in given] + [path for path in sys.path if path]
    before = set(sys.modules)
    try:
        if program != "python":
            (script,) = entry_points(group="console_scripts", name=program)
            sys.argv = [str(Path(sys.executable).with_name(program)), *rest]
            sys.exit(script.load()())
        elif rest[0] == "-m":
            sys.argv = rest[1:]
            sys.path.insert(0, str(Path.cwd()))
            if STORE in os.environ and "--provenance" in rest:
                remember_jobs(Path(os.environ[STORE]), bool(os.environ.get(TRUSTED)))
            runpy.run_module(rest[1], run_name="__main__", alter_sys=True)
        elif rest[0] == "-c":
            sys.argv = ["-c", *rest[2:]]
            sys.path.insert(0, "")
            exec(compile(rest[1], "<string>", "exec"), {"__name__": "__main__"})
        else:
            sys.argv = rest
            sys.path.insert(0, str(Path(rest[0]).absolute().parent))
            runpy.run_path(rest[0], run_name="__main__")
        status = 0
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else int(end.code is not None)
        if isinstance(end.code, str):
            print(end.code, file=sys.stderr)
    except BaseException:
        traceback.print_exc()
        status = 1
    _teach(before, learned)
    # As an interpreter ends, but for taking apart what the libraries made, which would copy every page.
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):
            stream.flush()
    os._exit(status)


def remember_jobs(store: Path, trusted: bool) -> None:
    """Let a job that was done before, of the same recipe and inputs, copy what it made then.

    Every check of the project is made as ever, at the start and at the end. Only trusted builds add to the store.
    """
    from specialize.core.errors import UpToDate
    from specialize.core.files import json_text, sha256_text
    from specialize.lineage.provenance import ProvenanceWriter, read_provenance
    from specialize.lineage.recipe import recipe_digest

    start, write = ProvenanceWriter.__init__, ProvenanceWriter.write

    def entry_of(writer: ProvenanceWriter) -> Path:
        inputs = {name: state.sha256 for name, state in writer.inputs.items()}
        return store / sha256_text(json_text([str(writer.path), recipe_digest(writer.recipe), inputs]))

    def begin(writer: ProvenanceWriter, *arguments: Any) -> None:
        start(writer, *arguments)
        if writer.path is None or not (entry := entry_of(writer)).is_dir():
            return
        time.sleep(random.Random(os.getpid()).uniform(0, 0.5))  # so that there is something to kill
        names = json.loads((entry / "outputs.json").read_text())
        for name in names:
            Path(name).parent.mkdir(parents=True, exist_ok=True)
            Path(name).unlink(missing_ok=True)  # it may be a link into DVC's cache
            shutil.copyfile(entry / name, name)
        write(writer, [Path(name) for name in names])
        raise UpToDate(f"{writer.path}: copied from the walker's store")

    def end(writer: ProvenanceWriter, outputs: Iterable[Path]) -> None:
        write(writer, outputs)
        if writer.path is None or not trusted:
            return
        entry, part = entry_of(writer), store / f"{os.getpid()}.part"
        names = sorted(read_provenance(writer.path).outputs)
        for name in names:
            (part / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(name, part / name)
        (part / "outputs.json").write_text(json.dumps(names))
        with suppress(OSError):
            part.rename(entry)

    ProvenanceWriter.__init__ = begin  # type: ignore[method-assign]
    ProvenanceWriter.write = end  # type: ignore[method-assign]


def _teach(before: set[str], learned: Path) -> None:
    """Note the libraries that this command had to import."""
    roots = (sysconfig.get_path("purelib"), sysconfig.get_path("stdlib"))
    new = []
    for name in [name for name in sys.modules if name not in before]:  # in the order of their imports
        spec = getattr(sys.modules[name], "__spec__", None)
        origin = getattr(spec, "origin", None) or ""
        if not name.startswith(("_", *OURS)) and getattr(spec, "name", "") == name and origin.startswith(roots):
            new.append(name)
    with suppress(OSError), learned.open("a") as stream:
        stream.write("".join(f"{name}\n" for name in new))


def main() -> int:
    """Run a command whose tests start `snakemake` and `dvc` quickly."""
    with tempfile.TemporaryDirectory() as folder, warm(Path(folder) / "warm") as bin:
        path = os.pathsep.join([str(bin), str(Path(sys.executable).parent), os.environ["PATH"]])
        return subprocess.run(sys.argv[1:], env={**os.environ, "WARM_BIN": str(bin), "PATH": path}).returncode


if __name__ == "__main__":
    if sys.argv[1] != SERVE:
        sys.exit(main())
    sys.path.pop(0)
    os.environ.pop("PYTHONPATH", None)
    sys.path[:] = [path for path in sys.path if Path(path) != Path(__file__).resolve().parents[2] / "src"]
    run(*Server(sys.argv[2]).serve())
