"""Cards of this machine: which there are, and that two jobs never hold the same one."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from specialize.core.errors import SpecializeError
from specialize.core.machine.gpus import hold_gpus, visible_gpus

PROJECT = Path(__file__).resolve().parents[4]
SHOW = [
    sys.executable,
    "-c",
    "import os, pathlib, sys, time\n"
    "print(os.environ['CUDA_VISIBLE_DEVICES'], flush=True)\n"
    "while not pathlib.Path(sys.argv[1]).exists(): time.sleep(0.02)",
]
"""A job that says which cards it sees, and ends when a file appears."""


def environment(tmp_path: Path, cards: int) -> dict[str, str]:
    """A machine with so many cards, by a stand-in of nvidia-smi."""
    program = tmp_path / "bin" / "nvidia-smi"
    program.parent.mkdir(exist_ok=True)
    lines = "".join(f"echo 'GPU {number}: Made-up card (UUID: GPU-{number})'\n" for number in range(cards))
    program.write_text(f"#!/bin/sh\n{lines}")
    program.chmod(0o755)
    rest = {name: value for name, value in os.environ.items() if name not in ("CUDA_VISIBLE_DEVICES", "SLURM_JOB_ID")}
    path = f"{program.parent}:{os.environ['PATH']}"
    return rest | {"PATH": path, "PYTHONPATH": str(PROJECT / "src"), "TMPDIR": str(tmp_path)}


def job(count: int, end: Path, env: dict[str, str]) -> "subprocess.Popen[str]":
    command = [sys.executable, str(PROJECT / "workflow" / "on_gpus.py"), str(count), *SHOW, str(end)]
    return subprocess.Popen(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def seen(process: "subprocess.Popen[str]") -> set[str]:
    assert process.stdout is not None
    return set(process.stdout.readline().strip().split(","))


@pytest.mark.parametrize(
    ("variable", "cards"),
    [("0,1", ["0", "1"]), ("", []), ("-1", []), ("GPU-8f2e, GPU-11", ["GPU-8f2e", "GPU-11"]), ("3", ["3"])],
)
def test_the_variable_of_cuda_names_the_cards(variable, cards):
    assert visible_gpus({"CUDA_VISIBLE_DEVICES": variable, "PATH": ""}) == cards


def test_without_the_variable_nvidia_smi_is_asked(tmp_path):
    assert visible_gpus({"PATH": ""}) == []
    assert visible_gpus(environment(tmp_path, 3)) == ["0", "1", "2"]


@pytest.mark.parametrize("cards", [1, 2, 8])
def test_as_many_jobs_as_cards_run_and_each_has_its_own(tmp_path, cards):
    env = environment(tmp_path, cards)
    end = tmp_path / "end"
    jobs = [job(1, end, env) for _ in range(cards)]
    held = [seen(process) for process in jobs]
    assert sorted(held) == [{str(number)} for number in range(cards)] or set().union(*held) == set(
        map(str, range(cards))
    )
    assert all(len(one) == 1 for one in held)
    end.touch()
    assert [process.wait(timeout=20) for process in jobs] == [0] * cards


def test_a_job_waits_until_another_ends_also_if_it_is_killed(tmp_path):
    env = environment(tmp_path, 1)
    first = job(1, tmp_path / "never", env)
    assert seen(first) == {"0"}
    second = job(1, tmp_path / "end", env)
    assert second.stderr is not None
    assert second.stderr.readline() == "waiting for 1 free of 1 GPUs\n"
    first.kill()
    first.wait()
    assert seen(second) == {"0"}
    (tmp_path / "end").touch()
    assert second.wait(timeout=20) == 0


def test_jobs_that_need_several_cards_do_not_block_each_other(tmp_path):
    env = environment(tmp_path, 3)
    end = tmp_path / "end"
    end.touch()
    jobs = [job(2, end, env) for _ in range(4)]
    for process in jobs:
        out, _ = process.communicate(timeout=60)
        assert len(set(out.strip().split(","))) == 2
        assert process.returncode == 0


def test_more_cards_than_there_are_is_said_at_once(tmp_path):
    began = time.monotonic()
    ran = subprocess.run(
        [sys.executable, str(PROJECT / "workflow" / "on_gpus.py"), "2", "true"],
        env=environment(tmp_path, 1),
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 2
    assert "asks for 2 GPUs, and this machine shows 1" in ran.stderr
    assert "Traceback" not in ran.stderr
    assert time.monotonic() - began < 60


def test_cards_that_a_scheduler_allocated_are_not_locked(tmp_path):
    env = {"CUDA_VISIBLE_DEVICES": "0", "SLURM_JOB_ID": "7", "PATH": ""}
    assert hold_gpus(1, tmp_path / "locks", env) == ["0"]
    assert hold_gpus(1, tmp_path / "locks", env) == ["0"]
    assert not (tmp_path / "locks").exists()


def test_no_card_is_taken_for_none(tmp_path):
    env = environment(tmp_path, 2) | {"CUDA_VISIBLE_DEVICES": "1"}
    end = tmp_path / "end"
    end.touch()
    process = job(0, end, env)
    assert process.communicate(timeout=20)[0].strip() == "1"


def test_an_error_names_what_to_do():
    with pytest.raises(SpecializeError, match="--set-resources"):
        hold_gpus(1, environment={"PATH": ""})
