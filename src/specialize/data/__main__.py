"""Raw sources → problems with seeded splits.

example:
  python -m specialize.data build --recipe results/recipes/data.json

in:
  results/recipes/data.json
  <root>/{gsm8k,svamp,multiarith,asdiv,bbh}/…   raw files of benchmarks, where data.source is files
  <root>/…                                      files that data.datasets.<name>.files names
  prompts/*.jsonl                               worked problems for the prompts, unless it is procedural
out:
  results/problems/
  ├── index.json                                datasets with their roles and counts
  ├── <dataset>/
  │   ├── train.jsonl                           what the teacher solves (the seed dataset)
  │   ├── validation.jsonl, test.jsonl          what checkpoints are scored on
  │   └── exemplars.jsonl                       worked problems for prompts
  └── world/{instructions,pretraining}.jsonl    what start checkpoints learn from (procedural)
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from pydantic import ValidationError

from specialize.core import cli
from specialize.core.errors import ParamsError
from specialize.core.log import get_logger
from specialize.core.params.data import DataParams
from specialize.data.build import split_all
from specialize.data.procedural import datasets, pretraining
from specialize.data.procedural.datasets import WORLDS
from specialize.data.procedural.standalone import examples, world_params
from specialize.data.sources import collect
from specialize.data.write import write_problems
from specialize.lineage.provenance import ProvenanceWriter
from specialize.lineage.recipe import check_raw_files, read_recipe
from specialize.records.problems import ProblemIndex
from specialize.records.record import Record


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command of the phase; return the exit status."""
    return cli.run(build_parser(), argv)


def build_parser() -> argparse.ArgumentParser:
    """Return the phase's parser, with a subparser for each command."""
    parser = cli.parser_for("data", __doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    build = commands.add_parser("build", help="write every dataset of the recipe")
    cli.add_recipe(build, "results/recipes/data.json")
    build.add_argument("--root", type=Path, help="folder of the raw files (default: data.root's default)")
    build.add_argument("--exemplars", type=Path, help="worked maths problems (default: data.exemplars)")
    build.add_argument("--output", type=Path, default=Path("results/problems"))
    build.set_defaults(command=_build)

    alone = commands.add_parser("world", help="print examples of the procedural datasets, or write all of them")
    alone.add_argument("--output", type=Path, help="folder for the files; without it, examples go to standard output")
    alone.add_argument("--seed", type=int, default=1, help="the same seed gives the same world (default: 1)")
    alone.add_argument("--train", type=int, default=3000, help="training problems (default: 3000)")
    alone.add_argument("--evaluation", type=int, default=300, help="problems of each other set (default: 300)")
    alone.add_argument("--largest-number", type=int, default=30, help="no number is larger (default: 30)")
    alone.add_argument(
        "--mixture", type=int, default=8000, help="instructions, and texts to pretrain on (default: 8000)"
    )
    alone.add_argument("--examples", type=int, default=1, help="how many of each kind to print (default: 1)")
    alone.set_defaults(command=_world)
    return parser


def _build(args: argparse.Namespace) -> None:
    recipe, params = read_recipe(args.recipe, "data", DataParams)
    provenance = ProvenanceWriter(args.provenance, recipe, args.recipe, [])
    texts: dict[str, Sequence[Record]] = {}
    root, exemplars = args.root or Path(params.root), args.exemplars or Path(params.exemplars)
    check_raw_files(recipe, root)
    if params.texts:
        texts = pretraining.texts(params)
    collected = collect(params, root, exemplars)
    splits, index = split_all(collected, params)
    made = write_problems(args.output, splits, index, texts)
    provenance.write(made)
    _summarise(index)


def _world(args: argparse.Namespace) -> None:
    try:
        params = world_params(args.seed, args.train, args.evaluation, args.largest_number, args.mixture)
    except ValidationError as error:
        first = error.errors()[0]
        raise ParamsError(
            f"--{str(first['loc'][-1]).replace('_', '-')}: {first['msg']}, got {first['input']}"
        ) from None
    splits, index = split_all(datasets.collect(params, WORLDS), params)
    texts = pretraining.texts(params)
    if args.output:
        write_problems(args.output, splits, index, texts)
        _summarise(index)
    else:
        print("\n".join(examples(splits, texts, args.examples)))


def _summarise(index: ProblemIndex) -> None:
    logger = get_logger("data")
    for name, summary in index.datasets.items():
        counts = ", ".join(f"{split} {count}" for split, count in summary.splits.items())
        logger.info("%s (%s): %s", name, summary.role.replace("_", " "), counts)
    logger.info("questions in more than one evaluation set: %d", index.shared_questions)


if __name__ == "__main__":
    sys.exit(main())
