"""The step `rollouts`: a student's scored answers → traces and targets of an on-policy round.

An answer is learned from as it stands, neither tidied nor filtered: a wrong one is where there is most to learn. So it
is the whole target, which a trace says by a template whose answer line is the answer alone. Tokens without a
distribution have no loss in a round. The end mark of a complete answer is certain, of one that was cut it has no loss.
"""

import argparse
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np

from specialize.core import cli
from specialize.core.errors import RecordError
from specialize.core.files import read_records, write_json
from specialize.core.log import get_logger
from specialize.core.params.traces import AlignmentParams, RoundAlignment
from specialize.lineage.provenance import ProvenanceWriter
from specialize.lineage.recipe import read_recipe
from specialize.records.completions import KEYS
from specialize.records.coverage import Coverage
from specialize.records.predictions import Rollout
from specialize.records.problems import Problem
from specialize.records.prompt_style import PAPER, PromptTemplate
from specialize.records.traces import Trace
from specialize.traces.tables import write_traces
from specialize.traces.write_aligned import AlignedTarget, write_aligned

LOG = get_logger("traces")
ENDED = ("stop", "new_question")
"""Behind these an answer is complete, and its end mark right."""


def add_parser(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command."""
    parser = commands.add_parser("rollouts", help="align a student's scored answers to its tokens")
    cli.add_recipe(parser, "results/recipes/traces/rounds/{round}.json")
    parser.add_argument("--tokenizer", type=Path, required=True, help="folder of the tokenizer")
    parser.add_argument("--problems", type=Path, required=True, help="the problems that were answered (JSON Lines)")
    parser.add_argument("--rollouts", type=Path, required=True, help="the answers (JSON Lines)")
    parser.add_argument("--scored", type=Path, required=True, help="what the teacher says of them: `teacher score`")
    parser.add_argument("--output", type=Path, required=True, help="folder of traces, aligned traces and coverage")
    parser.set_defaults(command=_run)


def _run(args: argparse.Namespace) -> None:
    recipe, run = read_recipe(args.recipe, "traces", RoundAlignment)
    files = [path for path in sorted(args.tokenizer.glob("*.json")) if not path.name.endswith("provenance.json")]
    inputs = [*files, args.problems, args.rollouts, args.scored]
    provenance = ProvenanceWriter(args.provenance, recipe, args.recipe, inputs)
    coverage = write_rollouts(args.problems, args.rollouts, args.scored, args.tokenizer, run.alignment, args.output)
    provenance.write([args.output])
    for line in coverage.lines():
        LOG.info("%s", line)


def write_rollouts(
    problems: Path, rollouts: Path, scored: Path, tokenizer: Path, params: AlignmentParams, output: Path
) -> Coverage:
    """Write traces.parquet, part-00000.parquet and coverage.json of a round to `output`; return what is covered.

    Answers without any distribution are left out. Raises RecordError where none is left.
    """
    from specialize.traces.align_traces import align_batch
    from specialize.traces.alignment.vocabulary import StudentVocabulary
    from specialize.traces.logprob_batches import completion_batches
    from specialize.traces.tokenizers import load_tokenizer

    vocabulary = StudentVocabulary(load_tokenizer(str(tokenizer)))
    asked = {problem.id: problem for problem in read_records(problems, Problem)}
    answers = read_records(rollouts, Rollout)
    ended = {(one.problem_id, one.sample) for one in answers if one.finish_reason in ENDED}
    traces: list[Trace] = []
    coverage = Coverage()

    def rows() -> Iterator[tuple[str, str, int, AlignedTarget]]:
        nonlocal coverage
        for batch in completion_batches(scored):
            texts = batch["text"].to_pylist()
            found = align_batch(vocabulary, batch, texts, params)
            coverage = coverage.plus(found.coverage)
            keys = list(zip(*(batch[name].to_pylist() for name in KEYS), strict=True))
            for row in found.kept:
                (problem_id, teacher, sample), one = keys[row], found.targets[row]
                if not one.counts.any() and not len(one.chunk_starts):
                    continue
                traces.append(_trace(asked[problem_id], teacher, sample, texts[row]))
                yield problem_id, teacher, sample, _ended(one) if (problem_id, sample) in ended else one

    write_aligned(output / "part-00000.parquet", vocabulary.size, rows())
    if not traces:
        raise RecordError(str(scored), "top_logprobs", "an answer with the teacher's distribution somewhere", "none")
    write_traces(output / "traces.parquet", traces)
    write_json(output / "coverage.json", coverage.model_dump())
    return coverage


def _trace(problem: Problem, teacher: str, sample: int, text: str) -> Trace:
    words = (problem.template or PAPER).model_dump() | {"answer": "{answer}"}
    return Trace(
        problem_id=problem.id, teacher=teacher, sample=sample, question=problem.question, rationale="", answer=text,
        template=PromptTemplate(**words),
    )  # fmt: skip


def _ended(one: AlignedTarget) -> AlignedTarget:
    """Return the target with its end mark certain."""
    if one.counts[-1]:
        return one
    counts = one.counts.copy()
    counts[-1] = 1
    soft_ids = np.append(one.soft_ids, one.ids[-1])
    soft_probs = np.append(one.soft_probs, np.ones(1, dtype=one.soft_probs.dtype))
    return replace(one, counts=counts, soft_ids=soft_ids, soft_probs=soft_probs)
