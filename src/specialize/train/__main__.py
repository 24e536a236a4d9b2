"""Door of the train room: traces + a start checkpoint → fine-tuned checkpoints along the way."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from specialize.core import door
from specialize.core.params.train import StudentRun
from specialize.core.provenance import Witness
from specialize.core.recipe import read_recipe


def main(argv: Sequence[str] | None = None) -> int:
    parser = door.parser_for("train", __doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    run = commands.add_parser("run", help="train one student; killed, the same command goes on")
    door.add_recipe(run, "results/recipes/train/{student}.json")
    run.add_argument("--traces", type=Path, required=True, help="results/traces/traces.parquet")
    run.add_argument("--exemplars", type=Path, required=True, help="results/traces/exemplars.jsonl")
    run.add_argument("--tokenizer", type=Path, required=True, help="results/traces/tokenizers/{tokenizer}")
    run.add_argument("--aligned", type=Path, required=True, nargs="+", help="aligned traces of its tokenizer, by shard")
    run.add_argument("--root", type=Path, required=True, help="folder of raw files: local checkpoints")
    run.add_argument("--work", type=Path, required=True, help="folder for resumable state")
    run.add_argument("--output", type=Path, required=True, help="results/checkpoints/{student}")
    run.add_argument("--threads", type=int, default=1, help="CPU threads")
    run.set_defaults(command=_run)
    return door.run(parser, argv)


def _run(args: argparse.Namespace) -> None:
    recipe, student = read_recipe(args.recipe, "train", StudentRun)
    tokenizer = [path for path in sorted(args.tokenizer.glob("*.json")) if path.name != "provenance.json"]
    witness = Witness(args.provenance, recipe, args.recipe, [args.traces, args.exemplars, *tokenizer, *args.aligned])
    from specialize.train.specialise import Inputs, specialise  # torch and transformers load here

    given = Inputs(args.traces, args.exemplars, args.tokenizer, args.aligned)
    specialise(student, recipe, given, args.root, args.work, args.output, args.threads)
    witness.write([args.output])


if __name__ == "__main__":
    sys.exit(main())
