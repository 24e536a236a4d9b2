"""Install what requirements.lock pins into this environment: `.venv/bin/python workflow/install_lock.py`.

pip checks every file against the lock's hashes. torch goes first and alone: which of its builds is taken (CUDA or CPU)
is pip's choice by its own settings, and only the build that was taken tells whether the CUDA libraries are needed.
Left to one step, pip would take the build of the public index and gigabytes of CUDA libraries everywhere.
"""

import subprocess
import sys
from collections.abc import Iterable
from importlib.metadata import requires
from pathlib import Path
from tempfile import TemporaryDirectory

LOCK = Path("requirements.lock")
CUDA = ("cuda-", "nvidia-", "triton=")
"""How the requirements that only CUDA builds of torch have begin."""


def pins(lock: str) -> list[str]:
    """Return the requirements of a lock, each with its hashes."""
    lines = [line for line in lock.splitlines() if line and not line.startswith("#")]
    return "\n".join(lines).replace("\\\n", " ").splitlines()


def pip(*arguments: str) -> None:
    # The lock is complete: there is nothing left to resolve (--no-deps).
    command = [sys.executable, "-m", "pip", *arguments, "-qq", "--disable-pip-version-check", "--no-deps"]
    if status := subprocess.run(command, check=False).returncode:
        sys.exit(status)


def install(requirements: Iterable[str], folder: Path) -> None:
    file = folder / "requirements.txt"
    file.write_text("\n".join(requirements), encoding="utf-8")
    # Byte code is made by the first import, of the modules that are used: of all of them it takes two minutes.
    pip("install", "--no-compile", "--require-hashes", "--requirement", str(file))


def main() -> None:
    locked = pins(LOCK.read_text(encoding="utf-8"))
    (torch,) = (pin for pin in locked if pin.startswith("torch=="))
    version, *hashes = torch.split()
    with TemporaryDirectory() as name:
        folder = Path(name)
        # Given hashes, pip prefers files of an index, which states them, to those of a folder: so choose, then check.
        pip("download", "--dest", name, version)
        (wheel,) = folder.glob("torch-*")
        install([" ".join([f"torch @ {wheel.as_uri()}", *hashes])], folder)
        with_cuda = any(name.startswith(CUDA) for name in requires("torch") or [])
        install([pin for pin in locked if pin != torch and (with_cuda or not pin.startswith(CUDA))], folder)


if __name__ == "__main__":
    main()
