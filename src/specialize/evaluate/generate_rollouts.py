"""The step `rollouts`: what a student's last checkpoint writes to training questions, for the teacher to score.

The questions are those that the traces are about: what the filters kept out of training as contaminated is not asked.
They are asked as zero-shot chain of thought, which is the format that the round trains.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from specialize.core import cli
from specialize.core.errors import RecordError
from specialize.core.files import parse_record, read_json, read_records, sha256_text, write_records
from specialize.core.log import Progress, get_logger
from specialize.core.logprobs import REPLACEMENT
from specialize.core.params.evaluation.rollouts import RolloutRun
from specialize.core.prompt_formats import Format, source
from specialize.lineage.provenance import ProvenanceWriter
from specialize.lineage.recipe import read_recipe
from specialize.records.checkpoints import CheckpointManifest
from specialize.records.predictions import Rollout
from specialize.records.problems import Problem

if TYPE_CHECKING:
    from specialize.evaluate.generate import Generated

log = get_logger("evaluate")
FORMAT: Format = "zero_shot_chain_of_thought"


def add_parser(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command."""
    parser = commands.add_parser("rollouts", help="answer training questions by a checkpoint, for an on-policy round")
    cli.add_recipe(parser, "results/recipes/evaluate/rounds/{round}.json")
    parser.add_argument("--manifest", type=Path, required=True, help="manifest.json of the checkpoint")
    parser.add_argument("--problems", type=Path, required=True, help="train.jsonl of the seed dataset")
    parser.add_argument("--traces", type=Path, required=True, help="results/traces/traces.parquet: whose questions")
    parser.add_argument("--output", type=Path, required=True, help="JSON Lines, records.predictions.Rollout")
    parser.set_defaults(command=_run)


def _run(args: argparse.Namespace) -> None:
    recipe, run = read_recipe(args.recipe, "evaluate", RolloutRun)
    provenance = ProvenanceWriter(args.provenance, recipe, args.recipe, [args.manifest, args.problems, args.traces])
    asked = choose_questions(read_records(args.problems, Problem), _questions_of(args.traces), run)
    if not asked:
        raise RecordError(str(args.traces), "problem_id", f"questions of {args.problems}", "none")
    rollouts = answer(args.manifest, asked, run)
    if not rollouts:
        raise RecordError(str(args.manifest), "(its answers)", "a text in one of them at least", "none")
    write_records(args.output, rollouts)
    provenance.write([args.output])
    ended = sum(one.finish_reason == "stop" for one in rollouts)
    log.info(
        "%s: %s answers to %s questions, %s of them ended by themselves",
        run.name, f"{len(rollouts):,}", f"{len(asked):,}", f"{ended:,}",
    )  # fmt: skip


def choose_questions(problems: Sequence[Problem], known: set[str], run: RolloutRun) -> list[Problem]:
    """Return the problems of `known` ids, in their order; by seed as many as the round asks for."""
    fit = [problem for problem in problems if problem.id in known]
    ranked = sorted(fit, key=lambda problem: sha256_text(f"{run.seed}/{problem.id}"))
    chosen = {problem.id for problem in ranked[: run.questions]}
    return [problem for problem in fit if problem.id in chosen]


def answer(manifest_path: Path, problems: Sequence[Problem], run: RolloutRun) -> list[Rollout]:
    """Return the answers of a checkpoint, by problem and sample; those without a text are left out.

    Raises CheckpointError where it cannot be loaded, or its files are not those of the manifest.
    """
    from specialize.core.checkpoint_files import check_files
    from specialize.evaluate.generate import DecodingLimits, load_checkpoint
    from specialize.evaluate.sampling import sample

    manifest = parse_record(str(manifest_path), read_json(manifest_path), CheckpointManifest)
    check_files(manifest_path.parent, manifest.files)
    checkpoint = load_checkpoint(manifest_path.parent, manifest.prompts, threads=1)
    texts = [source(FORMAT, problem.question, (), problem.template) for problem in problems]
    keys = [f"{problem.id}/{FORMAT}" for problem in problems]
    limits = DecodingLimits(run.batch_size, run.max_source_tokens, run.max_new_tokens, run.batch_tokens)
    progress = Progress(log, f"{run.name}: answers of {manifest.student} step {manifest.step}", len(texts))
    answers, _ = sample(checkpoint, texts, keys, limits, run, progress.advance)
    return [
        rollout
        for problem, samples in zip(problems, answers, strict=True)
        for number, one in enumerate(samples)
        if (rollout := _rollout(problem, manifest.student, number, one))
    ]


def _rollout(problem: Problem, student: str, sample: int, one: "Generated") -> Rollout | None:
    """Return what can be scored of an answer: the text before the first bytes that are no UTF-8, which no server can be
    sent; None where that is nothing."""
    text, broken, _ = one.text.partition(REPLACEMENT)
    if not (text := text.rstrip()):
        return None
    ended = "length" if broken else one.finish_reason
    return Rollout(problem_id=problem.id, student=student, sample=sample, text=text, finish_reason=ended)


def _questions_of(traces: Path) -> set[str]:
    import pyarrow.parquet as parquet

    from specialize.core.machine.library_errors import reading_file

    with reading_file(traces, "a Parquet file of traces"):
        return set(parquet.read_table(traces, columns=["problem_id"])["problem_id"].to_pylist())
