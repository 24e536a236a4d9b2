"""A short random walk of tests/workflow/walk.py; the long ones are taken by hand."""

import random

import pytest
from walk import Checker, FreshBuilds
from walk_steps import Walker

COMMANDS = ("snakemake TARGET", "dvc repro", "snakemake", "dvc exp save", "edit learning rate", "snakemake -n")


@pytest.mark.slow
def test_a_short_walk(workspace, built, changed, tmp_path):
    builds = FreshBuilds(tmp_path)
    builds.add(built)
    builds.add(changed)
    dice = random.Random(1)
    checker = Checker(Walker(workspace, dice, tmp_path), builds)
    for name in ("edit learning rate", *(dice.choice(COMMANDS) for _ in range(2)), "snakemake"):
        checker.step(name)
    assert len(builds.known) == 2, "every state of a walk had its build from scratch"
