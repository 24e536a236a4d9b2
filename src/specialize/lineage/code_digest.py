"""A digest of the code that a phase runs: what it imports of this package, without comments, docstrings and layout."""

import ast
import hashlib
from functools import cache
from pathlib import Path

from specialize.core.files import sha256_file

PACKAGE = Path(__file__).resolve().parents[1]
NO_EFFECT = frozenset(
    {
        "specialize.core.cli",
        "specialize.core.locks",
        "specialize.core.log",
        "specialize.lineage.file_hashes",
        "specialize.lineage.kept_outputs",
        "specialize.lineage.libraries",
    }
)
"""Modules that cannot change an artifact: progress, messages, locks, what saves hashing or computing twice."""
STEPS = {"evaluate": "score_predictions", "evaluate/generate": "generate_predictions"}
"""Recipe → the module of its phase from which its step's code is reached. Other recipes: all that the phase imports."""
TEMPLATES = "*.html"
"""Files beside a phase's code that decide what it writes; their bytes count."""


def code_digest(recipe: str, package: Path = PACKAGE) -> str:
    """Return the sha256 over the code of a recipe's step and the phase's templates.

    recipe: its name, which begins with the phase's: `train/xs`. The code is the import closure of the phase's
    `__main__`, or of the module that STEPS names.
    """
    phase = recipe.partition("/")[0]
    digest = hashlib.sha256()
    for module, path in sorted(import_closure(f"specialize.{phase}.{STEPS.get(recipe, '__main__')}", package).items()):
        digest.update(f"{module}\n{canonical_code(path.read_text(encoding='utf-8'))}\n".encode())
    for path in sorted((package / phase).glob(TEMPLATES)):
        digest.update(f"{path.name}\n{sha256_file(path)}\n".encode())
    return digest.hexdigest()


def module_digest(module: str, package: Path = PACKAGE) -> str:
    """Return the sha256 over the import closure of one module."""
    closure = sorted(import_closure(module, package).items())
    codes = [f"{name}\n{canonical_code(path.read_text(encoding='utf-8'))}\n" for name, path in closure]
    return hashlib.sha256("".join(codes).encode()).hexdigest()


def import_closure(module: str, package: Path = PACKAGE) -> dict[str, Path]:
    """Return name → file of every module of this package that `module` imports, at the top or inside a function."""
    found: dict[str, Path] = {}
    waiting = [module]
    while waiting:
        name = waiting.pop()
        path = _file_of(name, package)
        if path is None or name in found or name in NO_EFFECT:
            continue
        found[name] = path
        if "." in name:
            waiting.append(name.rpartition(".")[0])
        waiting += _imports(path.read_text(encoding="utf-8"))
    return found


@cache
def _imports(text: str) -> tuple[str, ...]:
    """Return the modules that a code may mean by its imports. Phases share most of core: each text is read once."""
    names: list[str] = []
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names += [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
    return tuple(names)


@cache
def canonical_code(text: str) -> str:
    """Return a text that is the same for codes that do the same: the syntax tree without bare strings.

    Written out here, since `ast.dump` differs between Python versions.
    """
    return _dump(ast.parse(text))


def _dump(node: object) -> str:
    if isinstance(node, list):
        return "[" + ",".join(_dump(item) for item in node if not _is_bare_string(item)) + "]"
    if isinstance(node, ast.AST):
        fields = ((name, getattr(node, name, None)) for name in sorted(node._fields))
        inner = ",".join(f"{name}={_dump(value)}" for name, value in fields if value not in (None, []))
        return f"{type(node).__name__}({inner})"
    return repr(node)


def _is_bare_string(node: object) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)


def _file_of(module: str, package: Path) -> Path | None:
    parts = module.split(".")
    if parts[0] != "specialize":
        return None
    base = package.joinpath(*parts[1:])
    for candidate in (base / "__init__.py", base.with_suffix(".py")):
        if candidate.is_file():
            return candidate
    return None
