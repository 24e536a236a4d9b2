"""A very small world for the train phase's tests."""

import numpy as np
import pyarrow
import pyarrow.parquet as parquet
import pytest

from specialize.core.encoding import Encoding
from specialize.core.files import write_json, write_records
from specialize.core.params.train import Architecture, FormatWeights, StudentRun
from specialize.core.prompt_formats import target
from specialize.records.problems import Problem
from specialize.records.recipes import Recipe
from specialize.records.traces import Trace
from specialize.traces.tokenizers import learn_tokenizer, save_tokenizer
from specialize.traces.write_aligned import AlignedTarget, write_aligned
from specialize.train.examples import Corpus
from specialize.train.finetune import Inputs
from specialize.train.teacher_targets import Targets, read_targets

SHAPE = Architecture(d_model=16, d_kv=8, d_ff=32, num_layers=1, num_heads=2)


@pytest.fixture
def corpus() -> Corpus:
    traces, pool = [], []
    for number in range(40):
        a, b = number % 9 + 1, number % 7 + 2
        words = " ".join(["nice"] * (number % 5))
        question = f"Tom has {a} {words} apples and gets {b} more, case {number}. How many has he?"
        pool.append(
            Problem(
                id=f"p{number}",
                dataset="world",
                question=question,
                answer=str(a + b),
                kind="number",
                rationale=f"He has {a} + {b} = {a + b}.",
            )
        )
        traces.append(
            Trace(
                problem_id=f"p{number}",
                teacher="t",
                sample=0,
                question=question,
                rationale=f"Together {a} + {b} = {a + b} apples.",
                answer=str(a + b),
            )
        )
    return Corpus(traces, pool)


@pytest.fixture
def tokenizer(corpus):
    texts = [
        f"Q: {t.question}\nLet's think step by step\nA: {t.rationale}\nThe answer is {t.answer}" for t in corpus.traces
    ]
    return learn_tokenizer(texts, 320)


@pytest.fixture
def encoding(tokenizer) -> Encoding:
    return Encoding(tokenizer, "encoder_decoder")


@pytest.fixture
def make_files(corpus, tokenizer, tmp_path):
    """Write what the traces phase leaves; soft(ids) gives (counts, soft ids, soft probabilities) of one target."""

    def make(soft, name="given") -> Inputs:
        folder = tmp_path / name
        given = Inputs(
            traces=folder / "traces.parquet",
            exemplars=folder / "exemplars.jsonl",
            tokenizer=folder / "tokenizer",
            aligned=[folder / "part-00000.parquet", folder / "part-00001.parquet"],
            start=folder / "start",
            root=tmp_path,
        )
        write_json(given.start / "manifest.json", {})
        save_tokenizer(tokenizer, given.tokenizer)
        parquet.write_table(pyarrow.Table.from_pylist([trace.model_dump() for trace in corpus.traces]), given.traces)
        write_records(given.exemplars, corpus.pool)
        rows = []
        for trace in corpus.traces:
            text = target("zero_shot_chain_of_thought", trace.rationale, trace.answer)
            ids = np.array(tokenizer(text_target=text)["input_ids"])
            none = np.array([], dtype=np.int64)
            aligned = AlignedTarget(ids, *(np.array(column) for column in soft(ids)), none, none, none)
            rows.append((trace.problem_id, trace.teacher, trace.sample, aligned))
        write_aligned(given.aligned[0], len(tokenizer), rows[:15])
        write_aligned(given.aligned[1], len(tokenizer), rows[15:])
        return given

    return make


@pytest.fixture
def files(make_files) -> Inputs:
    """A teacher without log-probabilities."""
    return make_files(lambda ids: ([0] * len(ids), [], []))


@pytest.fixture
def soft_files(make_files) -> Inputs:
    """A teacher that gives every second token 0.6, and its neighbours in the vocabulary 0.2 and 0.1."""

    def soft(ids):
        known = ids[::2]
        return (
            [3 * (place % 2 == 0) for place in range(len(ids))],
            [token for one in known for token in (one, one - 1, (one + 1) % 300)],
            [0.6, 0.2, 0.1] * len(known),
        )

    return make_files(soft, "soft")


@pytest.fixture
def targets(files, corpus) -> Targets:
    return read_targets(files.aligned, corpus.traces)


@pytest.fixture
def make_run():
    def make(**changes) -> StudentRun:
        settings = dict(
            student="nano",
            steps=6,
            checkpoint_every=3,
            batch_tokens=1200,
            warmup_steps=1,
            dropout=0.1,
            exemplars=2,
            schedule="linear",
            max_source_tokens=400,
            max_target_tokens=100,
            seed=1,
            learning_rate=5e-3,
            embedding_learning_rate=5e-3,
            start="scratch",
            revision=None,
            tokenizer="words",
            loss="sample",
            distribution=None,
            architecture=SHAPE,
            formats=FormatWeights(
                zero_shot_chain_of_thought=0.4,
                in_context_chain_of_thought=0.3,
                zero_shot_answer_only=0.2,
                in_context_answer_only=0.1,
            ),
        )
        return StudentRun.model_validate({**settings, **changes})

    return make


@pytest.fixture
def recipe_of():
    def make(run: StudentRun) -> Recipe:
        return Recipe(phase="train", name="train/a", params=run.model_dump(mode="json"), code="c", rules="r", files={})

    return make
