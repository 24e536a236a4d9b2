"""A cluster of Slurm on this machine: one node with this machine's cores, for as long as a test needs it."""

import os
import secrets
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

PROGRAMS = ("munged", "slurmctld", "slurmd", "sbatch", "srun", "squeue", "scancel")
_CONFIG = """ClusterName=toy
SlurmctldHost={host}(127.0.0.1)
SlurmUser={user}
SlurmdUser={user}
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
ReturnToService=2
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
SlurmdSpoolDir={folder}/spool
StateSaveLocation={folder}/state
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.log
SlurmctldPort={first_port}
SlurmdPort={second_port}
SchedulerType=sched/backfill
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU_Memory
AccountingStorageType=accounting_storage/none
JobAcctGatherType=jobacct_gather/none
MinJobAge=600
KillWait=5
NodeName={host} NodeAddr=127.0.0.1 CPUs={cores} RealMemory=8000 State=UNKNOWN
PartitionName=main Nodes=ALL Default=YES MaxTime=INFINITE State=UP
"""
# The executor takes every variable of Slurm but its identities from a job's steps, SLURM_CONF too. A site has its
# configuration in /etc/slurm; here `srun` is told where it is.
_SRUN = """#!/bin/sh
SLURM_CONF={folder}/slurm.conf exec {program} "$@"
"""


def is_installed() -> bool:
    """Whether this machine has Slurm, and this process may start its daemons."""
    return os.geteuid() == 0 and all(shutil.which(program) for program in PROGRAMS)


@contextmanager
def slurm_cluster(folder: Path) -> Iterator[dict[str, str]]:
    """Start the daemons; yield the environment in which its commands find them."""
    for name in ("spool", "state", "bin"):
        (folder / name).mkdir(parents=True)
    ports = {"first_port": _free_port(), "second_port": _free_port()}
    host, config = socket.gethostname(), folder / "slurm.conf"
    config.write_text(_CONFIG.format(host=host, user="root", folder=folder, cores=os.cpu_count(), **ports))
    wrapper = folder / "bin" / "srun"
    wrapper.write_text(_SRUN.format(folder=folder, program=shutil.which("srun")))
    wrapper.chmod(0o755)
    key = folder / "munge.key"
    key.write_bytes(secrets.token_bytes(128))
    key.chmod(0o600)
    environment = os.environ | {"SLURM_CONF": str(config), "PATH": f"{wrapper.parent}:{os.environ['PATH']}"}
    files = {"key-file": key, "socket": folder / "munge.socket", "pid-file": folder / "munged.pid"}
    files |= {"log-file": folder / "munged.log", "seed-file": folder / "munged.seed"}
    try:
        subprocess.run(["munged", "--force", *(f"--{name}={path}" for name, path in files.items())], check=True)
        subprocess.run(["slurmctld", "-f", str(config)], env=environment, check=True)
        subprocess.run(["slurmd", "-f", str(config), "-N", host], env=environment, check=True)
        _wait_until_idle(environment)
        yield environment
    finally:
        for daemon in ("slurmd", "slurmctld", "munged"):
            with suppress(OSError, ValueError):
                os.kill(int((folder / f"{daemon}.pid").read_text()), signal.SIGTERM)


def _wait_until_idle(environment: dict[str, str]) -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until:
        shown = subprocess.run(
            ["sinfo", "--noheader", "--format=%t"], env=environment, capture_output=True, text=True, check=False
        )
        if shown.stdout.strip() == "idle":
            return
        time.sleep(0.5)
    raise TimeoutError(f"Slurm's node is not idle: {shown.stdout} {shown.stderr}")


def _free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])
