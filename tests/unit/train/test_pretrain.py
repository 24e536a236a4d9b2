"""Start checkpoints: what they learn from, and that they are made whole, resumed, and loaded by students."""

import dataclasses
import json
import random
from itertools import pairwise

import pytest
import torch
from hypothesis import given as given_cases
from hypothesis import strategies as st
from transformers import AutoModelForCausalLM, AutoModelForSeq2SeqLM, AutoTokenizer

from specialize.core.errors import CheckpointError, TrainingError
from specialize.core.files import write_records
from specialize.core.params.train import Architecture
from specialize.core.params.training.starts import PretrainingParams, StartRun
from specialize.lineage.recipe import recipe_text
from specialize.records.problems import Problem, Text
from specialize.records.recipes import Recipe
from specialize.train import pretrain as module
from specialize.train.__main__ import main
from specialize.train.callbacks.training_log import LogProgress
from specialize.train.finetune import finetune
from specialize.train.instructions import render
from specialize.train.model import random_start
from specialize.train.span_corruption import SENTINELS, Noising, corrupt

FIRST, END = 999, 1
SETTINGS = dict(objective="instructions", steps=4, warmup_steps=1, batch_tokens=600, learning_rate=5e-3,
                embedding_learning_rate=5e-3)  # fmt: skip


@given_cases(st.lists(st.integers(10, 500), max_size=80), st.floats(0.05, 0.6), st.floats(1, 5), st.integers(0, 99))
def test_source_and_target_together_are_the_text(tokens, noise, span, seed):
    made = corrupt(tokens, Noising(FIRST, END, noise, span), random.Random(seed))
    if made is None:
        assert len(tokens) < 2
        return
    source, target = made
    assert source.pop() == target.pop() == END
    marks = [token for token in source if token > FIRST - SENTINELS]
    assert marks == [token for token in target if token > FIRST - SENTINELS]
    assert marks == list(range(FIRST, FIRST - len(marks), -1)) and target[0] == FIRST
    spans = {mark: target[target.index(mark) + 1 :] for mark in marks}
    for mark, after in pairwise(marks):
        spans[mark] = spans[mark][: spans[mark].index(after)]
    restored = [token for part in source for token in spans.get(part, [part])]
    assert restored == tokens and all(spans.values())
    assert sum(map(len, spans.values())) == max(1, round(len(tokens) * noise))


def mixture() -> list[Problem]:
    maths = [
        Problem(id=f"m{n}", dataset="world", question=f"What is {n} + 1?", answer=f"{n + 1}", kind="number",
                rationale=f"{n} + 1 = {n + 1}.", task="arithmetic")
        for n in range(30)
    ]  # fmt: skip
    generic = [
        Problem(id=f"g{n}", dataset="world_generic", task="echo", question=f"Say {n}", answer=f"w{n}", kind="text",
                rationale=f"It is w{n}.", instruction="Echo.")
        for n in range(30)
    ]  # fmt: skip
    return maths + generic


def test_a_mixture_is_asked_as_evaluation_asks():
    params = PretrainingParams(**SETTINGS, in_context=0.5, trained_prompt=0.0)
    rows = render(mixture(), params, 1, 0)
    assert rows == render(mixture(), params, 1, 0) != render(mixture(), params, 1, 1)
    for problem, (source, target) in zip(mixture(), rows, strict=True):
        assert source.count(f"Q: {problem.question}\n") == 1, "its own exemplar it never is"
        assert target.startswith(str(problem.rationale)) or problem.answer in target.split()
        assert source.startswith("Echo.\n\nQ: ") == (problem.instruction is not None)
    sources = {source for source, _ in rows}
    assert any(f"Echo.\n\nQ: Say {n}\nA:" in sources for n in range(30))
    assert any(source.endswith("\nA: Let's think step by step.\n") for source in sources)
    only = render(mixture(), PretrainingParams(**SETTINGS, chain_of_thought=0.0, trained_prompt=0.0), 1, 0)
    assert {target for _, target in only} == {f"The answer is {n + 1}" for n in range(30)} | {
        f"w{n}" for n in range(30)
    }


def test_generic_problems_are_also_asked_as_students_will_be():
    rows = render(mixture(), PretrainingParams(**SETTINGS, trained_prompt=1.0), 1, 0)
    assert not any("Echo." in source for source, _ in rows)
    assert ("Q: Say 3\nLet's think step by step\nA:", "It is w3.\nThe answer is w3") in rows or (
        "Q: Say 3\nA:",
        "The answer is w3",
    ) in rows


@pytest.fixture
def texts(tmp_path):
    write_records(tmp_path / "instructions.jsonl", mixture())
    write_records(tmp_path / "pretraining.jsonl", [Text(text=f"Tom has {n} apples and {n} pears.") for n in range(60)])
    return tmp_path


def start_run(family="t5", **changes) -> StartRun:
    shape = Architecture(family=family, d_model=16, d_kv=8, d_ff=32, num_layers=1, num_heads=2)
    return StartRun(
        name="raw", tokenizer="words", architecture=shape, pretraining=PretrainingParams(**{**SETTINGS, **changes})
    )


def go(run, folder, files, texts):
    recipe = Recipe(phase="train", name="train/a", params=run.model_dump(mode="json"), code="c", rules="r", files={})
    name = "instructions" if run.pretraining.objective == "instructions" else "pretraining"
    inputs = module.PretrainingInputs(files.tokenizer, texts / f"{name}.jsonl")
    module.pretrain(run, recipe, inputs, folder / "work", folder / "raw", threads=1)
    return folder / "raw"


