"""What one student trains with: its own settings before the section's."""

from typing import Any

import pytest
from pydantic import ValidationError

from specialize.core.params.train import (
    DistributionParams,
    Settings,
    StudentParams,
    StudentRun,
    TrainingParams,
    TrainParams,
)

Tree = dict[str, Any]
OTHER_MIX = {"in_context_answer_only": 0.0, "in_context_chain_of_thought": 0.0, "zero_shot_answer_only": 2.0}


def run(tree: Tree, **own: object) -> StudentRun:
    tree["train"]["students"]["xs"] |= own
    return TrainParams.model_validate(tree["train"]).run_of("xs")


@pytest.mark.parametrize(
    ("field", "shared", "own"), [("seed", 7, 9), ("learning_rate", 0.1, 0.2), ("embedding_learning_rate", 0.3, 0.4)]
)
def test_own_settings_stand_before_the_sections(tree: Tree, field: str, shared: object, own: object) -> None:
    tree["train"][field] = shared
    assert getattr(run(tree), field) == shared
    assert getattr(run(tree, **{field: own}), field) == own


def test_own_formats_replace_the_whole_mix(tree: Tree) -> None:
    assert run(tree).formats.zero_shot_chain_of_thought == 1.0
    mix = run(tree, formats=OTHER_MIX).formats
    assert (mix.zero_shot_chain_of_thought, mix.zero_shot_answer_only) == (0.0, 2.0)


def test_a_seed_of_zero_is_a_setting(tree: Tree) -> None:
    tree["train"]["seed"] = 7
    assert run(tree, seed=0).seed == 0


def test_the_embedding_learns_at_the_students_rate_unless_it_has_its_own(tree: Tree) -> None:
    assert run(tree).embedding_learning_rate == 5e-4
    assert run(tree, learning_rate=0.2).embedding_learning_rate == 0.2
    tree["train"]["embedding_learning_rate"] = 0.3
    assert run(tree, learning_rate=0.2).embedding_learning_rate == 0.3


def test_how_distributions_are_matched_stands_only_in_the_runs_that_match_them(tree: Tree) -> None:
    assert (run(tree).loss, run(tree).distribution) == ("sample", None)
    tree["train"]["distribution"] = {"temperature": 2.0}
    assert run(tree).distribution is None, "a student of the other loss keeps its recipe"
    mine = run(tree, loss="distribution")
    assert mine.loss == "distribution" and mine.distribution == DistributionParams(temperature=2.0)
    own = run(tree, distribution={"divergence": "jsd", "beta": 0.1})
    assert own.distribution == DistributionParams(divergence="jsd", beta=0.1)
    tree["train"]["loss"] = "distribution"
    assert run(tree, loss="sample").distribution is None


@pytest.mark.parametrize(
    ("divergence", "missing_mass", "said"),
    [
        ("jsd", "raw", "raw"),
        ("skew_kl", "raw", "raw"),
        ("reverse_kl", "raw", "raw"),
        ("reverse_kl", "renormalise", "infinite"),
    ],
)
def test_undefined_divergences_are_refused(divergence: str, missing_mass: str, said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        DistributionParams.model_validate({"divergence": divergence, "missing_mass": missing_mass})


def test_a_run_holds_every_setting_of_section_and_student(tree: Tree) -> None:
    """A setting that a run lacked would decide weights without standing in the recipe."""
    every = {*TrainingParams.model_fields, *StudentParams.model_fields, "student"}
    every |= {"revision", "architecture", "pretrained"}  # of its start
    assert set(StudentRun.model_fields) == every
    assert set(Settings.model_fields) <= set(TrainParams.model_fields)
    tree["train"]["starts"]["t5"] = {"source": "t5-small", "revision": "abc", "tokenizer": "tok"}
    made = run(tree, start="t5", tokenizer="tok")
    assert (made.student, made.start, made.revision, made.tokenizer) == (
        "xs",
        "t5-small",
        "abc",
        "tok",
    )
    assert (made.steps, made.batch_tokens) == (20, 64)


@pytest.mark.parametrize(("steps", "every", "expected"), [(20, 10, [0, 10, 20]), (5, 5, [0, 5]), (3, 1, [0, 1, 2, 3])])
def test_checkpoints_begin_at_the_start_and_end_at_the_last_update(
    tree: Tree, steps: int, every: int, expected: list[int]
) -> None:
    tree["train"] |= {"steps": steps, "checkpoint_every": every, "warmup_steps": 0}
    assert TrainParams.model_validate(tree["train"]).checkpoint_steps == expected


def test_early_checkpoints_stand_beside_those_at_intervals(tree: Tree) -> None:
    tree["train"]["checkpoints"] = [2, 5, 10]
    assert TrainParams.model_validate(tree["train"]).checkpoint_steps == [0, 2, 5, 10, 20]


def test_a_student_of_a_pretrained_start_has_no_shape_of_its_own(tree: Tree) -> None:
    pretraining = {"objective": "span_corruption", "steps": 50, "learning_rate": 0.1, "embedding_learning_rate": 0.1}
    tree["train"]["starts"]["random"]["pretraining"] = pretraining
    made = run(tree)
    assert made.pretrained and made.start == "random" and made.architecture is None
    start = TrainParams.model_validate(tree["train"]).start_run("random")
    assert start.name == "random" and start.architecture and start.pretraining and start.pretraining.steps == 50


@pytest.mark.parametrize(("steps", "every"), [(20, 3), (5, 10)])
def test_steps_are_a_multiple_of_checkpoint_every(tree: Tree, steps: int, every: int) -> None:
    tree["train"] |= {"steps": steps, "checkpoint_every": every, "warmup_steps": 0}
    with pytest.raises(ValueError, match=rf"steps \({steps}\) must be a multiple of checkpoint_every \({every}\)"):
        TrainParams.model_validate(tree["train"])


def test_a_warm_up_that_never_ends_is_refused(tree: Tree) -> None:
    tree["train"] |= {"steps": 4, "checkpoint_every": 2, "warmup_steps": 4}
    with pytest.raises(ValidationError, match="fewer than steps"):
        TrainParams.model_validate(tree["train"])
