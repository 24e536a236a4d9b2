"""The update: its loss, its weights, its learning rates."""

import dataclasses

import pytest
import torch

from specialize.core.params.train import Architecture, DistributionParams
from specialize.core.prompt_formats import FORMATS
from specialize.train.finetune import plan_run
from specialize.train.losses.token_losses import IGNORED, token_losses
from specialize.train.model import load_start
from specialize.train.teacher_targets import read_targets
from specialize.train.trainer import Collator, ExampleDataset, MicroBatches, StudentTrainer, arguments

MATCHED = {"loss": "distribution", "distribution": DistributionParams(temperature=1.5, sample_weight=0.2)}
CAUSAL = {"architecture": Architecture(family="qwen3", d_model=16, d_kv=8, d_ff=32, num_layers=1, num_heads=2)}


def plan(corpus, run, given, tmp_path):
    student = load_start(run, tmp_path, given.tokenizer, given.start)
    targets = read_targets(given.aligned, corpus.traces)
    examples, batches = plan_run(corpus, targets, student.encoding, run)
    return student, ExampleDataset(corpus, targets, examples, student.encoding), batches


def train(corpus, run, given, tmp_path, steps=3, logging_steps=1):
    student, dataset, batches = plan(corpus, run, given, tmp_path)
    args = dataclasses.replace(
        arguments(run, tmp_path / "out", run.checkpoint_every, run.gradient_accumulation_steps),
        max_steps=steps, logging_steps=logging_steps, logging_first_step=False, save_strategy="no",
        lr_scheduler_type="constant", warmup_steps=0,
    )  # fmt: skip
    micro_batches = MicroBatches(batches, run.gradient_accumulation_steps)
    trainer = StudentTrainer(student, dataset, micro_batches, run, args, run.distribution)
    trainer.train()
    logged = [row for row in trainer.state.log_history if "loss" in row]
    return logged, {name: value.clone() for name, value in student.model.state_dict().items()}, trainer


@pytest.mark.parametrize("objective", [{}, MATCHED, MATCHED | CAUSAL], ids=["sample", "distribution", "causal"])
def test_accumulation_changes_neither_loss_nor_gradient_nor_weights(corpus, make_run, soft_files, tmp_path, objective):
    """The trap of transformers 5.23: T5's loss and gradient multiplied by the accumulation steps."""
    runs = {
        # The same batches for all: at least four examples each, whatever the split.
        parts: make_run(gradient_accumulation_steps=parts, dropout=0.0, batch_tokens=2400, **objective)
        for parts in (1, 2, 4)
    }
    results = {}
    for parts, run in runs.items():
        results[parts] = train(corpus, run, soft_files, tmp_path / str(parts))
    for parts in (2, 4):
        for row, row_1 in zip(results[parts][0], results[1][0], strict=True):
            assert row.keys() == row_1.keys()
            for name in row:
                assert row[name] == pytest.approx(row_1[name], rel=1e-3 if name == "grad_norm" else 1e-4), name
        for name, weights in results[1][1].items():
            torch.testing.assert_close(results[parts][1][name], weights, rtol=1e-3, atol=2e-5)


@pytest.mark.parametrize("objective", [{}, MATCHED], ids=["sample", "distribution"])
def test_what_is_logged_is_the_mean_over_the_target_tokens_example_by_example(
    corpus, make_run, soft_files, tmp_path, objective
):
    run = make_run(dropout=0.0, batch_tokens=8000, **objective)
    (first, second), _, _ = train(corpus, run, soft_files, tmp_path, steps=2)
    (both,), _, _ = train(corpus, run, soft_files, tmp_path, steps=2, logging_steps=2)
    assert (
        min(first["sample_nll"], second["sample_nll"])
        < both["sample_nll"]
        < max(first["sample_nll"], second["sample_nll"])
    )
    student, dataset, batches = plan(corpus, run, soft_files, tmp_path)
    totals = dict.fromkeys(first, 0.0)
    tokens = dict.fromkeys(("all", "soft", *FORMATS), 0)
    collate = Collator(student)
    with torch.no_grad():
        for index in batches[0]:
            batch = collate([dataset[index]])
            inputs = {name: batch[name] for name in ("input_ids", "attention_mask", "decoder_input_ids")}
            logits = student.model(**inputs).logits.double()
            found = token_losses(logits, batch["labels"], batch["soft_ids"], batch["soft_probs"], run.distribution)
            totals["sample_nll"] += found.sample_nll.sum().item()
            totals["teacher_kl"] += found.teacher_kl.sum().item()
            totals["target_entropy"] += found.entropy.sum().item()
            format = FORMATS[batch["formats"].item()]
            totals[f"loss_{format}"] += found.objective.sum().item()
            tokens["all"] += len(found.objective)
            tokens["soft"] += len(found.teacher_kl)
            tokens[format] += len(found.objective)
    assert first["sample_nll"] == pytest.approx(totals["sample_nll"] / tokens["all"], rel=1e-4)
    assert first["teacher_kl"] == pytest.approx(totals["teacher_kl"] / tokens["soft"], rel=1e-4)
    assert first["target_entropy"] == pytest.approx(totals["target_entropy"] / tokens["soft"], rel=1e-4)
    assert first["soft_share"] == pytest.approx(tokens["soft"] / tokens["all"])
    objectives = {format: totals[f"loss_{format}"] for format in FORMATS}
    for format, total in objectives.items():
        assert first[f"loss_{format}"] == pytest.approx(total / tokens[format], rel=1e-4)
    assert first["loss"] == pytest.approx(sum(objectives.values()) / tokens["all"], rel=1e-4)
    if not objective:
        assert first["loss"] == pytest.approx(first["sample_nll"], rel=1e-5)


