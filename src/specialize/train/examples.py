"""Training examples, mixed on the fly: which trace in which format behind which exemplars.

Nothing is stored as repeated text: an example is three small numbers, and its text is rendered when it is read.

Differs from the paper: there the mix is set by micro-batch sizes per format, and answer-only data hold one example per
question; here params give each format's share of the examples, which is what those sizes amount to, because a share can
be stated and compared. There exemplars are drawn once, unseeded, and may include the question itself; here they are
drawn anew for every pass, by seed, and never include it.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow.parquet as parquet

from specialize.core.encoding import Encoding
from specialize.core.files import parse_record, read_records
from specialize.core.machine.library_errors import reading_file
from specialize.core.params.train import StudentRun
from specialize.core.prompt_formats import (
    FORMATS,
    Format,
    exemplar,
    is_chain_of_thought,
    is_in_context,
    prompt,
    source,
    target,
)
from specialize.records.problems import Problem
from specialize.records.traces import Trace
from specialize.train.teacher_targets import Targets

Row = tuple[list[int], list[int]]
"""Token ids of source and target, end marks included: an example that is no trace."""


@dataclass(frozen=True)
class Example:
    """One training example: a trace, the format it is put in, the exemplars before it."""

    format: Format
    trace: int
    """Index into the traces."""
    exemplars: tuple[int, ...]
    """Indices into the pool of worked problems."""


@dataclass(frozen=True)
class Corpus:
    """What examples are made of."""

    traces: list[Trace]
    pool: list[Problem]
    """Training problems with gold reasoning: the exemplars (as in the paper)."""

    def source(self, example: Example) -> str:
        """Return the text that the student reads."""
        worked = [self.pool[index] for index in example.exemplars]
        trace = self.traces[example.trace]
        return source(example.format, trace.question, worked, trace.template)

    def target(self, example: Example) -> str:
        """Return the text that the student learns to write."""
        trace = self.traces[example.trace]
        return target(example.format, trace.rationale, trace.answer, trace.template)


def read_corpus(traces: Path, exemplars: Path) -> Corpus:
    """Read traces (Parquet) and the worked problems (JSON Lines) that serve as exemplars."""
    with reading_file(traces, "a Parquet file of traces"):
        rows = parquet.read_table(traces, page_checksum_verification=True).to_pylist()
    made = [parse_record(f"{traces} row {number}", row, Trace) for number, row in enumerate(rows)]
    return Corpus(made, read_records(exemplars, Problem))


class Lengths:
    """Token counts of the pieces, from which the length of any example follows (to a token or two)."""

    def __init__(self, corpus: Corpus, targets: Targets, encoding: Encoding, formats: Sequence[Format]) -> None:
        def count(texts: list[str]) -> list[int]:
            tokenizer = encoding.tokenizer
            return [len(ids) for ids in tokenizer(texts, add_special_tokens=False)["input_ids"]] if texts else []

        self.overhead = encoding.source_overhead
        self.prompts = {f: count([prompt(f, t.question, t.template) for t in corpus.traces]) for f in formats}
        aligned = targets.lengths()
        self.targets = {
            f: aligned
            if is_chain_of_thought(f)
            else [tokens + 1 for tokens in count([target(f, None, t.answer, t.template) for t in corpus.traces])]
            for f in formats
        }
        self.exemplars = {f: count([exemplar(f, p) for p in corpus.pool]) for f in formats if is_in_context(f)}

    def of(self, example: Example) -> tuple[int, int]:
        """Return (source, target) tokens, special tokens included."""
        before = sum(self.exemplars[example.format][index] for index in example.exemplars)
        return before + self.prompts[example.format][example.trace] + self.overhead, self.targets[example.format][
            example.trace
        ]


def active_formats(run: StudentRun) -> dict[Format, float]:
    """Return the formats with a share, in the fixed order of FORMATS."""
    weights = run.formats.model_dump()
    return {format: weights[format] for format in FORMATS if weights[format] > 0}


def plan_pass(corpus: Corpus, lengths: Lengths, run: StudentRun, number: int) -> tuple[list[Example], int]:
    """Return one pass over the traces, one example each, and how many did not fit the token limits.

    The same seed and number give the same pass. Where exemplars do not fit `max_source_tokens`, the last ones go.
    """
    shares = active_formats(run)
    generator = random.Random(f"{run.seed}/{number}")
    drawn = generator.choices(list(shares), weights=list(shares.values()), k=len(corpus.traces))
    examples, too_long = [], 0
    for index, format in enumerate(drawn):
        exemplars = _draw_exemplars(corpus, index, run.exemplars, generator) if is_in_context(format) else ()
        example = Example(format, index, exemplars)
        while lengths.of(example)[0] > run.max_source_tokens and example.exemplars:
            example = Example(format, index, example.exemplars[:-1])
        source_tokens, target_tokens = lengths.of(example)
        if source_tokens > run.max_source_tokens or target_tokens > run.max_target_tokens:
            too_long += 1
        else:
            examples.append(example)
    return examples, too_long


def _draw_exemplars(corpus: Corpus, index: int, count: int, generator: random.Random) -> tuple[int, ...]:
    """Draw one more than asked, so that the question itself can be left out."""
    own = corpus.traces[index].question
    drawn = generator.sample(range(len(corpus.pool)), min(count + 1, len(corpus.pool)))
    return tuple(number for number in drawn if corpus.pool[number].question != own)[:count]
