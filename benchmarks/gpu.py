"""FlanT5 shapes in bf16 on an accelerator: tokens per second and share of its peak, beside two rivals in the same run.

    ours      specialize's Trainer, batches and losses: bucketed lengths, bf16, distribution matching
    trainer   a plain Seq2SeqTrainer with default settings but bf16: random batches of eight, its own cross entropy
    authors   their loop: random batches of eight, fp32 without TF32, a dense target filled in Python, AdamW by hand

Random weights, random tokens of the lengths of GSM8K's half-and-half mix. Share of peak: 6 operations for each weight
and each real token that meets it (attention itself and padding not counted), over --peak-tflops of the device.
`--check` runs it all at a toy shape on a CPU: it shows that the script works, and its figures mean nothing.
"""

import argparse
import random
import tempfile
import time
from collections.abc import Callable, Sequence
from typing import Any

import measure
import numpy as np
import torch
from loss import dense_target, paper_kl
from torch.utils.data import Dataset
from transformers import (
    DataCollatorForSeq2Seq,
    Seq2SeqTrainer,
    Seq2SeqTrainingArguments,
    T5Config,
    T5ForConditionalGeneration,
    TrainerCallback,
)

from specialize.core.encoding import Encoding
from specialize.core.params.train import DistributionParams, FormatWeights, StudentRun
from specialize.train.families.family import Student
from specialize.train.length_buckets import plan_batches
from specialize.train.trainer import MicroBatches, StudentTrainer

VOCABULARY, NAMED, RANDOM_BATCH = 32_128, 5, 8
SHAPES = {
    "base": {"d_model": 768, "d_kv": 64, "d_ff": 2048, "num_layers": 12, "num_heads": 12},
    "large": {"d_model": 1024, "d_kv": 64, "d_ff": 2816, "num_layers": 24, "num_heads": 16},
    "xl": {"d_model": 2048, "d_kv": 64, "d_ff": 5120, "num_layers": 24, "num_heads": 32},
    "toy": {"d_model": 32, "d_kv": 8, "d_ff": 64, "num_layers": 1, "num_heads": 4},
}


class Examples(Dataset[dict[str, Any]]):
    """Random tokens with GSM8K-like lengths: half zero-shot, half with four exemplars; every target token is soft."""

    def __init__(self, count: int, scale: float, soft: bool) -> None:
        generator = np.random.default_rng(1)
        sources = np.where(
            generator.random(count) < 0.5, generator.normal(85, 25, count), generator.normal(760, 110, count)
        )
        targets = generator.normal(100, 38, count)
        self.lengths = [
            (max(8, int(source * scale)), max(8, int(target * scale)))
            for source, target in zip(sources.clip(30), targets.clip(25), strict=True)
        ]
        self.soft = soft

    def __len__(self) -> int:
        return len(self.lengths)

    def __getitem__(self, index: int) -> dict[str, Any]:
        generator = np.random.default_rng(index)
        source, target = self.lengths[index]
        labels = generator.integers(3, VOCABULARY - NAMED, target)
        example = {"input_ids": generator.integers(3, VOCABULARY, source).tolist(), "labels": labels.tolist()}
        if self.soft:
            soft_ids = labels[:, None] + np.arange(NAMED)
            probs = np.tile(np.array([0.8, 0.1, 0.05, 0.02, 0.01], np.float16), (target, 1))
            example |= {"soft_ids": soft_ids, "soft_probs": probs, "formats": 2}
            example |= {"chunks": np.zeros(target, np.int64), "chunk_logprobs": np.zeros(0, np.float32)}
        return example


Result = tuple[float, list[int], Examples]
"""Seconds, the examples trained on in them, and what these are."""


