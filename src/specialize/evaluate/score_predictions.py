"""The step of scores: a student's predictions are judged, and its checkpoints selected. It loads no model."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from specialize.core import cli
from specialize.core.errors import SpecializeError
from specialize.core.files import write_json
from specialize.core.log import get_logger
from specialize.core.params.evaluation.scoring import ScoringParams
from specialize.lineage.provenance import ProvenanceWriter
from specialize.lineage.recipe import read_recipe
from specialize.records.scores import Score, Selected

log = get_logger("evaluate")


def add_parser(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command."""
    parser = commands.add_parser("score", help="score a student's predictions and select its checkpoints")
    cli.add_recipe(parser, "results/recipes/evaluate.json")
    parser.add_argument("--problems", type=Path, required=True, help="results/problems")
    parser.add_argument("--output", type=Path, required=True, help="results/scores/{student}")
    parser.add_argument("predictions", type=Path, nargs="+", help="the student's files of predictions")
    parser.set_defaults(command=_run)


def score_student(params: ScoringParams, predictions: Sequence[Path], problems: Path, output: Path) -> Selected:
    """Write score and judgements for each file of predictions, and the selection; return that.

    predictions: {student}/step-{n}/{benchmark}.parquet, of one student.
    """
    from specialize.evaluate.score import accuracies_line, judge_predictions, read_info, read_problems, score_of
    from specialize.evaluate.select import drop_others, select

    infos = {path: read_info(path) for path in predictions}
    if len({info.student for info in infos.values()}) != 1:
        raise SpecializeError(f"expected predictions of one student, got {sorted({i.student for i in infos.values()})}")
    known = {name: read_problems(problems, name) for name in sorted({info.benchmark for info in infos.values()})}
    scores: list[Score] = []
    for path, info in sorted(infos.items(), key=lambda item: (item[1].step, item[1].benchmark)):
        folder = output / f"step-{info.step}"
        answered = judge_predictions(
            path, info.role == "generic", known[info.benchmark], folder / f"{info.benchmark}.parquet"
        )
        scores.append(score_of(info, answered, params))
        write_json(folder / f"{info.benchmark}.json", scores[-1].model_dump())
    for step in sorted({score.step for score in scores}):
        of_step = [score for score in scores if score.step == step]
        log.info("%s step %s: %s", of_step[0].student, step, accuracies_line(of_step, params))
    chosen = select(scores, params)
    write_json(output / "selected.json", chosen.model_dump())
    drop_others({(f"step-{score.step}", score.benchmark) for score in scores}, output)
    return chosen


def _run(args: argparse.Namespace) -> None:
    recipe, params = read_recipe(args.recipe, "evaluate", ScoringParams)
    asked = [path for path in args.problems.glob("*/*.jsonl") if path.stem in ("validation", "test")]
    provenance = ProvenanceWriter(args.provenance, recipe, args.recipe, [*args.predictions, *asked])
    from specialize.evaluate.select import selection_line

    chosen = score_student(params, args.predictions, args.problems, args.output)
    provenance.write([args.output])
    print(selection_line(chosen), file=sys.stderr)
