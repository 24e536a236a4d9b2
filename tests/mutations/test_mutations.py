"""A few seconds of each script here. The long runs, by hand: 500 mutations each, a million texts (see the scripts)."""

import fuzz_texts
import mutate_answers
import mutate_data
import mutate_params
import outcome
import pytest


def test_params_are_taken_or_refused_in_a_few_lines():
    tally = mutate_params.run(count=5, seed=11)
    assert tally.failures == []


@pytest.mark.slow
def test_damaged_files_are_taken_or_refused_in_a_few_lines(prepared, tmp_path_factory):
    copy = tmp_path_factory.mktemp("copy") / "run"
    mutate_data.copytree(prepared, copy)
    tally = mutate_data.try_files(copy, mutate_data.PREPARED, count=len(mutate_data.PREPARED), seed=11)
    assert tally.failures == []


def test_damaged_answers_lose_nothing(tmp_path):
    tally = mutate_answers.try_answers(tmp_path, count=6, seed=11)
    assert tally.failures == []


def test_random_texts_raise_nothing():
    found = fuzz_texts.fuzz(count=300, seed=11)
    assert found.texts == 300 and not found.raises


@pytest.mark.slow
@pytest.mark.parametrize("name", fuzz_texts.SHAPES)
def test_long_texts_take_time_by_their_length(name):
    """Ten times the text may take at most 40 times as long; a squared time takes 100."""
    times = fuzz_texts.lengths(fuzz_texts.SHAPES[name], (2000, 20_000))
    for what, ((_, short), (_, long)) in times.items():
        assert long < 40 * max(short, 0.002), f"{what}: {short:.4f} s, then {long:.4f} s"


@pytest.mark.slow
def test_damaged_models_and_scores_are_refused_in_a_few_lines(tmp_path):
    folder = tmp_path / "run"
    folder.mkdir()
    mutate_data.run.make(folder, whole=True)
    tally = mutate_data.try_files(folder, mutate_data.LEARNT, count=5 * len(mutate_data.LEARNT), seed=11)
    assert tally.failures == []


@pytest.mark.parametrize(
    ("status", "said", "fault"),
    [
        (0, "", None),
        (2, "error: what to do\n", None),
        (1, "error: x\n", "status 1"),
        (-9, "", "status -9"),
        (2, "", "0 lines"),
        (2, "error: x\n" + "more\n" * 20, "21 lines"),
        (2, "Traceback (most recent call last)\nKeyError: x\nerror: x\n", "a traceback"),
        (2, "error: unexpected KeyError in x.py:1: x\n", "nothing expected"),
        (2, "error: \x1b[2J\n", "control characters"),
    ],
)
def test_what_counts_as_a_fault(status, said, fault):
    found = outcome.Outcome(status, said, 0.1).faults()
    assert (fault in found[0]) if fault else found == []
