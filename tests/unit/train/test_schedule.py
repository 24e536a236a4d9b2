"""Learning rates along a training."""

import csv

import pytest
from pydantic import ValidationError

from specialize.train.finetune import finetune

RATE = 4e-3


def rates(make_run, recipe_of, files, folder, **changes) -> list[float]:
    run = make_run(steps=12, checkpoint_every=1, warmup_steps=2, learning_rate=RATE, **changes)
    finetune(run, recipe_of(run), files, folder / "work", folder / "out", threads=1)
    with (folder / "out/training.csv").open() as stream:
        return [float(row["learning_rate"]) for row in csv.DictReader(stream)]


def test_it_is_constant_until_the_last_updates(make_run, recipe_of, files, tmp_path):
    seen = rates(make_run, recipe_of, files, tmp_path, schedule="warmup_stable_decay", decay_steps=4)
    assert seen[:2] == pytest.approx([0, RATE / 2]) and seen[2:9] == pytest.approx([RATE] * 7)
    assert seen[9:] == pytest.approx([RATE * 3 / 4, RATE / 2, RATE / 4]), "the next one would be 0"


def test_a_tenth_of_the_updates_where_nothing_is_said(make_run):
    assert make_run(schedule="warmup_stable_decay", steps=1600, checkpoint_every=800).cooldown == 160
    assert make_run(schedule="warmup_stable_decay", steps=6).cooldown == 1
    assert make_run(schedule="linear").cooldown == 0


def test_lengths_that_do_not_fit_are_refused(make_run):
    with pytest.raises(ValidationError, match=r"warmup_steps \(1\) and decay_steps \(6\) must fit into steps \(6\)"):
        make_run(schedule="warmup_stable_decay", decay_steps=6)
    with pytest.raises(ValidationError, match="decay_steps goes with schedule warmup_stable_decay alone, got linear"):
        make_run(decay_steps=2)
