"""Door of the teacher room: train problems → completions."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from specialize.core import door
from specialize.core.errors import RecipeError, RecordError
from specialize.core.files import read_records, write_json
from specialize.core.log import get_logger
from specialize.core.params.teacher import TeacherParams
from specialize.core.provenance import Witness
from specialize.core.recipe import read_recipe
from specialize.core.records import Problem
from specialize.teacher.completions import write_completions
from specialize.teacher.importing import Imported, import_rows
from specialize.teacher.local.command import add_serve
from specialize.teacher.recorded import read_recorded

LOG = get_logger("teacher")
LOST_SHOWN = 5


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command of the room; return the exit status."""
    parser = door.parser_for("teacher", __doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    importing = commands.add_parser("import", help="turn recorded completions into completions, without any API")
    door.add_recipe(importing, "results/recipes/teacher.json")
    importing.add_argument("--problems", type=Path, required=True, help="the problems that the teacher answered")
    importing.add_argument(
        "--recorded",
        type=Path,
        required=True,
        nargs="+",
        help="files of recorded completions; each is one teacher, named by the file",
    )
    importing.add_argument("--output", type=Path, required=True, help="parquet file of completions")
    importing.add_argument("--summary", type=Path, help="JSON file with the counts (default: import.json beside it)")
    importing.set_defaults(command=_import)
    add_serve(commands)
    return door.run(parser, argv)


def _import(args: argparse.Namespace) -> None:
    recipe, params = read_recipe(args.recipe, "teacher", TeacherParams)
    # Raw files stand in the recipe by their hashes; their paths are this machine's own.
    inputs = [args.problems, *(path for path in args.recorded if not path.is_absolute())]
    witness = Witness(args.provenance, recipe, args.recipe, inputs)
    _check_names(args.recorded, params)
    problems = read_records(args.problems, Problem)
    imported = import_rows({path.stem: read_recorded(path) for path in args.recorded}, problems)
    _tell_lost(imported)
    if not imported.completions:
        hint = "Are these the problems that the teacher answered?"
        raise RecordError(f"{args.recorded[0]}:1", "question", f"a question of {args.problems}", "none matches", hint)
    write_completions(args.output, imported.completions)
    summary = args.summary or args.output.with_name("import.json")
    write_json(summary, {"teachers": imported.counts})
    witness.write([args.output, summary])
    answered = len({completion.problem_id for completion in imported.completions})
    LOG.info(
        "imported %s completions of %s teachers for %s of %s problems; %s rows without a problem",
        f"{len(imported.completions):,}",
        len(imported.counts),
        f"{answered:,}",
        f"{len(problems):,}",
        f"{len(imported.lost):,}",
    )


def _check_names(recorded: Sequence[Path], params: TeacherParams) -> None:
    """The files must be those of the recipe, and no two may bear one teacher's name."""
    given, asked = [path.name for path in recorded], [Path(name).name for name in params.recorded]
    if given != asked:
        raise RecipeError(f"--recorded: expected the recipe's files {', '.join(asked)}, got {', '.join(given)}")
    stems = [path.stem for path in recorded]
    twice = sorted({stem for stem in stems if stems.count(stem) > 1})
    if twice:
        raise RecipeError(f"teacher.recorded: two files name the same teacher '{twice[0]}'; rename one of them")


def _tell_lost(imported: Imported) -> None:
    for row in imported.lost[:LOST_SHOWN]:
        LOG.warning("%s: no one problem has this question: %.80r", row.where, row.question)
    if len(imported.lost) > LOST_SHOWN:
        LOG.warning("… and %s more", len(imported.lost) - LOST_SHOWN)


if __name__ == "__main__":
    sys.exit(main())
