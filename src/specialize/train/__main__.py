"""Traces + a start checkpoint → fine-tuned checkpoints along the way.

example:
  python -m specialize.train start --recipe results/recipes/train/starts/raw-s.json \\
      --texts results/problems/world --tokenizers results/traces/tokenizers \\
      --work results/work/starts --output results/starts/raw-s

in:
  results/recipes/train/<student>.json, results/recipes/train/starts/<start>.json
  results/traces/
  ├── traces.parquet, exemplars.jsonl
  ├── tokenizers/<tokenizer>/
  └── aligned/<tokenizer>/part-<shard>.parquet
  results/problems/world/{instructions,pretraining}.jsonl
  results/starts/<round>/aligned/, results/checkpoints/<student>/step-<last>/   of a student that starts from a round
out:
  results/starts/<start>/             manifest.json; weights and tokenizer where this run pretrains it
  results/checkpoints/<student>/
  ├── training.csv                    loss, gradient norm, learning rate
  └── step-<n>/                       manifest.json, weights, tokenizer, model card
"""

import argparse
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from specialize.core import cli
from specialize.core.files import write_json
from specialize.core.params.train import StudentRun
from specialize.core.params.training.starts import StartRun
from specialize.lineage.provenance import ProvenanceWriter
from specialize.lineage.recipe import check_raw_files, read_recipe
from specialize.records.checkpoints import StartSource


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command of the phase; return the exit status."""
    return cli.run(build_parser(), argv)


def build_parser() -> argparse.ArgumentParser:
    """Return the phase's parser, with a subparser for each command."""
    parser = cli.parser_for("train", __doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    run = commands.add_parser("run", help="fine-tune one student; after an interruption the same command resumes")
    cli.add_recipe(run, "results/recipes/train/{student}.json")
    run.add_argument("--traces", type=Path, required=True, help="results/traces/traces.parquet")
    run.add_argument("--exemplars", type=Path, required=True, help="results/traces/exemplars.jsonl")
    run.add_argument("--tokenizer", type=Path, required=True, help="results/traces/tokenizers/{tokenizer}")
    run.add_argument(
        "--start",
        type=Path,
        required=True,
        nargs="+",
        help="manifest.json of its start; of a round: of the checkpoint it begins with, and of the start before that",
    )
    run.add_argument("--aligned", type=Path, required=True, nargs="+", help="aligned traces of its tokenizer, by shard")
    run.add_argument("--root", type=Path, required=True, help="folder of raw files: local checkpoints")
    run.add_argument("--work", type=Path, required=True, help="folder for resumable state")
    run.add_argument("--output", type=Path, required=True, help="results/checkpoints/{student}")
    run.add_argument("--threads", type=int, default=1, help="CPU threads")
    run.add_argument("--gradient-checkpointing", action="store_true", help="less memory, more time, the same bytes")
    run.set_defaults(command=_run)
    start = commands.add_parser("start", help="make a start checkpoint; after an interruption the same command resumes")
    cli.add_recipe(start, "results/recipes/train/starts/{start}.json")
    start.add_argument("--texts", type=Path, required=True, help="results/problems/world: what it is pretrained on")
    start.add_argument("--tokenizers", type=Path, required=True, help="results/traces/tokenizers")
    start.add_argument("--work", type=Path, required=True, help="folder for resumable state")
    start.add_argument("--output", type=Path, required=True, help="results/starts/{start}")
    start.add_argument("--threads", type=int, default=1, help="CPU threads")
    start.set_defaults(command=_start)
    return parser


def _run(args: argparse.Namespace) -> None:
    recipe, student = read_recipe(args.recipe, "train", StudentRun)
    tokenizer = _tokenizer_files(args.tokenizer)
    # The coverage is not read, but the rule waits for it: every input of a rule stands in its provenance.
    coverage = args.aligned[0].parent.glob("coverage.json")
    given = [args.traces, args.exemplars, *tokenizer, *args.aligned, *coverage, *args.start]
    provenance = ProvenanceWriter(args.provenance, recipe, args.recipe, given)
    if student.replay and student.replay.file:
        check_raw_files(recipe, args.root)
    from specialize.train.finetune import Inputs, finetune

    inputs = Inputs(
        args.traces,
        args.exemplars,
        args.tokenizer,
        args.aligned,
        args.start[0].parent,
        args.root,
        args.gradient_checkpointing,
        args.start[1].parent if len(args.start) > 1 else None,
    )
    finetune(student, recipe, inputs, args.work, args.output, args.threads)
    provenance.write([args.output])


def _start(args: argparse.Namespace) -> None:
    recipe, run = read_recipe(args.recipe, "train", StartRun)
    if run.pretraining is None:  # nothing to learn: the manifest says what students load, or draw
        provenance = ProvenanceWriter(args.provenance, recipe, args.recipe, [])
        shutil.rmtree(args.output, ignore_errors=True)
        write_json(args.output / "manifest.json", StartSource(**run.model_dump(mode="json")).model_dump())
    else:
        texts, tokenizer = args.texts / run.pretraining.texts, args.tokenizers / run.tokenizer
        provenance = ProvenanceWriter(args.provenance, recipe, args.recipe, [texts, *_tokenizer_files(tokenizer)])
        from specialize.train.pretrain import PretrainingInputs, pretrain

        pretrain(run, recipe, PretrainingInputs(tokenizer, texts), args.work, args.output, args.threads)
    provenance.write([args.output])


def _tokenizer_files(folder: Path) -> list[Path]:
    return [path for path in sorted(folder.glob("*.json")) if path.name != "provenance.json"]


if __name__ == "__main__":
    sys.exit(main())
