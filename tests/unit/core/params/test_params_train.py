"""What one student trains with: its own settings before the section's."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from pydantic import ValidationError

from specialize.core.errors import ParamsError
from specialize.core.params.load import parse_params
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
    every |= {"revision", "architecture", "pretrained", "on_policy"}  # of its start
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


def with_round(tree: Tree, **own: object) -> Tree:
    tree["train"]["rounds"] = {"op": {"of": "xs", "tokenizer": "words"}}
    tree["train"]["students"]["xs-op"] = {"start": "op", "tokenizer": "words", **own}
    tree["teacher"] = {"mode": "online", "base_url": "http://127.0.0.1/v1"}
    return tree


def test_a_student_of_a_round_learns_distributions_in_the_format_of_the_answers(tree: Tree) -> None:
    tree["train"]["students"]["xs"] |= {"prompts": {"style": "chat"}, "seed": 4}
    tree["train"]["formats"] = OTHER_MIX
    train = TrainParams.model_validate(with_round(tree, learning_rate=0.3)["train"])
    own = train.run_of("xs-op")
    assert own.on_policy and own.pretrained and own.architecture is None
    assert (own.start, own.loss, own.learning_rate, own.prompts.style) == ("op", "distribution", 0.3, "chat")
    assert {name: share for name, share in own.formats.model_dump().items() if share} == {
        "zero_shot_chain_of_thought": 1.0
    }
    assert own.distribution == DistributionParams() and own.seed != 4
    assert train.first_start("xs-op") == "random"


def test_a_round_leaves_the_recipes_of_others_as_they_are(tree: Tree) -> None:
    tree["teacher"] = {"mode": "online", "base_url": "http://127.0.0.1/v1"}
    before = recipes(tree)
    after = recipes(with_round(tree))
    new = {f"{phase}/rounds/op.json" for phase in ("teacher", "traces", "evaluate")} | {"train/xs-op.json"}
    assert set(after) - set(before) == new
    changed = {name for name in before if after[name] != before[name]}
    assert changed == {"report.json"}, "which names the students"
    assert "on_policy" not in before["train/xs.json"] and after["train/xs-op.json"]["on_policy"] is True


@pytest.mark.parametrize(
    ("section", "change", "moved"),
    [
        ("train", {"learning_rate": 0.2}, {"train/xs.json", "train/s.json", "train/xs-op.json"}),
        ("round", {"seed": 2}, {"evaluate/rounds/op.json"}),
        ("teacher", {"samples": 3, "temperature": 0.9, "stop": [], "seed": 2}, {"teacher.json", "traces/words.json"}),
        ("teacher", {"model": "another"}, {"teacher.json", "teacher/rounds/op.json"}),
        ("evaluate", {"items": 3}, {"evaluate/generate.json"}),
    ],
)
def test_which_recipes_a_change_moves(tree: Tree, section: str, change: Tree, moved: set[str]) -> None:
    tree["traces"]["alignment"] = {"target_temperature": None}
    before = recipes(with_round(tree))
    (tree["train"]["rounds"]["op"] if section == "round" else tree[section]).update(change)
    after = recipes(tree)
    # The targets of a round have the temperature of the texts, as all others have.
    moved = moved | ({"traces/rounds/op.json"} if "temperature" in change else set())
    assert {name for name in before if after[name] != before[name]} == moved


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda tree: tree["train"]["rounds"]["op"].update(of="nobody"), "rounds.op.of must be one of train.students"),
        (lambda tree: tree["train"]["rounds"]["op"].update(of="xs-op"), "'xs-op' starts, by way of rounds, from its own"),
        (lambda tree: tree["train"]["rounds"]["op"].update(tokenizer="x"), "rounds.op.tokenizer must be that of 'xs'"),
        (lambda tree: tree["train"]["rounds"].update(random=tree["train"]["rounds"]["op"]), "a start has this name too"),
        (lambda tree: tree["train"]["students"]["xs-op"].update(loss="sample"), "leave out 'loss: sample'"),
        (lambda tree: tree["train"]["students"]["xs-op"].update(start="o"), "train.starts or train.rounds"),
        (lambda tree: tree["teacher"].update(mode="batch"), "teacher.mode: expected online for train.rounds"),
        (lambda tree: tree["teacher"].update(top_k=0), "teacher.top_k: expected at least 1 for train.rounds"),
        (lambda tree: tree["teacher"].update(base_url="local", api="chat"), "teacher.api: expected completions"),
    ],
)  # fmt: skip
def test_what_cannot_be_a_round_is_told(tree: Tree, change: Callable[[Tree], object], said: str) -> None:
    change(with_round(tree))
    with pytest.raises(ParamsError, match=re.escape(said)):
        parse_params(tree, "here")


def recipes(tree: Tree) -> dict[str, Tree]:
    specs = parse_params(tree, "here").recipe_specs()
    return {spec.file: spec.params for found in specs.values() for spec in found}
