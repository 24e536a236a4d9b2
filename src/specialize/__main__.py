"""The whole project: params.yaml, recipes, presets, and what made a file. Without a command: lists those of all phases.

example:
  python -m specialize check params.yaml

in:
  params.yaml, presets/<name>.yaml
  src/, workflow/                the code, whose digest is part of every recipe
out:
  results/recipes/               one file per step: what decides its outputs
  ├── {data,teacher,traces,evaluate,report}.json
  ├── traces/<tokenizer>.json
  └── train/<student>.json, train/starts/<start>.json
  docs/reference/params.md, docs/reference/params.schema.json
"""

import argparse
import shutil
import sys
from collections.abc import Sequence
from itertools import count
from pathlib import Path

from specialize.core import cli
from specialize.core.errors import ParamsError, SpecializeError
from specialize.core.files import write_text
from specialize.core.params.load import Params, load_params
from specialize.core.params.reference import reference_text, schema_text
from specialize.core.prompt_formats import FORMATS
from specialize.data.build import split_all
from specialize.data.preview import preview
from specialize.data.sources import check_files, check_names, collect
from specialize.data.student_tokens import tokenizers_at_hand
from specialize.lineage.explain import why
from specialize.lineage.hooks import folders_of, keep_unrecorded, remove_stale_report
from specialize.lineage.preflight import check_local_starts, disk_estimate, unpinned
from specialize.lineage.pruned import removed_weights, to_restore, write_removed
from specialize.lineage.retired import set_aside
from specialize.lineage.run_lock import refuse_beside_runs
from specialize.lineage.staleness import judge
from specialize.lineage.tracked.rows import doubts
from specialize.lineage.write_recipes import raw_root, recipe_texts, write_recipes


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command about the project; return the exit status. Without a command: list those of all phases."""
    if not (sys.argv[1:] if argv is None else argv):
        print(overview())
        return 0
    return cli.run(build_parser(), argv)


def build_parser() -> argparse.ArgumentParser:
    """Return the project's parser, with a subparser for each command."""
    parser = cli.parser_for("", __doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    recipes = commands.add_parser("recipes", help="write results/recipes/ from params.yaml and the code")
    recipes.add_argument("--project", type=Path, default=Path(), help="the project's folder")
    recipes.set_defaults(command=_recipes)

    check = commands.add_parser("check", help="validate params files and list every mistake")
    check.add_argument("params", type=Path, nargs="+")
    check.add_argument("--quick", action="store_true", help="the params alone, without reading the problems")
    check.set_defaults(command=_check)

    ask = commands.add_parser("ask", help="ask a checkpoint questions of your own")
    ask.add_argument("question", nargs="*")
    ask.add_argument("--checkpoint", type=Path, required=True, help="results/checkpoints/{student}/step-{n}")
    ask.add_argument("--file", type=Path, help="questions, one a line, or .jsonl with a field 'question'")
    ask.add_argument("--format", choices=FORMATS, default="zero_shot_chain_of_thought", help="how it is asked")
    ask.add_argument("--max-new-tokens", type=int, default=256)
    ask.add_argument("--batch-size", type=int, default=8)
    ask.add_argument("--threads", type=int, default=1, help="CPU threads")
    ask.set_defaults(command=_ask)

    publish = commands.add_parser("publish", help="write a scored checkpoint as a folder for the Hugging Face Hub")
    publish.add_argument("--checkpoint", type=Path, required=True, help="results/checkpoints/{student}/step-{n}")
    publish.add_argument("--output", type=Path, required=True, help="folder to write")
    publish.add_argument("--license", required=True, help="of the weights, as the Hub spells it: apache-2.0, …")
    publish.add_argument("--name", help="Hub id, user/model (default: the student's name)")
    publish.add_argument("--base-model", help="Hub id of the start (default: as the checkpoint's manifest tells)")
    publish.add_argument(
        "--dataset", action="append", default=[], metavar="ID", help="Hub id of training data; repeat for more"
    )
    publish.add_argument(
        "--weights",
        choices=("merged", "adapter"),
        default="merged",
        help="of LoRA: merged weights, or the adapter alone",
    )
    publish.add_argument("--upload", action="store_true", help="upload it to --name, with the token of HF_TOKEN")
    publish.add_argument("--private", action="store_true", help="as a private repository")
    publish.set_defaults(command=_publish)

    preview = commands.add_parser("preview", help="show problems as they are parsed, before anything is paid")
    preview.add_argument("--params", type=Path, default=Path("params.yaml"), help="default: params.yaml")
    preview.add_argument(
        "--number", type=int, default=10, metavar="N", help="problems to show of each dataset (default: 10)"
    )
    preview.add_argument(
        "--dataset", action="append", default=[], metavar="NAME", help="only this one; repeat for more"
    )
    preview.add_argument(
        "--tokenizer", action="append", default=[], metavar="FOLDER", help="also count tokens of this one (or a Hub id)"
    )
    preview.set_defaults(command=_preview)

    preset = commands.add_parser(
        "preset", help="replace params.yaml by presets/NAME.yaml; the old one is kept as params.yaml.N.bak"
    )
    preset.add_argument("name")
    preset.set_defaults(command=_preset)

    explain = commands.add_parser("explain", help="show what made a file of results/, and whether it is out of date")
    explain.add_argument("file")
    explain.add_argument("--project", type=Path, default=Path(), help="the project's folder")
    explain.set_defaults(command=_explain)

    rows = commands.add_parser("rows", help="name the rows of `dvc exp show` whose scores are not of their parameters")
    rows.add_argument("--project", type=Path, default=Path(), help="the project's folder")
    rows.set_defaults(command=_rows)

    docs = commands.add_parser("docs", help="write the reference page and the JSON Schema of params.yaml")
    docs.add_argument("folder", type=Path)
    docs.set_defaults(command=_docs)
    return parser


def overview() -> str:
    """Return every command of the project and of each phase, with a line about each."""
    # Only here: the phases' modules load libraries that no command of this module needs.
    from specialize.data.__main__ import build_parser as data
    from specialize.evaluate.__main__ import build_parser as evaluate
    from specialize.report.__main__ import build_parser as report
    from specialize.teacher.__main__ import build_parser as teacher
    from specialize.traces.__main__ import build_parser as traces
    from specialize.train.__main__ import build_parser as train

    lines = ["usage: python -m specialize[.PHASE] COMMAND …    (--help behind any of them tells more)"]
    for parser in (build_parser(), data(), teacher(), traces(), train(), evaluate(), report()):
        title = (parser.description or "").partition("\n")[0]
        lines += ["", parser.prog, f"  {title}", "", *cli.command_lines(parser)]
    return "\n".join(lines)


def _recipes(args: argparse.Namespace) -> None:
    refuse_beside_runs(args.project)
    params = load_params(args.project / "params.yaml")
    texts = recipe_texts(params, args.project)
    set_aside(args.project, folders_of(params))
    verdicts = judge(args.project, texts)
    keep_unrecorded(args.project, verdicts)
    remove_stale_report(args.project, verdicts)
    # Gone, so that DVC restores or trains them before the stage that reads them.
    removed = removed_weights(args.project)
    for student in to_restore(removed, {path: verdict.fresh for path, verdict in verdicts.items()}):
        shutil.rmtree(args.project / "results" / "checkpoints" / student)
    write_removed(args.project, params.train.students)
    touched = write_recipes(texts, args.project / "results" / "recipes")
    print(f"recipes: {len(texts)}, changed: {', '.join(touched) or 'none'}")


def _check(args: argparse.Namespace) -> None:
    for path in args.params:
        params = load_params(path)
        check_names(params.data)
        root = raw_root(params, Path())
        if root.is_dir():  # a clone with pulled results needs no raw files
            check_files(params.data, root)
        check_local_starts(params, Path())
        print(f"{path}: valid", *disk_estimate(params, Path()).lines(), sep="\n  ")
        if keys := unpinned(params, Path()):
            print(f"{path}: no revision, so the Hub may change what is loaded: {', '.join(keys)}", file=sys.stderr)
        if root.is_dir() and not args.quick:
            _check_chain(params, root)


def _check_chain(params: Params, root: Path) -> None:
    """Go the way of the data as far as nothing is paid: starts and their tokenizers, problems, exemplars, recorded
    rows, and the filter on gold solutions. What stands on the Hub alone is not read."""
    from specialize.teacher.prompt import read_few_shot  # these read tables: heavy
    from specialize.teacher.recorded.to_completions import refuse_unmatched
    from specialize.traces.filter.gold_completions import ASKED, try_gold_completions

    local = {name: each for name, each in params.train.starts.items() if (root / each.source).is_dir()}
    for name, start in local.items():
        from specialize.train.model import check_start  # heavy

        tokenizer = params.traces.tokenizers[start.tokenizer]
        check_start(start, (tokenizer.source, tokenizer.revision), root, f"train.starts.{name}")
    if away := [name for name in params.data.datasets if params.data.source_of(name) == "hub"]:
        print(f"  not read, on the Hub: {', '.join(away)}")
        return
    splits, index = split_all(collect(params.data, root, Path(params.data.exemplars)), params.data)
    train = splits[params.data.seed_dataset]["train"]
    against = [each for sets in splits.values() for split in ("validation", "test") for each in sets.get(split, [])]
    print(f"  {len(index.datasets)} datasets, {len(train):,} train and {len(against):,} evaluation problems")
    for path in params.teacher.raw_files:
        print(f"  {path}: {refuse_unmatched(root / path, train):,} rows answer a train problem")
    if prompt := params.teacher.prompt_file:
        read_few_shot(Path(prompt), params.teacher.request)
    kept = try_gold_completions(train, against, params.traces)
    print(f"  gold solutions that the filter would keep: {kept:,} of {min(len(train), ASKED):,} tried")


def _ask(args: argparse.Namespace) -> None:
    from specialize.evaluate.ask import ask, read_questions
    from specialize.evaluate.generate import DecodingLimits

    for name in ("max_new_tokens", "batch_size", "threads"):
        if getattr(args, name) < 1:
            raise SpecializeError(f"--{name.replace('_', '-')}: expected at least 1, got {getattr(args, name)}")
    questions = [*args.question, *(read_questions(args.file) if args.file else [])]
    if not questions:
        raise SpecializeError("ask: expected a question, or --file with questions")
    limits = DecodingLimits(args.batch_size, max_source_tokens=1024, max_new_tokens=args.max_new_tokens)
    for replies in ask(args.checkpoint, questions, args.format, limits, args.threads):
        for reply in replies:
            print(f"Q: {reply.question}\n{reply.reasoning or reply.text}\n-> {reply.answer or 'no answer'}\n")
        tokens, seconds = sum(reply.tokens for reply in replies), replies[0].seconds
        print(f"{tokens} tokens in {seconds:.1f} s, {tokens / seconds:.0f} tokens/s", file=sys.stderr)


def _publish(args: argparse.Namespace) -> None:
    from specialize.report.publish.hub_card import Publication
    from specialize.report.publish.hub_folder import upload, write_folder

    if args.upload and (args.name or "").count("/") != 1:
        raise SpecializeError(f"--upload: expected --name user/model, got {args.name!r}")
    folders = args.checkpoint.resolve().parents
    if len(folders) < 3:
        raise SpecializeError(
            f"--checkpoint: expected results/checkpoints/{{student}}/step-{{n}}, got {args.checkpoint}"
        )
    results = folders[2]
    name = args.name or args.checkpoint.parent.name
    about = Publication(name, args.license, args.base_model, args.dataset, args.weights)
    scored = write_folder(args.checkpoint, results, about, args.output)
    print(f"{args.output}: {scored.manifest.student}, step {scored.manifest.step}, {len(scored.changes)} accuracies")
    if args.upload:
        print(upload(args.output, args.name, args.private))


def _preview(args: argparse.Namespace) -> None:
    params = load_params(args.params)
    unknown = [name for name in args.dataset if name not in params.data.datasets]
    if unknown:
        raise ParamsError(f"--dataset {unknown[0]}: expected one of {', '.join(params.data.datasets)}")
    root = raw_root(params, Path())
    splits, _ = split_all(collect(params.data, root, Path(params.data.exemplars)), params.data)
    tokenizers = tokenizers_at_hand(params.traces, root, args.tokenizer)
    print("\n".join(preview(splits, params, tokenizers, args.number, args.dataset)))


def _preset(args: argparse.Namespace) -> None:
    source, target = Path("presets") / f"{args.name}.yaml", Path("params.yaml")
    if source not in Path("presets").glob("*.yaml"):
        names = ", ".join(path.stem for path in sorted(Path("presets").glob("*.yaml")))
        raise ParamsError(
            f"NAME={args.name}: expected one of {names}; the default comes back by: git checkout params.yaml"
        )
    text = source.read_text(encoding="utf-8").replace("$schema=../docs/", "$schema=docs/")
    before = target.read_text(encoding="utf-8") if target.is_file() else text
    if before != text:
        backup = next(path for number in count(1) if not (path := Path(f"params.yaml.{number}.bak")).exists())
        write_text(backup, before)
        print(f"the params before are kept in {backup}")
    write_text(target, text)
    print(f"params.yaml is now {source}. Next: .venv/bin/snakemake --cores 2")


def _explain(args: argparse.Namespace) -> None:
    texts = recipe_texts(load_params(args.project / "params.yaml"), args.project)
    print(why(Path(args.file).as_posix(), args.project, texts), end="")


def _rows(args: argparse.Namespace) -> None:
    if found := doubts(args.project):
        told = "".join(f"\n  {name}: {why}" for name, why in found.items())
        raise SpecializeError(
            f"scores in these rows were not made by the parameters beside them:{told}\n"
            "To build them: dvc repro, or dvc exp run without --single-item. A row's end: dvc exp remove NAME"
        )


def _docs(args: argparse.Namespace) -> None:
    write_text(args.folder / "params.md", reference_text())
    write_text(args.folder / "params.schema.json", schema_text())


if __name__ == "__main__":
    sys.exit(main())
