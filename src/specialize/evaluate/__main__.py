"""Checkpoints + evaluation problems → predictions, scores, the selected checkpoint.

example:
  echo '{"text": "2 + 3 = 5. The answer is 5", "gold": "5"}' | python -m specialize.evaluate judge /dev/stdin

in:
  results/recipes/evaluate.json, results/recipes/evaluate/generate.json
  results/checkpoints/<student>/step-<n>/
  results/problems/                   index.json, <dataset>/{validation,test,exemplars}.jsonl
out:
  results/predictions/<student>/step-<n>/<benchmark>.parquet   what the checkpoint wrote to each prompt
  results/scores/<student>/
  ├── step-<n>/<benchmark>.json       accuracies with intervals
  ├── step-<n>/<benchmark>.parquet    the answers that were read from each text, and whether they are right
  └── selected.json                   the checkpoints with the best validation accuracy
"""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import get_args

from specialize.core import cli
from specialize.evaluate import generate_predictions, score_predictions, teacher_scores
from specialize.records.problems import AnswerKind


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command of the phase; return the exit status."""
    return cli.run(build_parser(), argv)


def build_parser() -> argparse.ArgumentParser:
    """Return the phase's parser, with a subparser for each command."""
    parser = cli.parser_for("evaluate", __doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    # Each step is a module: a recipe holds the code of its own step alone (lineage.code_digest).
    generate_predictions.add_parser(commands)
    score_predictions.add_parser(commands)
    teacher_scores.add_parser(commands)

    judge_ = commands.add_parser("judge", help="judge texts against gold answers: adds both readings to each row")
    judge_.add_argument(
        "file", type=Path, help=".csv, .tsv, .parquet, else JSON Lines; /dev/stdin reads standard input"
    )
    judge_.add_argument("--kind", choices=get_args(AnswerKind), help="how answers are judged (else as each gold tells)")
    judge_.add_argument("--choices", metavar="FIELD", help="field with the options: label to text, or a list of texts")
    judge_.set_defaults(command=_judge)
    return parser


def _judge(args: argparse.Namespace) -> None:
    from specialize.evaluate.judge_file import Totals, judged_rows

    totals = Totals()
    for row in judged_rows(args.file, args.kind, args.choices):
        totals.count(row)
        print(json.dumps(row))
    print(*totals.lines(), sep="\n", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
