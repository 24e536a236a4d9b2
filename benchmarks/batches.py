"""Length bucketing under a token budget beside random batches, on GSM8K's training problems in the four formats.

Padding share: tokens of padding among all tokens of source and target, every sequence padded to a multiple of 8. Random
batches: eight examples each, padded to the longest of the batch, which is what a Trainer does by default. Useful tokens
per second: real tokens through forward and backward of a small T5 with random weights, both in turn.

The text is GSM8K's own reasoning, in T5's real tokens; exemplars are four, as in the paper.
"""

import argparse
import random
import time
from collections.abc import Sequence
from pathlib import Path

import measure
import pyarrow
import torch
from transformers import AutoTokenizer, T5Config, T5ForConditionalGeneration

from specialize.core.encoding import Encoding
from specialize.core.files import read_rows
from specialize.core.params.train import FormatWeights, StudentRun
from specialize.core.prompt_formats import target
from specialize.records.problems import Problem
from specialize.records.traces import Trace
from specialize.train.examples import Corpus, Lengths, active_formats, plan_pass
from specialize.train.length_buckets import padded, plan_batches
from specialize.train.teacher_targets import Targets

SHARED = Path(__file__).parent.parent.parent / "shared/data"
RANDOM_BATCH = 8
MIXES = {
    "zero-shot": FormatWeights(zero_shot_chain_of_thought=1.0),
    "in-context": FormatWeights(in_context_chain_of_thought=1.0),
    "half and half": FormatWeights(zero_shot_chain_of_thought=0.5, in_context_chain_of_thought=0.5),
    "paper's four": FormatWeights(
        zero_shot_chain_of_thought=0.483, in_context_chain_of_thought=0.483,
        zero_shot_answer_only=0.017, in_context_answer_only=0.017,
    ),
}  # fmt: skip
SMALL = {"d_model": 128, "d_kv": 32, "d_ff": 256, "num_layers": 2, "num_heads": 4}
Length = tuple[int, int]
Batches = Sequence[Sequence[int]]


def corpus_of(folder: Path, tokenizer: AutoTokenizer, rows: int) -> tuple[Corpus, Targets]:
    """Return GSM8K's training problems as traces, their own reasoning as the target, and these in T5's tokens."""
    traces, pool = [], []
    for number, (_, row) in enumerate(read_rows(folder / "gsm8k/train.jsonl")):
        rationale, _, answer = row["answer"].partition("\n#### ")
        known = {"question": row["question"], "rationale": rationale, "answer": answer}
        traces.append(Trace(problem_id=str(number), teacher="gold", sample=0, **known))
        pool.append(Problem(id=str(number), dataset="gsm8k", kind="number", **known))
    traces = traces[:rows]
    texts = [target("zero_shot_chain_of_thought", trace.rationale, trace.answer) for trace in traces]
    ids = tokenizer(text_target=texts)["input_ids"]
    counts = [[0] * len(row) for row in ids]
    none: list[list[int]] = [[] for _ in ids]
    types = {
        "ids": pyarrow.int32(),
        "counts": pyarrow.uint8(),
        "soft_ids": pyarrow.int32(),
        "soft_probs": pyarrow.float16(),
        "chunk_starts": pyarrow.int32(),
        "chunk_lengths": pyarrow.int32(),
        "chunk_logprobs": pyarrow.float32(),
    }
    columns = {
        name: pyarrow.array(lists, pyarrow.list_(kind))
        for (name, kind), lists in zip(types.items(), (ids, counts, *[none] * 5), strict=True)
    }
    return Corpus(traces, pool), Targets(pyarrow.table(columns), "gsm8k")


def lengths_of(corpus: Corpus, lengths: Lengths, mix: FormatWeights) -> list[Length]:
    """Return (source, target) tokens of one pass over the traces."""
    examples, _ = plan_pass(corpus, lengths, run_of(mix), 0)
    return [lengths.of(example) for example in examples]