def test_the_collator_pads_ragged_soft_targets(corpus, make_run, soft_files, tmp_path):
    student, dataset, batches = plan(corpus, make_run(), soft_files, tmp_path)
    for batch in batches[:3]:
        examples = [dataset[index] for index in batch]
        made = Collator(student)(examples)
        assert made["soft_ids"].shape == made["soft_probs"].shape and made["soft_ids"].shape[:2] == made["labels"].shape
        for row, example in enumerate(examples):
            length, entries = example["soft_ids"].shape
            assert made["labels"][row, :length].tolist() == example["labels"]
            assert (made["labels"][row, length:] == IGNORED).all() and not made["soft_probs"][row, length:].any()
            assert not made["soft_probs"][row, :, entries:].any()
            mass = made["soft_probs"][row].float().sum(dim=1)
            expected = [0.9 * (place % 2 == 0) for place in range(length)] if entries else [0.0] * length
            assert mass[:length].tolist() == pytest.approx(expected, abs=1e-3)
            if entries:
                assert made["soft_ids"][row, 0:length:2, 0].tolist() == example["labels"][::2]


def test_bf16_learns_from_distributions(corpus, make_run, soft_files, tmp_path):
    student, dataset, batches = plan(corpus, make_run(dropout=0.0), soft_files, tmp_path)
    batch, model = Collator(student)([dataset[index] for index in batches[0]]), student.model
    gradients = []
    for dtype in (torch.float32, torch.bfloat16):
        model = model.to(dtype)
        model.zero_grad()
        logits = model(input_ids=batch["input_ids"], decoder_input_ids=batch["decoder_input_ids"]).logits
        losses = token_losses(
            logits, batch["labels"], batch["soft_ids"], batch["soft_probs"], DistributionParams(divergence="jsd")
        )
        assert logits.dtype == dtype and losses.objective.dtype == torch.float32
        losses.objective.mean().backward()
        gradients.append(model.shared.weight.grad.float().flatten())
    assert torch.cosine_similarity(*gradients, dim=0) > 0.98


def test_autocast_to_bf16_comes_near_fp32_and_does_not_depend_on_accumulation(corpus, make_run, soft_files, tmp_path):
    seen = []
    results = {}
    for precision, parts in (("fp32", 1), ("bf16", 1), ("bf16", 4)):
        run = make_run(
            precision=precision, gradient_accumulation_steps=parts, dropout=0.0, batch_tokens=2400, **MATCHED
        )
        rows, weights, trainer = train(corpus, run, soft_files, tmp_path / f"{precision}{parts}")
        assert all(value.dtype == torch.float32 for value in weights.values()), "the weights stay fp32"
        seen.append(trainer.accelerator.mixed_precision)
        results[precision, parts] = rows
    assert seen == ["no", "bf16", "bf16"]
    names = ("loss", "sample_nll", "teacher_kl", "grad_norm")
    for row, row_16, row_4 in zip(*results.values(), strict=True):
        assert [row_16[name] for name in names] == pytest.approx([row[name] for name in names], rel=2e-2)
        assert [row_4[name] for name in names] == pytest.approx([row_16[name] for name in names], rel=1e-2)
    assert results["bf16", 1][0]["loss"] != results["fp32", 1][0]["loss"]


def test_every_weight_has_one_rate_and_lookups_have_their_own(corpus, make_run, files, tmp_path):
    run = make_run(embedding_learning_rate=0.02, weight_decay=0.1)
    _, _, trainer = train(corpus, run, files, tmp_path, steps=1)
    by_rate = {(g["lr"], g["weight_decay"]): {id(p) for p in g["params"]} for g in trainer.optimizer.param_groups}
    named = dict(trainer.model.named_parameters())
    assert sum(map(len, by_rate.values())) == len(named)
    assert id(named["shared.weight"]) in by_rate[0.02, 0.0]
    bias = "encoder.block.0.layer.0.SelfAttention.relative_attention_bias.weight"
    assert id(named[bias]) in by_rate[0.02, 0.0]
    assert id(named["encoder.block.0.layer.0.SelfAttention.q.weight"]) in by_rate[0.005, 0.1]
    assert id(named["encoder.final_layer_norm.weight"]) in by_rate[0.005, 0.0]


@pytest.mark.parametrize("changes", [{}, CAUSAL], ids=["encoder-decoder", "causal"])
def test_tokens_that_are_no_teachers_have_no_loss_and_stay_inputs(corpus, make_run, soft_files, tmp_path, changes):
    """Of a round: every second token has a distribution; the others are read, and neither learned nor counted."""
    run = make_run(**MATCHED, **changes)
    student, dataset, batches = plan(corpus, run, soft_files, tmp_path)
    collate = Collator(student)
    number = next(n for n in batches[0] if dataset[n]["soft_ids"].shape[1])
    before = collate([dataset[number]])
    dataset.targets.only_known = True
    row = dataset[number]
    after = collate([row])
    assert row["learned"].tolist() == [place % 2 == 0 for place in range(len(row["labels"]))]
    labels = [label if place % 2 == 0 else IGNORED for place, label in enumerate(row["labels"])]
    assert after["labels"][0, : len(labels)].tolist() == labels
    for name in {*before} - {"labels", "shift_labels"}:
        assert torch.equal(before[name], after[name]), name
    assert torch.equal(after.get("shift_labels", after["labels"]), after["labels"]), "what the Trainer counts"
    assert "decoder_input_ids" in after or changes
    hard = next(n for n in range(len(dataset)) if not dataset[n]["soft_ids"].shape[1])
    assert dataset[hard]["learned"] is None, "answers and replayed problems are learned whole"
