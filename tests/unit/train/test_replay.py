"""Generic problems among the traces."""

import csv

import pytest

from specialize.core.errors import SpecializeError
from specialize.core.files import write_records
from specialize.core.params.training.replay import ReplayParams
from specialize.records.problems import Problem
from specialize.train.examples import Example
from specialize.train.finetune import finetune, plan_run
from specialize.train.replay import Replay, generic_problems
from specialize.train.teacher_targets import read_targets
from specialize.train.trainer import NO_FORMAT, ExampleDataset

PROBLEMS = [
    Problem(id=f"g{n}", dataset="g", task="echo", question=f"Say {n}", answer=f"w{n}", kind="text", rationale=None,
            instruction="Echo.")
    for n in range(12)
]  # fmt: skip
ASKED = {"chain_of_thought": 0.0, "trained_prompt": 0.0}


def replay(encoding, share=0.25, **changes) -> Replay:
    return Replay(ReplayParams(share=share, **{**ASKED, **changes}), PROBLEMS, encoding, seed=1)


def sources(encoding, rows) -> list[str]:
    return [encoding.tokenizer.decode(source, skip_special_tokens=True) for source, _ in rows]


def test_share_is_of_all_examples_and_every_problem_comes_before_any_comes_again(encoding):
    given = replay(encoding)
    first, second = given.rows(18, 400, 100), given.rows(18, 400, 100)
    assert len(first) == len(second) == 6
    asked = sources(encoding, [*first, *second])
    assert sorted(asked) == sorted(f"Echo.\n\nQ: Say {n}\nA:" for n in range(12))
    assert sources(encoding, replay(encoding).rows(36, 400, 100)) == asked, "the same seed, the same order"
    assert sources(encoding, given.rows(36, 400, 100)) != asked, "another order in the next pass"


def test_problems_that_do_not_fit_are_passed_over(encoding):
    long = PROBLEMS[0].model_copy(update={"question": "Say " + "9 " * 500})
    given = Replay(ReplayParams(share=0.5, **ASKED), [long, PROBLEMS[1]], encoding, seed=1)
    assert set(sources(encoding, given.rows(4, 40, 100))) == {"Echo.\n\nQ: Say 1\nA:"}
    with pytest.raises(SpecializeError, match="none of its problems fits"):
        replay(encoding).rows(4, 2, 100)


def test_a_run_mixes_them_into_its_batches(make_run, corpus, files, encoding):
    run = make_run(replay=ReplayParams(share=0.25, **ASKED))
    targets = read_targets(files.aligned, corpus.traces)
    examples, batches = plan_run(corpus, targets, encoding, run, replay(encoding))
    used = [examples[index] for batch in batches for index in batch]
    replayed = [example for example in used if not isinstance(example, Example)]
    assert 0.1 < len(replayed) / len(used) < 0.4
    dataset = ExampleDataset(corpus, targets, examples, encoding)
    mixed = next(batch for batch in batches if len({type(examples[index]) for index in batch}) == 2)
    rows = dataset.__getitems__(mixed)
    for index, row in zip(mixed, rows, strict=True):
        if isinstance(examples[index], Example):
            assert row["formats"] >= 0
        else:
            assert (row["input_ids"], row["labels"]) == examples[index] and row["formats"] == NO_FORMAT
            assert not row["soft_ids"].any()


def test_only_problems_with_an_instruction_are_generic(tmp_path):
    maths = Problem(id="m", dataset="world", question="What is 1 + 1?", answer="2", kind="number")
    write_records(tmp_path / "mixture.jsonl", [maths, *PROBLEMS])
    assert generic_problems(tmp_path / "mixture.jsonl") == PROBLEMS
    write_records(tmp_path / "maths.jsonl", [maths])
    with pytest.raises(SpecializeError, match=r"maths\.jsonl: expected problems with an 'instruction', got none"):
        generic_problems(tmp_path / "maths.jsonl")


def test_a_file_of_ones_own_is_below_the_root(make_run, recipe_of, files, tmp_path):
    write_records(tmp_path / "mine.jsonl", PROBLEMS)
    run = make_run(replay=ReplayParams(share=0.3, file="mine.jsonl", **ASKED))
    finetune(run, recipe_of(run), files, tmp_path / "work", tmp_path / "out", threads=1)
    assert (tmp_path / "out/step-6/manifest.json").is_file()
    assert list(csv.DictReader((tmp_path / "out/training.csv").open()))
