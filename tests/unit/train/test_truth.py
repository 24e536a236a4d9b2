"""A teacher whose next-token distributions are known exactly: what each loss makes of a few of its samples.

The teacher is a handful of texts with probabilities. Whatever gives `texts` (text → probability) can take its place.
"""

import math
import random
from collections import Counter, defaultdict

import numpy as np
import pyarrow
import pyarrow.parquet as parquet
import pytest
import torch
from transformers import AutoModelForSeq2SeqLM

from specialize.core.files import write_json, write_records
from specialize.core.params.train import Architecture, DistributionParams, FormatWeights
from specialize.core.prompt_formats import prompt, target
from specialize.records.problems import Problem
from specialize.records.traces import Trace
from specialize.traces.tokenizers import learn_tokenizer, save_tokenizer
from specialize.traces.write_aligned import AlignedTarget, write_aligned
from specialize.train.finetune import Inputs, finetune

QUESTION = "Tom has 3 apples and gets 4 more. How many has he?"
FORMAT = "zero_shot_chain_of_thought"
RATIONALES = {
    f"{opening}{sum_}{end}": p * q * r
    for opening, p in (("So ", 0.7), ("Now ", 0.3))
    for sum_, q in (("3 + 4 = 7", 0.75), ("4 + 3 = 7", 0.25))
    for end, r in ((".", 0.6), (" apples.", 0.4))
}
SAMPLES = 12
STEPS = 200


class Teacher:
    """Texts with probabilities, in the student's tokens."""

    def __init__(self, texts: dict[str, float], tokenizer) -> None:
        self.paths = {tuple(tokenizer(text_target=text)["input_ids"]): p for text, p in texts.items()}
        self.after: dict[tuple[int, ...], Counter[int]] = defaultdict(Counter)
        for path, p in self.paths.items():
            for length in range(len(path)):
                self.after[path[:length]][path[length]] += p

    def distributions(self, path) -> list[dict[int, float]]:
        """Return the exact distribution of each token of `path`, given those before it."""
        nexts = [self.after[tuple(path[:length])] for length in range(len(path))]
        return [{token: p / sum(following.values()) for token, p in following.items()} for following in nexts]

    def divergence(self, folder, source_ids) -> float:
        """Return KL(teacher ‖ student) over whole texts, exact by the chain rule, in nats per token of a text."""
        model = AutoModelForSeq2SeqLM.from_pretrained(folder).eval()
        total = 0.0
        for path, p in self.paths.items():
            with torch.no_grad():
                logits = model(input_ids=torch.tensor([source_ids]), labels=torch.tensor([path])).logits[0]
            log_q = logits.double().log_softmax(dim=1)
            for place, following in enumerate(self.distributions(path)):
                total += p * sum(share * (math.log(share) - log_q[place, v].item()) for v, share in following.items())
        return total / sum(p * len(path) for path, p in self.paths.items())


@pytest.fixture(scope="module")
def lesson(tmp_path_factory):
    """Return the teacher, the files that its samples make, and the tokens of the question."""
    folder = tmp_path_factory.mktemp("truth")
    texts = {target(FORMAT, rationale, "7"): p for rationale, p in RATIONALES.items()}
    tokenizer = learn_tokenizer([prompt(FORMAT, QUESTION), *texts], 400)
    teacher = Teacher(texts, tokenizer)
    names = ("t.parquet", "e.jsonl", "tokenizer", "part.parquet", "start")
    traces_file, exemplars, tokenizer_folder, aligned, start = (folder / name for name in names)
    given = Inputs(traces_file, exemplars, tokenizer_folder, [aligned], start, root=folder)
    write_json(given.start / "manifest.json", {})
    save_tokenizer(tokenizer, given.tokenizer)
    drawn = random.Random(5).choices(list(RATIONALES), list(RATIONALES.values()), k=SAMPLES)
    traces = [
        Trace(problem_id="p", teacher="t", sample=number, question=QUESTION, rationale=rationale, answer="7")
        for number, rationale in enumerate(drawn)
    ]
    parquet.write_table(pyarrow.Table.from_pylist([trace.model_dump() for trace in traces]), given.traces)
    write_records(given.exemplars, [Problem(id="p", dataset="d", question=QUESTION, answer="7", kind="number")])
    none, rows = np.array([]), []
    for trace in traces:
        ids = tokenizer(text_target=target(FORMAT, trace.rationale, trace.answer))["input_ids"]
        known = [sorted(d.items(), key=lambda one: -one[1])[:5] for d in teacher.distributions(ids)]
        soft = [pair for entries in known for pair in entries]
        columns = [len(entries) for entries in known], [v for v, _ in soft], [p for _, p in soft]
        rows.append(("p", "t", trace.sample, AlignedTarget(np.array(ids), *map(np.array, columns), none, none, none)))
    write_aligned(given.aligned[0], len(tokenizer), rows)
    return teacher, given, tokenizer(prompt(FORMAT, QUESTION))["input_ids"]


def learn(make_run, recipe_of, lesson, folder, **changes) -> float:
    teacher, given, question = lesson
    run = make_run(
        steps=STEPS, checkpoint_every=STEPS, dropout=0.0, batch_tokens=1600, schedule="cosine", warmup_steps=10,
        learning_rate=1e-2, embedding_learning_rate=3e-2, formats=FormatWeights(zero_shot_chain_of_thought=1.0),
        architecture=Architecture(d_model=32, d_kv=16, d_ff=64, num_layers=1, num_heads=2), **changes,
    )  # fmt: skip
    finetune(run, recipe_of(run), given, folder / "work", folder / "out", threads=1)
    return teacher.divergence(folder / "out" / f"step-{STEPS}", question)


@pytest.mark.slow
def test_matching_distributions_finds_the_teacher_where_a_few_samples_do_not(make_run, recipe_of, lesson, tmp_path):
    by_distribution = learn(
        make_run, recipe_of, lesson, tmp_path / "a", loss="distribution", distribution=DistributionParams()
    )
    by_sample = learn(make_run, recipe_of, lesson, tmp_path / "b")
    assert by_distribution < 0.01
    assert by_sample > 3 * by_distribution, (by_sample, by_distribution)
