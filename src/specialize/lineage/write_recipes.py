"""Write the recipes: from params.yaml, the code and the raw files to results/recipes/."""

import hashlib
import os
import tokenize
from functools import cache
from pathlib import Path

from specialize.core.errors import SpecializeError
from specialize.core.files import read_json, sha256_file, write_text
from specialize.core.params.load import Params
from specialize.core.params.recipe_spec import RecipeSpec
from specialize.lineage.code_digest import PACKAGE, code_digest, step_of
from specialize.lineage.file_hashes import Memory
from specialize.lineage.libraries import pinned
from specialize.lineage.recipe import recipe_text
from specialize.records.recipes import Recipe

MEMORY = Path(".snakemake") / "raw_files.json"
"""Hashes of the model folders' files: recipes are made at every start, and weights take minutes to hash."""

PHASES = tuple(Params.model_fields)
"""In the order of the pipeline. A phase's name is its section in params.yaml and its package."""


def recipe_texts(params: Params, project: Path, package: Path = PACKAGE) -> dict[str, str]:
    """Return file name below results/recipes/ → text, for every recipe that `params` asks for.

    A raw file that this machine lacks keeps the hash that the tracked recipe has: a clone with pulled results needs
    no raw files until the data themselves must be made again.
    """
    root = raw_root(params, project)
    memory = Memory(project / MEMORY)
    texts: dict[str, str] = {}
    code = cache(lambda entry: code_digest(entry, package))
    for phase, specs in params.recipe_specs().items():
        rules = rules_digest(*(project / "workflow" / f"{name}.smk" for name in ("common", "names", phase)))
        for spec in specs:
            files = file_digests(spec, project, root, memory)
            name = spec.file.removesuffix(".json")
            recipe = Recipe(
                phase=phase,
                name=name,
                params=spec.params,
                code=code(step_of(name)),
                rules=rules,
                libraries=pinned(name, project),
                files=files,
            )
            texts[spec.file] = recipe_text(recipe)
    memory.save()
    return texts


def file_digests(spec: RecipeSpec, project: Path, root: Path, memory: Memory) -> dict[str, str]:
    """Return file → sha256, for the files that a recipe names and this machine or the tracked recipe knows."""
    known = _known_files(project / "results" / "recipes" / spec.file)
    files = {name: digest for name in spec.raw_files if (digest := _digest(root / name, known.get(name)))}
    files |= {name: _digest(project / name, None) or "missing" for name in spec.project_files}
    for folder in spec.raw_folders:
        files |= _folder_files(root, folder, known, memory)
    return dict(sorted(files.items()))


def write_recipes(texts: dict[str, str], folder: Path) -> list[str]:
    """Write each recipe whose text changed, remove those that `texts` lacks; return the names of both."""
    touched = []
    for name, text in sorted(texts.items()):
        path = folder / name
        if not path.is_file() or path.read_bytes() != text.encode("utf-8"):
            write_text(path, text)
            touched.append(name)
    for path in sorted(folder.rglob("*.json")):
        name = path.relative_to(folder).as_posix()
        if name not in texts:
            path.unlink()
            touched.append(name)
    return touched


def raw_root(params: Params, project: Path) -> Path:
    """Return the folder of raw files. A relative `data.root` counts from the project, also inside `dvc exp run --temp`,
    which works on a copy of the project below `.dvc/tmp/exps/`."""
    resolved = project.resolve()
    for parent in resolved.parents:
        if parent.name == "exps" and parent.parts[-3:-1] == (".dvc", "tmp"):
            resolved = parent.parents[2]
            break
    return Path(os.path.normpath(resolved / Path(params.data.root).expanduser()))


def rules_digest(*paths: Path) -> str:
    """Return the sha256 of rule files' tokens, so that comments, docstrings and layout do not count."""
    digest = hashlib.sha256()
    for path in paths:
        _digest_tokens(path, digest)
    return digest.hexdigest()


def _digest_tokens(path: Path, digest: "hashlib._Hash") -> None:
    line: list[str] = []
    above: list[str] = []
    with path.open("rb") as stream:
        for token in tokenize.tokenize(stream.readline):
            if token.type == tokenize.NEWLINE:
                line, above = [], line
            elif token.type in (tokenize.INDENT, tokenize.DEDENT):
                digest.update(tokenize.tok_name[token.type].encode() + b"\0")
            elif token.type not in (tokenize.COMMENT, tokenize.NL, tokenize.ENCODING):
                # A text below `shell:` is a command; below `rule name:`, or first in the file, it is a docstring.
                may_be_docstring = not line and (not above or above[0] in ("rule", "checkpoint", "def", "class"))
                line.append(token.string)
                if token.type != tokenize.STRING or not may_be_docstring:
                    digest.update(token.string.encode() + b"\0")


def _folder_files(root: Path, name: str, known: dict[str, str], memory: Memory) -> dict[str, str]:
    """Return the files of a benchmark, tokenizer or model folder below `root`, except hidden ones.

    Where there is no such folder, the tracked recipe's files are kept; a name may also be a Hugging Face id.
    """
    folder = root / name
    if not folder.is_dir():
        return {file: digest for file, digest in known.items() if file.startswith(f"{name}/")}
    paths = {path.relative_to(folder): path for path in sorted(folder.rglob("*")) if path.is_file()}
    return {
        f"{name}/{inside.as_posix()}": memory.sha256(str(path), path, path.stat())
        for inside, path in paths.items()
        if not any(part.startswith(".") for part in inside.parts)
    }


def _digest(path: Path, known: str | None) -> str | None:
    return sha256_file(path) if path.is_file() else known


def _known_files(path: Path) -> dict[str, str]:
    try:
        return dict(read_json(path)["files"])
    except (FileNotFoundError, SpecializeError, KeyError, TypeError, ValueError):
        return {}