def run_of(mix: FormatWeights) -> StudentRun:
    return StudentRun(
        student="benchmark", seed=1, steps=1, checkpoint_every=1, batch_tokens=64, max_source_tokens=1024,
        max_target_tokens=256, exemplars=4, learning_rate=1e-3, embedding_learning_rate=1e-3, formats=mix,
        loss="sample", distribution=None, start="scratch", revision=None, tokenizer="t5", architecture=None,
    )  # fmt: skip


def random_batches(count: int) -> Batches:
    order = list(range(count))
    random.Random(1).shuffle(order)
    return [order[low : low + RANDOM_BATCH] for low in range(0, count, RANDOM_BATCH)]


def size(batch: Sequence[int], lengths: Sequence[Length]) -> Length:
    """Return the padded (source, target) tokens of one sequence of the batch."""
    return padded(max(lengths[i][0] for i in batch)), padded(max(lengths[i][1] for i in batch))


def padding(batches: Batches, lengths: Sequence[Length]) -> float:
    real = sum(sum(lengths[i]) for batch in batches for i in batch)
    return 1 - real / sum(len(batch) * sum(size(batch, lengths)) for batch in batches)


def useful_rate(
    model: T5ForConditionalGeneration, batches: Batches, lengths: Sequence[Length], seconds: float
) -> float:
    """Return real tokens per second of forward and backward, over batches drawn by seed until the time is up."""
    order = random.Random(2).sample(range(len(batches)), len(batches))
    real, begin = 0, time.perf_counter()
    for number in order:
        source, length = size(batches[number], lengths)
        ids = torch.randint(3, 32_000, (len(batches[number]), source))
        labels = torch.randint(3, 32_000, (len(batches[number]), length))
        model(input_ids=ids, labels=labels).loss.backward()
        model.zero_grad()
        real += sum(sum(lengths[i]) for i in batches[number])
        if time.perf_counter() - begin > seconds:
            break
    return real / (time.perf_counter() - begin)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=SHARED, help="folder with gsm8k/ and tokenizers/t5/")
    parser.add_argument("--rows", type=int, default=7473)
    parser.add_argument("--seconds", type=float, default=10.0, help="of each measurement of speed")
    parser.add_argument("--rounds", type=int, default=3)
    args = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(1)
    tokenizer = AutoTokenizer.from_pretrained(args.data / "tokenizers/t5")
    corpus, targets = corpus_of(args.data, tokenizer, args.rows)
    model = T5ForConditionalGeneration(
        T5Config(**SMALL, vocab_size=32_128, feed_forward_proj="gated-gelu", decoder_start_token_id=0)
    )
    rows = []
    for name, mix in MIXES.items():
        lengths = lengths_of(
            corpus,
            Lengths(corpus, targets, Encoding(tokenizer, "encoder_decoder"), list(active_formats(run_of(mix)))),
            mix,
        )
        unsorted = random_batches(len(lengths))
        # The same padded tokens a batch on average, so that speed is not a matter of batch size.
        budget = sum(len(batch) * sum(size(batch, lengths)) for batch in unsorted) // len(unsorted)
        bucketed = plan_batches(lengths, budget, 1, random.Random(1))
        rates: dict[str, list[float]] = {"random": [], "bucketed": []}
        for _ in range(args.rounds):
            for way, batches in (("random", unsorted), ("bucketed", bucketed)):
                rates[way].append(useful_rate(model, batches, lengths, args.seconds))
        medians = {way: measure.summary(values)["median"] for way, values in rates.items()}
        rows.append(
            {
                "mix": name,
                "examples": len(lengths),
                "budget tokens": budget,
                "padding random": padding(unsorted, lengths),
                "padding bucketed": padding(bucketed, lengths),
                "useful tokens/s random": medians["random"],
                "useful tokens/s bucketed": medians["bucketed"],
                "times": medians["bucketed"] / medians["random"],
            }
        )
    title = "Random batches of 8 and length bucketing, GSM8K train, T5's tokens, a small T5 on one thread"
    measure.write("batches", title, rows, "torch", "transformers", threads=1, rounds=args.rounds, model=SMALL)


if __name__ == "__main__":
    main()
