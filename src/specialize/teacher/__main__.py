"""Train problems → completions, sampled from a server or imported from recorded files.

example:
  python -m specialize.teacher sample --estimate --problems results/problems/world/train.jsonl

in:
  results/recipes/teacher.json, results/recipes/teacher/rounds/<round>.json
  results/problems/<seed dataset>/
  ├── train.jsonl                    the questions
  └── exemplars.jsonl                a few-shot prompt, where teacher.prompt names it
  <root>/<recorded>.json             recorded completions (teacher.mode: recorded)
  $SPECIALIZE_CACHE                  answers that were paid for before
out:
  results/completions/
  ├── part-<shard>.parquet           text, tokens and top-k log-probabilities of each completion
  └── sampling.json or import.json   counts
"""

import argparse
import sys
from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path

from specialize.core import cli
from specialize.core.errors import RecipeError, RecordError
from specialize.core.files import read_records, write_json
from specialize.core.log import get_logger
from specialize.core.params.teacher import LOCAL, LimitsParams, TeacherParams
from specialize.lineage.provenance import ProvenanceWriter
from specialize.lineage.recipe import read_recipe
from specialize.records.completions import ImportSummary
from specialize.records.problems import Problem
from specialize.teacher.cache.commands import add_cache_commands
from specialize.teacher.cache.store import cache_folder, open_cache
from specialize.teacher.cache.transfer import refill_results
from specialize.teacher.completions import remove_others
from specialize.teacher.endpoint import endpoint_of
from specialize.teacher.on_policy.score_command import add_score
from specialize.teacher.plan import Plan
from specialize.teacher.prompt import read_few_shot
from specialize.teacher.recorded.read_recordings import read_recorded
from specialize.teacher.recorded.to_completions import Imported, import_rows, write_imported
from specialize.teacher.sampling.batch import fill_by_batch
from specialize.teacher.sampling.online import fill
from specialize.teacher.settings import read_limits, read_settings
from specialize.teacher.simulated.command import add_serve
from specialize.teacher.simulated.process import local_teacher, serve_command
from specialize.teacher.write_shards import write_shards

