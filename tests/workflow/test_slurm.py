"""`snakemake --profile profiles/slurm` on a real Slurm of this machine."""

import subprocess

import pytest
from slurm_cluster import is_installed, slurm_cluster
from workspaces import BIN, fresh

pytestmark = [pytest.mark.slow, pytest.mark.skipif(not is_installed(), reason="no Slurm here (apt: slurm-wlm, munge)")]
# No accounting here, so the queue is asked how jobs are; checks are as frequent as the plugin allows.
COMMAND = [
    "--profile",
    "profiles/slurm",
    "--slurm-status-command",
    "squeue",
    "--slurm-no-account",
    "--jobs",
    "4",
    "--latency-wait",
    "5",
    "--slurm-init-seconds-before-status-checks",
    "2",
    "--seconds-between-status-checks",
    "2",
    "--default-resources",
    "slurm_partition=main",
    "runtime=60",
    "mem_mb=1000",
    "--set-resources",
    "make_start:gpu=0",
    "train_student:gpu=0",
    "generate_predictions:gpu=0",
    "train_student:mem_mb=1000",
    "make_start:mem_mb=1000",
    "generate_predictions:mem_mb=1000",
]


def test_jobs_of_slurm_make_the_same_bytes_and_dvc_has_them(built, tmp_path):
    workspace = fresh(tmp_path / "project")
    with slurm_cluster(tmp_path / "slurm") as environment:
        ran = subprocess.run(
            [str(BIN / "snakemake"), *COMMAND],
            cwd=workspace.folder,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=1500,
            check=False,
        )
    assert ran.returncode == 0, ran.stdout[-6000:]
    assert ran.stdout.count("has been submitted with SLURM jobid") > 5
    assert workspace.digests() == built.digests()
    assert workspace.snakemake("--dry-run").nothing_to_do
    assert not workspace.dvc("repro").stages
