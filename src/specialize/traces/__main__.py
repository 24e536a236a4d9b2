"""Completions → correct, deduplicated, decontaminated traces, in the students' tokens.

example:
  python -m specialize.traces show --traces results/traces/traces.parquet \\
      --problems results/problems/world/train.jsonl

in:
  results/recipes/traces.json, results/recipes/traces/<tokenizer>.json, results/recipes/traces/rounds/<round>.json
  results/completions/part-<shard>.parquet
  results/problems/<dataset>/*.jsonl        the questions; evaluation problems to keep away from
  results/starts/<round>/{rollouts,scored}/ a student's answers, and what the teacher says of them
out:
  results/traces/
  ├── traces.parquet                        what students learn from
  ├── exemplars.jsonl                       worked problems for in-context formats
  ├── funnel.json                           what each filter dropped
  ├── contamination.json                    what is shared with each evaluation set
  ├── tokenizers/<tokenizer>/               a tokenizer, learned or fetched
  └── aligned/<tokenizer>/
      ├── part-<shard>.parquet              the teacher's distributions over the student's tokens
      └── coverage.json                     how many tokens have one
  results/starts/<round>/aligned/           traces.parquet, part-00000.parquet, coverage.json of an on-policy round
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from specialize.core import cli
from specialize.core.errors import RecordError, SpecializeError
from specialize.core.files import parse_record, read_json, read_records, write_json, write_records
from specialize.core.log import get_logger
from specialize.core.params.traces import AlignmentParams, FilterParams, TokenizerRun
from specialize.core.prompt_formats import FORMATS
from specialize.lineage.provenance import ProvenanceWriter
from specialize.lineage.recipe import read_recipe
from specialize.records.coverage import Coverage
from specialize.records.problems import Problem
from specialize.traces import align_rollouts
from specialize.traces.filter.contamination_limit import refuse_contaminated
from specialize.traces.filter.contamination_report import contamination_of
from specialize.traces.filter.funnel import funnel_lines
from specialize.traces.filter.steps import Filtered, filter_completions, worked_problems
from specialize.traces.show_formats import exemplars_for, shown
from specialize.traces.tables import read_completions, read_traces, write_traces

LOG = get_logger("traces")
CONTAMINATED_SHOWN = 10
TOKENIZER_RECIPE = "results/recipes/traces/{tokenizer}.json"


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command of the phase; return the exit status."""
    return cli.run(build_parser(), argv)