LOG = get_logger("teacher")
LOST_SHOWN = 5


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command of the phase; return the exit status."""
    return cli.run(build_parser(), argv)


def build_parser() -> argparse.ArgumentParser:
    """Return the phase's parser, with a subparser for each command."""
    parser = cli.parser_for("teacher", __doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    _add_sample(commands)
    _add_import(commands)
    add_score(commands)
    add_cache_commands(commands)
    add_serve(commands)
    return parser


def _add_sample(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    sample = commands.add_parser("sample", help="sample the completions that the cache lacks and write all of them")
    sample.add_argument("--recipe", type=Path, help="results/recipes/teacher.json; needed unless --estimate is given")
    sample.add_argument("--provenance", type=Path, help="write here what made the outputs (lineage.provenance)")
    sample.add_argument("--problems", type=Path, required=True, help="the problems to ask (JSON Lines)")
    sample.add_argument("--worked", type=Path, nargs="*", default=[], help="more problems that the local teacher knows")
    sample.add_argument("--limits", help="JSON of teacher.limits: rates, prices, budget")
    sample.add_argument("--work", type=Path, default=Path("results/work/teacher"), help="cache of the local teacher")
    sample.add_argument("--output", type=Path, nargs="+", help="parquet files of completions, one per shard")
    sample.add_argument("--summary", type=Path, help="JSON file with the counts (default: sampling.json beside them)")
    sample.add_argument("--estimate", action="store_true", help="print requests, tokens and cost; send nothing")
    sample.add_argument("--params", type=Path, default=Path("params.yaml"), help="for --estimate without a recipe")
    sample.set_defaults(command=_sample)


def _add_import(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    importing = commands.add_parser("import", help="import recorded completions, without any API")
    cli.add_recipe(importing, "results/recipes/teacher.json")
    importing.add_argument("--problems", type=Path, required=True, help="the problems that the teacher answered")
    importing.add_argument(
        "--recorded",
        type=Path,
        required=True,
        nargs="+",
        help="files of recorded completions; each is one teacher, named by the file",
    )
    importing.add_argument(
        "--output", type=Path, required=True, nargs="+", help="parquet files of completions, one per shard"
    )
    importing.add_argument("--summary", type=Path, help="JSON file with the counts (default: import.json beside them)")
    importing.set_defaults(command=_import)


def _sample(args: argparse.Namespace) -> None:
    if args.estimate:
        _estimate(args)
        return
    if not args.recipe or not args.output:
        raise RecipeError("sample: expected --recipe and --output (or --estimate), got neither or one")
    recipe, params = read_recipe(args.recipe, "teacher", TeacherParams)
    params = params.model_copy(update={"limits": read_limits(args.limits) if args.limits else LimitsParams()})
    few_shot = [Path(params.prompt)] if params.prompt else []
    provenance = ProvenanceWriter(args.provenance, recipe, args.recipe, [args.problems, *args.worked, *few_shot])
    if len(args.output) != params.shards:
        raise RecipeError(f"--output: expected a file for each of {params.shards} shards, got {len(args.output)}")
    plan = _plan(args, params)
    local = params.base_url == LOCAL
    server = local_teacher(serve_command([args.problems, *args.worked], params.local)) if local else None
    with open_cache(args.work if local else cache_folder(), paid=not local) as cache:
        if params.paid:
            refill_results(cache, args.output[0].parent)  # what stands there is written over
        if params.mode == "batch":
            fill_by_batch(plan, cache, params.base_url)
        else:
            with server or nullcontext(params.base_url) as base_url:
                fill(plan, cache, base_url)
        summary = write_shards(plan, cache, args.output)
    summary_file = args.summary or args.output[0].with_name("sampling.json")
    write_json(summary_file, summary.model_dump())
    remove_others([*args.output, summary_file])
    provenance.write([*args.output, summary_file])
    LOG.info("wrote %s completions of %s problems", f"{summary.completions:,}", f"{plan.count:,}")


def _estimate(args: argparse.Namespace) -> None:
    params = read_recipe(args.recipe, "teacher", TeacherParams)[1] if args.recipe else read_settings(args.params)
    if args.limits:
        params = params.model_copy(update={"limits": read_limits(args.limits)})
    if params.mode == "recorded":
        raise RecipeError("teacher.mode: expected online or batch for an estimate, got recorded: it asks nothing")
    local = params.base_url == LOCAL
    with open_cache(args.work if local else cache_folder(), paid=not local) as cache:
        estimate = _plan(args, params).estimate(cache)
    print("\n".join(estimate.lines()))


def _plan(args: argparse.Namespace, params: TeacherParams) -> Plan:
    few_shot = read_few_shot(Path(params.prompt) if params.prompt else None, params.request)
    return Plan(args.problems, params, few_shot, endpoint_of(params, [args.problems, *args.worked]))


def _import(args: argparse.Namespace) -> None:
    recipe, params = read_recipe(args.recipe, "teacher", TeacherParams)
    # Raw files stand in the recipe by their hashes; their paths are this machine's own.
    inputs = [args.problems, *(path for path in args.recorded if not path.is_absolute())]
    provenance = ProvenanceWriter(args.provenance, recipe, args.recipe, inputs)
    _check_names(args.recorded, params)
    if len(args.output) != params.shards:
        raise RecipeError(f"--output: expected a file for each of {params.shards} shards, got {len(args.output)}")
    problems = read_records(args.problems, Problem)
    imported = import_rows({path.stem: read_recorded(path) for path in args.recorded}, problems)
    _log_unmatched(imported)
    if not imported.completions:
        hint = "Are these the problems that the teacher answered?"
        raise RecordError(f"{args.recorded[0]}:1", "question", f"a question of {args.problems}", "none matches", hint)
    write_imported(args.output, imported, problems)
    summary = args.summary or args.output[0].with_name("import.json")
    write_json(summary, ImportSummary(teachers=imported.counts).model_dump())
    remove_others([*args.output, summary])
    provenance.write([*args.output, summary])
    answered = len({completion["problem_id"] for completion in imported.completions})
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


def _log_unmatched(imported: Imported) -> None:
    for row in imported.lost[:LOST_SHOWN]:
        LOG.warning("%s: no one problem has this question: %.80r", row.where, row.question)
    if len(imported.lost) > LOST_SHOWN:
        LOG.warning("… and %s more", len(imported.lost) - LOST_SHOWN)


if __name__ == "__main__":
    sys.exit(main())