@pytest.mark.parametrize(
    ("family", "objective"),
    [
        ("t5", "instructions"),
        ("t5", "span_corruption"),
        ("t5gemma", "span_corruption"),
        ("qwen3", "instructions"),
        ("llama", "next_token"),
    ],
)
def test_a_start_loads_and_students_begin_with_its_weights(
    family, objective, files, texts, tmp_path, make_run, recipe_of
):
    out = go(start_run(family, objective=objective), tmp_path / "a", files, texts)
    auto = AutoModelForSeq2SeqLM if family.startswith("t5") else AutoModelForCausalLM
    model, tokenizer = auto.from_pretrained(out), AutoTokenizer.from_pretrained(out)
    assert model.config.model_type == family
    assert model.get_input_embeddings().weight.shape[0] >= len(tokenizer) + (
        SENTINELS if family.startswith("t5") else 0
    )
    manifest = json.loads((out / "manifest.json").read_text())
    assert manifest["start"] == "raw" and manifest["files"]["training.csv"]
    assert (out / "training.csv").read_text().startswith("step,loss")
    inputs = dataclasses.replace(files, start=out)
    run = make_run(start="raw", pretrained=True, architecture=None)
    finetune(run, recipe_of(run), inputs, tmp_path / "work", tmp_path / "out", threads=1)
    first = auto.from_pretrained(tmp_path / "out" / "step-0").state_dict()
    assert all(torch.equal(first[name], value) for name, value in model.state_dict().items())


def test_a_start_that_is_not_the_one_of_its_manifest_is_not_trained(files, texts, tmp_path, make_run, recipe_of):
    out = go(start_run(), tmp_path / "a", files, texts)
    weights = out / "model.safetensors"
    damaged = bytearray(weights.read_bytes())
    damaged[-1] ^= 1
    weights.write_bytes(damaged)
    run = make_run(start="raw", pretrained=True, architecture=None)
    with pytest.raises(CheckpointError, match=r"not the file that manifest\.json names"):
        finetune(
            run, recipe_of(run), dataclasses.replace(files, start=out), tmp_path / "work", tmp_path / "out", threads=1
        )


def test_a_start_that_diverges_is_not_written(files, texts, tmp_path, monkeypatch):
    original = module.StudentTrainer.compute_loss
    monkeypatch.setattr(module.StudentTrainer, "compute_loss", lambda *a, **k: original(*a, **k) * torch.nan)
    with pytest.raises(TrainingError, match="update 1: loss is nan"):
        go(start_run(), tmp_path, files, texts)
    assert not (tmp_path / "raw").exists()


def test_next_token_learns_every_token_of_a_text(tokenizer, texts):
    run = start_run("llama", objective="next_token", batch_tokens=4000)
    student = random_start(run.architecture, tokenizer, seed=1, dropout=0.0)
    rows, _ = module.plan(run.pretraining, student, texts / "pretraining.jsonl")
    source, target = rows[7]
    assert source == [tokenizer.eos_token_id], "this tokenizer has no token that begins a text"
    assert tokenizer.decode(target) == "Tom has 7 apples and 7 pears.</s>"


@pytest.mark.parametrize(("family", "objective"), [("t5", "next_token"), ("llama", "span_corruption")])
def test_an_objective_of_the_other_family_is_refused(family, objective):
    with pytest.raises(ValueError, match=f"objective '{objective}' is for the"):
        start_run(family, objective=objective)


def test_a_pretraining_cut_off_goes_on_and_ends_in_the_same_bytes(files, texts, tmp_path, monkeypatch):
    monkeypatch.setattr(module, "SAVE_EVERY", 2)
    run = start_run(dropout=0.1)
    whole = go(run, tmp_path / "whole", files, texts)
    original = LogProgress.on_step_end

    def cut_off(self, args, state, control, **kwargs):
        original(self, args, state, control, **kwargs)
        if state.global_step == 3:
            raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(LogProgress, "on_step_end", cut_off)
        with pytest.raises(KeyboardInterrupt):
            go(run, tmp_path / "cut", files, texts)
    assert not (tmp_path / "cut" / "raw").exists()
    again = go(run, tmp_path / "cut", files, texts)
    assert (again / "model.safetensors").read_bytes() == (whole / "model.safetensors").read_bytes()
    assert (again / "manifest.json").read_bytes() == (whole / "manifest.json").read_bytes()


def test_a_start_that_is_not_pretrained_is_a_manifest(tmp_path):
    run = StartRun(name="flan", source="google/flan-t5-base", revision="abc", tokenizer="t5")
    recipe = tmp_path / "recipe.json"
    recipe.write_text(
        recipe_text(
            Recipe(phase="train", name="train/a", params=run.model_dump(mode="json"), code="", rules="", files={})
        )
    )
    given = [
        "--recipe",
        recipe,
        "--work",
        tmp_path / "work",
        "--texts",
        tmp_path,
        "--tokenizers",
        tmp_path,
        "--output",
        tmp_path / "flan",
    ]
    assert main(["start", *map(str, given)]) == 0
    assert [path.name for path in (tmp_path / "flan").iterdir()] == ["manifest.json"]
    assert json.loads((tmp_path / "flan" / "manifest.json").read_text())["source"] == "google/flan-t5-base"