def build_parser() -> argparse.ArgumentParser:
    """Return the phase's parser, with a subparser for each command."""
    parser = cli.parser_for("traces", __doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    build = commands.add_parser("build", help="filter completions into traces and count what was dropped")
    cli.add_recipe(build, "results/recipes/traces.json")
    build.add_argument("--completions", type=Path, required=True, nargs="+", help="parquet files of completions")
    build.add_argument("--problems", type=Path, required=True, help="the problems that were asked (JSON Lines)")
    build.add_argument(
        "--against",
        type=Path,
        nargs="*",
        default=[],
        help="evaluation problems, for decontamination",
    )
    build.add_argument("--output", type=Path, required=True, help="parquet file of traces")
    build.add_argument("--exemplars", type=Path, help="JSON Lines of the worked problems fit to be exemplars")
    build.add_argument("--funnel", type=Path, required=True, help="JSON file of what was dropped at each step")
    build.add_argument("--contamination", type=Path, help="JSON file of what is shared with each evaluation set")
    build.set_defaults(command=_build)

    tokenizer = commands.add_parser("tokenizer", help="learn or fetch a tokenizer")
    cli.add_recipe(tokenizer, TOKENIZER_RECIPE)
    tokenizer.add_argument("--root", type=Path, required=True, help="folder of raw files")
    tokenizer.add_argument(
        "--texts", type=Path, nargs="*", default=[], help="Parquet or JSON Lines files to learn from"
    )
    tokenizer.add_argument("--output", type=Path, required=True, help="folder of the tokenizer")
    tokenizer.set_defaults(command=_tokenizer)

    targets = commands.add_parser("targets", help="align the traces of one shard to a student's tokens")
    cli.add_recipe(targets, TOKENIZER_RECIPE)
    targets.add_argument("--tokenizer", type=Path, required=True, help="folder of the tokenizer")
    targets.add_argument("--traces", type=Path, required=True, help="parquet file of all traces")
    targets.add_argument("--completions", type=Path, required=True, help="parquet file of the shard's completions")
    targets.add_argument("--output", type=Path, required=True, help="parquet file of aligned traces")
    targets.add_argument("--coverage", type=Path, required=True, help="JSON file of what the distributions cover")
    targets.set_defaults(command=_targets)

    align_rollouts.add_parser(commands)

    coverage = commands.add_parser("coverage", help="sum the coverage of shards")
    cli.add_recipe(coverage, TOKENIZER_RECIPE)
    coverage.add_argument("parts", type=Path, nargs="+", help="JSON files of the shards")
    coverage.add_argument("--output", type=Path, required=True, help="JSON file of the whole")
    coverage.set_defaults(command=_coverage)

    align = commands.add_parser("align", help="print the coverage of an alignment, a JSON line per completion")
    align.add_argument("--tokenizer", required=True, help="folder or Hugging Face id of the student's tokenizer")
    align.add_argument("--completions", type=Path, required=True, help="Parquet, or recorded responses (JSON Lines)")
    align.add_argument("--method", choices=("bytes", "dtw"), default="bytes", help="bytes unless given")
    align.add_argument("--groups", choices=("one_hot", "merge", "chunk"), help="merge unless given; dtw: one_hot")
    align.add_argument(
        "--target-temperature",
        type=float,
        default=1.0,
        metavar="T",
        help="of the distributions; 1, as the server told them, unless given",
    )
    align.add_argument("--show", type=int, metavar="N", nargs="?", const=0, help="draw completion N (from 0) instead")
    align.set_defaults(command=_align)

    temperature = commands.add_parser(
        "temperature", help="estimate at which temperature completions were sampled, from their log-probabilities"
    )
    temperature.add_argument(
        "--completions", type=Path, required=True, nargs="+", help="Parquet, or recorded responses (JSON Lines)"
    )
    temperature.set_defaults(command=_temperature)

    show = commands.add_parser("show", help="print one trace in each of the four formats")
    show.add_argument("--traces", type=Path, required=True, help="parquet file of traces")
    show.add_argument("--problems", type=Path, required=True, help="problems to take exemplars from (JSON Lines)")
    show.add_argument("--number", type=int, default=0, help="which trace, counted from 0")
    show.add_argument("--format", choices=FORMATS, help="only this format")
    show.set_defaults(command=_show)
    return parser


def _build(args: argparse.Namespace) -> None:
    recipe, params = read_recipe(args.recipe, "traces", FilterParams)
    provenance = ProvenanceWriter(
        args.provenance, recipe, args.recipe, [*args.completions, args.problems, *args.against]
    )
    problems = read_records(args.problems, Problem)
    sets: dict[str, list[Problem]] = {}
    for path in args.against:
        sets.setdefault(path.parent.name, []).extend(read_records(path, Problem))
    against = [problem for of_set in sets.values() for problem in of_set]
    if not against:
        LOG.warning("no evaluation problems given (--against): nothing keeps their questions out of the traces")
    filtered = filter_completions(read_completions(args.completions), problems, against, params)
    refuse_contaminated(filtered.funnel, filtered.contaminated, problems, against, params)
    write_traces(args.output, filtered.traces)
    if args.exemplars:
        write_records(args.exemplars, worked_problems(problems, filtered.contaminated))
    write_json(args.funnel, filtered.funnel.model_dump())
    if args.contamination:
        shared = contamination_of(problems, filtered.traces, sets, params.ngram)
        write_json(args.contamination, shared.model_dump())
    written = (args.output, args.exemplars, args.funnel, args.contamination)
    provenance.write([path for path in written if path])
    _log_contaminated(filtered)
    for line in funnel_lines(filtered.funnel):
        LOG.info("%s", line)


def _tokenizer(args: argparse.Namespace) -> None:
    recipe, run = read_recipe(args.recipe, "traces", TokenizerRun)
    provenance = ProvenanceWriter(args.provenance, recipe, args.recipe, args.texts)
    from specialize.traces.tokenizers import build_tokenizer, save_tokenizer

    tokenizer = build_tokenizer(run.tokenizer, args.root, args.texts)
    save_tokenizer(tokenizer, args.output)
    provenance.write([args.output])
    LOG.info("tokenizer %s: %s pieces -> %s", run.name, f"{len(tokenizer):,}", args.output)


def _targets(args: argparse.Namespace) -> None:
    recipe, run = read_recipe(args.recipe, "traces", TokenizerRun)
    files = [path for path in sorted(args.tokenizer.glob("*.json")) if not path.name.endswith("provenance.json")]
    provenance = ProvenanceWriter(args.provenance, recipe, args.recipe, [*files, args.traces, args.completions])
    from specialize.traces.align_traces import write_targets
    from specialize.traces.alignment.vocabulary import StudentVocabulary
    from specialize.traces.tokenizers import load_tokenizer

    vocabulary = StudentVocabulary(load_tokenizer(str(args.tokenizer)))
    coverage = write_targets(args.traces, args.completions, vocabulary, run.alignment, args.output)
    write_json(args.coverage, coverage.model_dump())
    # Summed over all shards, `coverage` reports it.
    provenance.write([args.output, args.coverage])


def _coverage(args: argparse.Namespace) -> None:
    recipe, _ = read_recipe(args.recipe, "traces", TokenizerRun)
    provenance = ProvenanceWriter(args.provenance, recipe, args.recipe, args.parts)
    whole = Coverage()
    for part in args.parts:
        whole = whole.plus(parse_record(str(part), read_json(part), Coverage))
    _drop_other_shards(args.parts)
    write_json(args.output, whole.model_dump())
    provenance.write([args.output])
    _log_coverage(whole)


def _drop_other_shards(parts: Sequence[Path]) -> None:
    """Remove what a run with more shards left: the folder is recorded and shared as a whole."""
    beside = {path for part in parts for path in part.parent.glob("part-*.coverage.json")}
    for left in beside - set(parts):
        for path in left.parent.glob(left.name.replace("coverage.json", "*")):
            path.unlink()


def _align(args: argparse.Namespace) -> None:
    groups = args.groups or ("one_hot" if args.method == "dtw" else "merge")
    if args.method == "dtw" and groups != "one_hot":
        raise SpecializeError(f"--groups: dtw is the paper's and knows one_hot alone, got {groups}")
    if not 0 <= args.target_temperature <= 10:
        raise SpecializeError(f"--target-temperature: expected a number from 0 to 10, got {args.target_temperature}")
    params = AlignmentParams(method=args.method, groups=groups, target_temperature=args.target_temperature)
    from specialize.traces.alignment.vocabulary import StudentVocabulary
    from specialize.traces.inspect_alignment import coverage_lines, picture
    from specialize.traces.tokenizers import load_tokenizer

    vocabulary = StudentVocabulary(load_tokenizer(args.tokenizer))
    if args.show is not None:
        print(picture(vocabulary, args.completions, args.show, params))
        return
    whole = Coverage()
    for line, coverage in coverage_lines(vocabulary, args.completions, params):
        print(line)
        whole = whole.plus(coverage)
    _log_coverage(whole)


def _temperature(args: argparse.Namespace) -> None:
    from specialize.traces.alignment.temperature import fit_temperature
    from specialize.traces.inspect_alignment import teacher_batches

    fit = fit_temperature(teacher_batches(args.completions))
    print(f"target_temperature: {fit.temperature:.2f}")
    LOG.info("95 %% interval %.2f to %.2f; %s tokens", fit.low, fit.high, f"{fit.tokens:,}")
    LOG.info("exponent %.2f (%.2f to %.2f)", 1 / fit.temperature, 1 / fit.high, 1 / fit.low)
    LOG.info("%.0f nats likelier than temperature 1", fit.gain)
    LOG.info("where 1 is in the interval: the texts were sampled at 1, or the server applies its temperature first")


def _log_coverage(coverage: Coverage) -> None:
    for line in coverage.lines():
        LOG.info("%s", line)


def _show(args: argparse.Namespace) -> None:
    traces = read_traces(args.traces)
    if not traces:
        raise SpecializeError(
            f"{args.traces}: holds no traces; results/traces/funnel.json says what was dropped and why"
        )
    if not 0 <= args.number < len(traces):
        raise RecordError(str(args.traces), "--number", f"a number from 0 to {len(traces) - 1}", args.number)
    trace = traces[args.number]
    exemplars = exemplars_for(trace, read_records(args.problems, Problem))
    print(shown(trace, [args.format] if args.format else FORMATS, exemplars))


def _log_contaminated(filtered: Filtered) -> None:
    found = sorted(filtered.contaminated.items())
    for problem_id, contamination in found[:CONTAMINATED_SHOWN]:
        LOG.info("contaminated: %s and %s: %s", problem_id, contamination.problem_id, contamination.overlap)
    if len(found) > CONTAMINATED_SHOWN:
        LOG.info("… and %s more contaminated questions", len(found) - CONTAMINATED_SHOWN)


if __name__ == "__main__":
    sys.exit(main())
