"""A digest of the code that a phase runs: what it imports of this package, without comments, docstrings and layout."""

import ast
import hashlib
from pathlib import Path

from specialize.core.files import sha256_file, sha256_text
from specialize.lineage.source_memory import Source, memory_of

PACKAGE = Path(__file__).resolve().parents[1]
NO_EFFECT = frozenset(
    {
        "specialize.core.cli",
        "specialize.core.locks",
        "specialize.core.log",
        "specialize.lineage.file_hashes",
        "specialize.lineage.kept_outputs",
        "specialize.lineage.libraries",
        "specialize.lineage.source_memory",
    }
)
"""Modules that cannot change an artifact: progress, messages, locks, what saves hashing or computing twice."""
STEPS = {
    "evaluate": "score_predictions",
    "evaluate/generate": "generate_predictions",
    "evaluate/rounds": "generate_rollouts",
}
"""Recipe, or the folder of it → the module of its phase from which its step's code is reached. Other recipes: all that
the phase imports."""
TEMPLATES = ("*.html", "*.css", "*.js")
"""Files beside a phase's code that decide what it writes; their bytes count."""


def step_of(recipe: str) -> str:
    """Return the name of the step of a recipe: one of STEPS, else its phase."""
    names = (recipe, recipe.rpartition("/")[0])
    return next((name for name in names if name in STEPS), recipe.partition("/")[0])


def code_digest(recipe: str, package: Path = PACKAGE) -> str:
    """Return the sha256 over the code of a recipe's step and the phase's templates.

    recipe: its name, which begins with the phase's: `train/xs`. The code is the import closure of the phase's
    `__main__`, or of the module that STEPS names.
    """
    phase = recipe.partition("/")[0]
    digest = hashlib.sha256(_codes(f"specialize.{phase}.{STEPS.get(step_of(recipe), '__main__')}", package).encode())
    for path in sorted(path for pattern in TEMPLATES for path in (package / phase).glob(pattern)):
        digest.update(f"{path.name}\n{sha256_file(path)}\n".encode())
    return digest.hexdigest()


def module_digest(module: str, package: Path = PACKAGE) -> str:
    """Return the sha256 over the import closure of one module."""
    return sha256_text(_codes(module, package))


def _codes(module: str, package: Path) -> str:
    """Return what the import closure of a module does, a line a module."""
    closure = sorted(import_closure(module, package).items())
    codes = "".join(f"{name} {_source(name, path, package).code}\n" for name, path in closure)
    memory_of(package.parents[1], Path(__file__)).save()
    return codes


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
        waiting += _source(name, path, package).imports
    return found


def _source(module: str, path: Path, package: Path) -> Source:
    text = path.read_text(encoding="utf-8")
    sha256 = sha256_text(text)
    memory = memory_of(package.parents[1], Path(__file__))
    known = memory.get(module, sha256)
    if known is None:
        known = Source(_imports(text), sha256_text(canonical_code(text)))
        memory.put(module, sha256, known)
    return known


def _imports(text: str) -> tuple[str, ...]:
    names: list[str] = []
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names += [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
    return tuple(names)


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
