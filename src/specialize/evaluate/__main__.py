"""Checkpoints + evaluation problems → predictions, scores, the selected checkpoint.

example:
  echo '{"text": "2 + 3 = 5. The answer is 5", "gold": "5"}' | python -m specialize.evaluate judge /dev/stdin

in:
  results/recipes/evaluate.json, results/recipes/evaluate/{generate,rounds/<round>}.json
  results/checkpoints/<student>/step-<n>/
  results/problems/                   index.json, <dataset>/{validation,test,exemplars}.jsonl
out:
  results/predictions/<student>/step-<n>/<benchmark>.parquet   what the checkpoint wrote to each prompt
  results/scores/<student>/
  ├── step-<n>/<benchmark>.json       accuracies with intervals
  ├── step-<n>/<benchmark>.parquet    the answers that were read from each text, and whether they are right
  └── selected.json                   the checkpoints with the best validation accuracy
  results/starts/<round>/rollouts/rollouts.jsonl   a checkpoint's answers to training questions
"""

import argparse
import json
import re
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import get_args

from specialize.core import cli
from specialize.core.errors import SpecializeError
from specialize.core.prompt_formats import FORMATS, GENERIC_FORMATS
from specialize.evaluate import generate_predictions, generate_rollouts, score_predictions, teacher_scores
from specialize.records.problems import AnswerKind
from specialize.records.scores import GenericReading, MathsReading

EXCHANGE = ("every_eval_ever", "inspect", "lm_eval")
"""Formats of other tools: the schema of Every Eval Ever, logs of Inspect, samples of lm-evaluation-harness."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command of the phase; return the exit status."""
    return cli.run(build_parser(), argv)


def build_parser() -> argparse.ArgumentParser:
    """Return the phase's parser, with a subparser for each command."""
    parser = cli.parser_for("evaluate", __doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    # Each step is a module: a recipe holds the code of its own step alone (lineage.code_digest).
    generate_predictions.add_parser(commands)
    generate_rollouts.add_parser(commands)
    score_predictions.add_parser(commands)
    teacher_scores.add_parser(commands)

    judge_ = commands.add_parser("judge", help="judge texts against gold answers: adds both readings to each row")
    judge_.add_argument(
        "file", type=Path, help=".csv, .tsv, .parquet, else JSON Lines; /dev/stdin reads standard input"
    )
    judge_.add_argument("--kind", choices=get_args(AnswerKind), help="how answers are judged (else as each gold tells)")
    judge_.add_argument("--choices", metavar="FIELD", help="field with the options: label to text, or a list of texts")
    judge_.set_defaults(command=_judge)

    compare = commands.add_parser("compare", help="compare two checkpoints, answer by answer")
    for name in ("first", "second"):
        compare.add_argument(
            name, type=Path, help="predictions (or scores) of a checkpoint, or of a student: its last checkpoint"
        )
    compare.add_argument("--split", default="test", choices=("test", "validation"), help="test unless given")
    compare.add_argument("--format", choices=(*FORMATS, *GENERIC_FORMATS), help="only this format")
    compare.add_argument(
        "--reading",
        choices=(*get_args(MathsReading), *get_args(GenericReading)),
        help="flexible and exact unless given",
    )
    compare.add_argument("--changed", action="store_true", help="list the problems that only one of the two solves")
    compare.add_argument("--show", action="store_true", help="the same, with both texts")
    compare.add_argument("--json", action="store_true", help="print all of it as one JSON object")
    compare.set_defaults(command=_compare)

    export = commands.add_parser("export", help="write checkpoints' results in the formats of other tools")
    export.add_argument(
        "checkpoints", type=Path, nargs="+", help="predictions of a checkpoint, or of a student: its last checkpoint"
    )
    export.add_argument("--output", type=Path, required=True, help="folder; each format gets a folder below it")
    export.add_argument("--to", nargs="+", choices=EXCHANGE, default=EXCHANGE, help="all of them unless given")
    export.add_argument(
        "--organisation", default="local", help="of the model's name there, organisation/student-step-n: local"
    )
    export.add_argument("--timestamp", type=int, help="seconds since 1970 that the records bear; now unless given")
    export.set_defaults(command=_export)
    return parser


def _judge(args: argparse.Namespace) -> None:
    from specialize.evaluate.judge_file import Totals, judged_rows

    totals = Totals()
    for row in judged_rows(args.file, args.kind, args.choices):
        totals.count(row)
        print(json.dumps(row))
    print(*totals.lines(), sep="\n", file=sys.stderr)


def _compare(args: argparse.Namespace) -> None:
    from specialize.evaluate.compare.checkpoint_answers import read_checkpoint
    from specialize.evaluate.compare.pairs import Wanted, as_record, changed_lines, compare, table_lines

    first, second = read_checkpoint(args.first), read_checkpoint(args.second)
    pairs, changed = compare(first, second, Wanted(args.split, args.format, args.reading))
    if args.json:
        print(json.dumps(as_record(first, second, pairs, changed)))
        return
    for line in table_lines(first, second, pairs):
        print(line)
    for line in changed_lines(changed, args.show) if args.changed or args.show else ():
        print(line)


def _export(args: argparse.Namespace) -> None:
    from specialize.evaluate.exchange.every_eval_ever import write_every_eval_ever
    from specialize.evaluate.exchange.exported import exported
    from specialize.evaluate.exchange.inspect_log import write_inspect_logs
    from specialize.evaluate.exchange.lm_eval import write_lm_eval

    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]*", args.organisation):
        raise SpecializeError(f"--organisation: expected letters, digits, `_` and `-`, got {args.organisation!r}")
    found = [exported(path, args.organisation) for path in args.checkpoints]
    now = int(time.time()) if args.timestamp is None else args.timestamp
    for each in found:
        for format in args.to:
            folder = args.output / format
            match format:
                case "every_eval_ever":
                    written = write_every_eval_ever(each, folder, now)
                case "inspect":
                    written = write_inspect_logs(each, folder, now)
                case _:
                    written = write_lm_eval(each, folder)
            print(f"{each.checkpoint.name}: {len(written)} files -> {folder}")


if __name__ == "__main__":
    sys.exit(main())
