"""Scores → tables, figures, results/metrics.json.

example:
  python -m specialize.report build --recipe results/recipes/report.json \\
      --problems results/problems/index.json --funnel results/traces/funnel.json \\
      --scores results/scores --checkpoints results/checkpoints --predictions results/predictions \\
      --output results/report --metrics results/metrics.json

in:
  results/recipes/report.json
  results/scores/, results/predictions/, results/checkpoints/
  results/problems/index.json, results/traces/funnel.json, results/traces/aligned/*/coverage.json
out:
  results/metrics.json                the numbers that DVC compares
  results/report/
  ├── index.html                      the page
  ├── table.txt                       accuracies before → after
  ├── verdicts.json                   what holds of the paper's claims
  ├── scores.parquet, scores.csv      every score, a row for each accuracy
  └── {figure}.svg, {figure}.csv      a figure and its data
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from specialize.core import cli
from specialize.core.files import json_text, write_json, write_text
from specialize.core.log import get_logger
from specialize.core.params.report import ReportRun
from specialize.core.printable import printable
from specialize.lineage.provenance import ProvenanceWriter
from specialize.lineage.recipe import read_recipe

LOG = get_logger("report")


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command of the phase; return the exit status."""
    return cli.run(build_parser(), argv)


def build_parser() -> argparse.ArgumentParser:
    """Return the phase's parser, with a subparser for each command."""
    parser = cli.parser_for("report", __doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    build = commands.add_parser("build", help="build the report")
    cli.add_recipe(build, "results/recipes/report.json")
    build.add_argument("--problems", type=Path, required=True, help="results/problems/index.json")
    build.add_argument("--funnel", type=Path, required=True, help="results/traces/funnel.json")
    build.add_argument("--scores", type=Path, required=True, help="results/scores")
    build.add_argument("--checkpoints", type=Path, required=True, help="results/checkpoints")
    build.add_argument("--predictions", type=Path, required=True, help="results/predictions")
    build.add_argument("--coverage", type=Path, nargs="*", default=[], help="results/traces/aligned/*/coverage.json")
    build.add_argument("--output", type=Path, required=True, help="results/report")
    build.add_argument("--metrics", type=Path, required=True, help="results/metrics.json")
    build.set_defaults(command=_build)
    return parser


def _build(args: argparse.Namespace) -> None:
    recipe, params = read_recipe(args.recipe, "report", ReportRun)
    from specialize.report.load_results import Inputs, files_of, read_study

    # Folders, not lists of files: a large study's files would exceed the length of a command line.
    folders = args.scores, args.checkpoints, args.predictions
    found = files_of(Inputs(args.problems, args.funnel, *folders, args.coverage), params)
    provenance = ProvenanceWriter(args.provenance, recipe, args.recipe, found.all())
    from specialize.report.figures.registry import draw_figures
    from specialize.report.findings.registry import verdicts_json, verdicts_of
    from specialize.report.stats.contrasts import evidence_of
    from specialize.report.stats.predictions import read_predictions
    from specialize.report.views.html_page import page_of
    from specialize.report.views.main_table import columns_of
    from specialize.report.views.metrics import metrics_of
    from specialize.report.views.terminal import summary_line, terminal_table
    from specialize.report.views.write_tables import write_csv, write_scores

    study = read_study(found)
    evidence = evidence_of(study, read_predictions(found.judgements), params, params.starts)
    columns, verdicts, figures = columns_of(evidence), verdicts_of(evidence), draw_figures(evidence)
    tables = write_scores(args.output, evidence.accuracies.scores)
    for name, drawn in figures.items():
        tables.append(args.output / f"{name}.csv")
        write_csv(tables[-1], drawn.table, drawn.figure.NUMBERS)
    page = args.output / "index.html"
    texts = {args.output / f"{name}.svg": drawn.svg for name, drawn in figures.items()}
    texts[page] = page_of(evidence, columns, verdicts, figures, recipe)
    texts[args.output / "table.txt"] = terminal_table(evidence, columns, verdicts)
    texts[args.output / "verdicts.json"] = json_text(verdicts_json(verdicts))
    for path, text in texts.items():
        write_text(path, printable(text))
    write_json(args.metrics, metrics_of(evidence))
    provenance.write([*tables, *texts, args.metrics])
    LOG.info("%d scores of %d students. %s", len(study.scores), len(study.students), summary_line(verdicts, page))


if __name__ == "__main__":
    sys.exit(main())
