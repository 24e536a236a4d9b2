"""Cards of this machine for jobs side by side: each job holds its own, and sees no other.

A card is taken by a lock on a file of its name, which the operating system releases when the job ends, also when it is
killed. So two jobs never share a card, whether they are of one run, of two runs, or started by hand.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from specialize.core.errors import SpecializeError
from specialize.core.locks import take_for_good

VISIBLE = "CUDA_VISIBLE_DEVICES"
"""CUDA's own variable: which cards a process may use."""
ALLOCATED = ("SLURM_JOB_ID", "KUBERNETES_SERVICE_HOST")
"""There where a scheduler has given this job its cards, and no other job."""
POLL_SECONDS = 2.0


def visible_gpus(environment: Mapping[str, str] = os.environ) -> list[str]:
    """Return the names of the cards that this process may use: CUDA_VISIBLE_DEVICES, else what nvidia-smi lists."""
    if (named := environment.get(VISIBLE)) is not None:
        return [name.strip() for name in named.split(",") if name.strip() not in ("", "-1", "NoDevFiles")]
    if (program := shutil.which("nvidia-smi", path=environment.get("PATH"))) is None:
        return []
    listed = subprocess.run([program, "--list-gpus"], capture_output=True, text=True, check=False)
    lines = listed.stdout.splitlines() if listed.returncode == 0 else []
    return [str(number) for number, _ in enumerate(line for line in lines if line.startswith("GPU "))]


def hold_gpus(count: int, folder: Path | None = None, environment: Mapping[str, str] = os.environ) -> list[str]:
    """Take `count` cards until this process ends, and return their names; wait where too few are free.

    folder: of the lock files; None: one for all projects of this user. Under a scheduler that has allocated cards to
    this job, all that it may see are its own, and nothing is locked. Raises SpecializeError where the machine has fewer
    cards than asked for.
    """
    cards = visible_gpus(environment)
    if len(cards) < count:
        raise SpecializeError(
            f"this job asks for {count} GPU{'s' if count > 1 else ''}, and this machine shows {len(cards)} "
            f"({VISIBLE}={environment.get(VISIBLE, 'not set')}): ask for fewer "
            "(`--set-resources RULE:gpu=…`, or in the profile), or run where there are more"
        )
    if any(name in environment for name in ALLOCATED):
        return cards[:count]
    folder = folder or Path(tempfile.gettempdir()) / f"specialize-gpus-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    told = False
    while (held := _free_cards(cards, count, folder)) is None:
        if not told:
            print(f"waiting for {count} free of {len(cards)} GPUs", file=sys.stderr)
            told = True
        time.sleep(POLL_SECONDS)
    return held


def _free_cards(cards: Sequence[str], count: int, folder: Path) -> list[str] | None:
    """Lock `count` of the cards; None: too few are free, and none is held."""
    held: dict[str, int] = {}
    for card in cards:
        if len(held) < count and (lock := take_for_good(folder / f"{re.sub('[^A-Za-z0-9-]', '_', card)}.lock")):
            held[card] = lock
    if len(held) == count:
        return list(held)
    # All or nothing: two jobs that each kept half of what they need would wait for ever.
    for lock in held.values():
        os.close(lock)
    return None
