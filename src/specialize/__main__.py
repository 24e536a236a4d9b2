"""Commands about the whole project: recipes, params, presets, where a file came from."""

import argparse
import sys
from collections.abc import Sequence
from itertools import count
from pathlib import Path

from specialize.core import cli
from specialize.core.errors import ParamsError
from specialize.core.files import write_text
from specialize.core.params.load import load_params
from specialize.core.params.reference import reference_text, schema_text
from specialize.data.sources import check_names
from specialize.lineage.explain import why
from specialize.lineage.hooks import folders_of
from specialize.lineage.retired import set_aside
from specialize.lineage.write_recipes import recipe_texts, write_recipes


def main(argv: Sequence[str] | None = None) -> int:
    parser = cli.parser_for("core", __doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    recipes = commands.add_parser("recipes", help="write results/recipes/ from params.yaml and the code")
    recipes.add_argument("--project", type=Path, default=Path(), help="the project's folder")
    recipes.set_defaults(command=_recipes)

    check = commands.add_parser("check", help="validate a params file and say what is wrong with it")
    check.add_argument("params", type=Path, nargs="+")
    check.set_defaults(command=_check)

    preset = commands.add_parser(
        "preset", help="put presets/NAME.yaml in the place of params.yaml; the old one is kept"
    )
    preset.add_argument("name")
    preset.set_defaults(command=_preset)

    why_ = commands.add_parser("why", help="tell how a file of results/ came to be, and whether it would be made again")
    why_.add_argument("file")
    why_.add_argument("--project", type=Path, default=Path(), help="the project's folder")
    why_.set_defaults(command=_why)

    docs = commands.add_parser("docs", help="write the reference page and the JSON Schema of params.yaml")
    docs.add_argument("folder", type=Path)
    docs.set_defaults(command=_docs)
    return cli.run(parser, argv)


def _recipes(args: argparse.Namespace) -> None:
    params = load_params(args.project / "params.yaml")
    texts = recipe_texts(params, args.project)
    set_aside(args.project, folders_of(params))
    touched = write_recipes(texts, args.project / "results" / "recipes")
    print(f"recipes: {len(texts)}, changed: {', '.join(touched) or 'none'}")


def _check(args: argparse.Namespace) -> None:
    for path in args.params:
        check_names(load_params(path).data)
        print(f"{path}: valid")


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


def _why(args: argparse.Namespace) -> None:
    texts = recipe_texts(load_params(args.project / "params.yaml"), args.project)
    print(why(Path(args.file).as_posix(), args.project, texts), end="")


def _docs(args: argparse.Namespace) -> None:
    write_text(args.folder / "params.md", reference_text())
    write_text(args.folder / "params.schema.json", schema_text())


if __name__ == "__main__":
    sys.exit(main())