class NoTokenizer:
    """What collators ask of a tokenizer, for tokens that are numbers already."""

    padding_side = "right"

    def pad(
        self, features: Sequence[dict[str, Any]], pad_to_multiple_of: int | None = None, **_: Any
    ) -> dict[str, Any]:
        longest = max(len(feature["input_ids"]) for feature in features)
        longest = -(-longest // (pad_to_multiple_of or 1)) * (pad_to_multiple_of or 1)
        rows = [feature["input_ids"] + [0] * (longest - len(feature["input_ids"])) for feature in features]
        batch = {"input_ids": torch.tensor(rows)}
        batch["attention_mask"] = (batch["input_ids"] != 0).long()
        others = {name: [feature[name] for feature in features] for name in features[0] if name != "input_ids"}
        return {**batch, **{name: torch.tensor(np.array(values)) for name, values in others.items()}}


class Clock(TrainerCallback):
    """Seconds from the end of the warm-up to the end of training."""

    def __init__(self, warm_up: int) -> None:
        self.warm_up, self.begin, self.seconds = warm_up, 0.0, 0.0

    def on_step_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        if torch.cuda.is_available():
            torch.cuda.synchronize()
        if state.global_step == self.warm_up:
            self.begin = time.perf_counter()
        self.seconds = time.perf_counter() - self.begin


def model_of(shape: str) -> T5ForConditionalGeneration:
    torch.manual_seed(1)
    config = T5Config(
        **SHAPES[shape], vocab_size=VOCABULARY, feed_forward_proj="gated-gelu", decoder_start_token_id=0,
        tie_word_embeddings=False, dropout_rate=0.1,
    )  # fmt: skip
    return T5ForConditionalGeneration(config)


def settings(steps: int, **changes: Any) -> Seq2SeqTrainingArguments:
    return Seq2SeqTrainingArguments(
        output_dir=tempfile.mkdtemp(), max_steps=steps, logging_steps=steps, save_strategy="no", report_to=[],
        disable_tqdm=True, learning_rate=1e-4, bf16=torch.cuda.is_available(), **changes,
    )  # fmt: skip


def ours(shape: str, steps: int, warm_up: int, scale: float, budget: int) -> Result:
    examples = Examples(steps * 64, scale, soft=True)
    batches = plan_batches(examples.lengths, budget, 1, random.Random(1))[: steps + warm_up]
    run = StudentRun(
        student="benchmark", seed=1, steps=steps + warm_up, checkpoint_every=1, batch_tokens=budget, learning_rate=1e-4,
        embedding_learning_rate=1e-4, formats=FormatWeights(zero_shot_chain_of_thought=1.0), loss="distribution",
        distribution=DistributionParams(), start="scratch", revision=None, tokenizer="none", architecture=None,
    )  # fmt: skip
    args = settings(steps + warm_up, remove_unused_columns=False, dataloader_pin_memory=False)
    student = Student(model_of(shape), Encoding(NoTokenizer(), "encoder_decoder"))
    trainer = StudentTrainer(student, examples, MicroBatches(batches, 1), run, args, run.distribution)
    trainer.add_callback(clock := Clock(warm_up))
    trainer.train()
    return clock.seconds, [i for batch in batches[warm_up:] for i in batch], examples


def plain_trainer(shape: str, steps: int, warm_up: int, scale: float, budget: int) -> Result:
    examples = Examples((steps + warm_up) * RANDOM_BATCH, scale, soft=False)
    model = model_of(shape)
    trainer = Seq2SeqTrainer(
        model=model, args=settings(steps + warm_up, per_device_train_batch_size=RANDOM_BATCH), train_dataset=examples,
        data_collator=DataCollatorForSeq2Seq(NoTokenizer(), model=model),
    )  # fmt: skip
    trainer.add_callback(clock := Clock(warm_up))
    trainer.train()
    # Its sampler shuffles: which examples fell into the warm-up is unknown, their mean is not.
    return clock.seconds, list(range(steps * RANDOM_BATCH)), examples


def authors_loop(shape: str, steps: int, warm_up: int, scale: float, budget: int) -> Result:
    examples = Examples((steps + warm_up) * RANDOM_BATCH, scale, soft=True)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    model = model_of(shape).to(device).eval()  # their code never calls train(): no dropout
    optimizer = torch.optim.AdamW(model.parameters(), lr=5e-4)
    collate = DataCollatorForSeq2Seq(NoTokenizer(), model=model)
    clock = Clock(warm_up)
    for step in range(steps + warm_up):
        rows = [examples[step * RANDOM_BATCH + i] for i in range(RANDOM_BATCH)]
        batch = collate([{name: row[name] for name in ("input_ids", "labels")} for row in rows])
        dictionaries = [
            [
                dict(zip(ids, probs, strict=True))
                for ids, probs in zip(row["soft_ids"].tolist(), row["soft_probs"].tolist(), strict=True)
            ]
            for row in rows
        ]
        mask = (batch.pop("labels") != -100).to(device)
        target = dense_target(dictionaries, mask.shape[1], VOCABULARY).to(device)
        logits = model(**{name: value.to(device) for name, value in batch.items()}).logits
        paper_kl(logits, target, mask).backward()
        optimizer.step()
        optimizer.zero_grad()
        clock.on_step_end(None, argparse.Namespace(global_step=step + 1), None)
    return clock.seconds, list(range(warm_up * RANDOM_BATCH, (steps + warm_up) * RANDOM_BATCH)), examples


RIVALS: dict[str, Callable[..., Any]] = {"ours": ours, "trainer": plain_trainer, "authors": authors_loop}


def operations(model: T5ForConditionalGeneration, lengths: Sequence[tuple[int, int]]) -> float:
    """Return multiply-adds × 2 of forward and backward on real tokens: 6 per weight and token that meets it."""
    encoder = sum(p.numel() for p in model.encoder.parameters()) - model.shared.weight.numel()
    decoder = (
        sum(p.numel() for p in model.decoder.parameters()) - model.shared.weight.numel() + model.lm_head.weight.numel()
    )
    return 6.0 * sum(source * encoder + target * decoder for source, target in lengths)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shapes", nargs="+", choices=list(SHAPES), default=["base", "large", "xl"])
    parser.add_argument("--steps", type=int, default=30)
    parser.add_argument("--budget", type=int, default=16_000, help="tokens of our batches")
    parser.add_argument(
        "--peak-tflops", type=float, default=989.0, help="dense bf16 peak of the device (H100 SXM: 989)"
    )
    parser.add_argument("--check", action="store_true", help="a toy shape on a CPU; writes nothing that counts")
    args = parser.parse_args()
    if not args.check and not torch.cuda.is_available():
        parser.error("no accelerator found; --check shows on a CPU that the script works")
    shapes, steps, scale, budget = (
        (["toy"], 3, 0.1, 1000) if args.check else (args.shapes, args.steps, 1.0, args.budget)
    )
    rows = []
    for shape in shapes:
        for name, rival in RIVALS.items():
            seconds, seen, examples = rival(shape, steps, 1 if args.check else 5, scale, budget)
            lengths = [examples.lengths[i] for i in seen]
            rate = sum(map(sum, lengths)) / seconds
            share = operations(model_of(shape), lengths) / seconds / (args.peak_tflops * 1e12)
            peak = torch.cuda.max_memory_allocated() / 2**30 if torch.cuda.is_available() else None
            rows.append({"shape": shape, "way": name, "real tokens/s": rate, "share of peak": share, "peak GiB": peak})
            if torch.cuda.is_available():
                torch.cuda.empty_cache()
                torch.cuda.reset_peak_memory_stats()
    if args.check:
        print(*rows, sep="\n")
        return
    facts = {"accelerator": torch.cuda.get_device_name(), "steps": steps, "peak_tflops": args.peak_tflops}
    measure.write("gpu", "Training at FlanT5 shapes, one accelerator", rows, "torch", "transformers", **facts)


if __name__ == "__main__":
    main()
