"""The layers of src/, read from its syntax trees: records ← core ← lineage ← phases; phases never import each other."""

import ast
import subprocess
import sys
from collections import Counter
from functools import cache
from pathlib import Path

import pytest

from specialize.lineage.code_digest import PACKAGE
from specialize.lineage.write_recipes import PHASES

FILES = sorted(PACKAGE.rglob("*.py"))
LAYERS = ("records", "core", "lineage")
"""From the bottom up. A layer imports itself and those before it; a phase imports itself and the layers."""
LIGHT = sys.stdlib_module_names | {"pydantic", "pydantic_core", "ruamel", "specialize"}
"""What the layers may import, so that a dry run stays quick."""
SCHEMAS = {"pyarrow"}
"""What records may import besides: but no module that core or lineage imports."""
IN_A_PROCESS = {"core/judging/math_answers.py": {"math_verify"}}
"""What one module of the layers imports only in the process that it starts: docs/decisions/0019-judge.md."""
NUMERIC = {"core/statistics/paired.py": {"numpy", "scipy"}}
"""What phases share and no other module of the layers imports, so that a dry run never loads it."""
HEAVY = {
    "math_verify",
    "sympy",
    "torch",
    "transformers",
    "openai",
    "datasets",
    "pyarrow",
    "matplotlib",
    "pandas",
    "scipy",
}
LONGEST_FILE = 350
MOST_FILES = 16
"""Modules side by side in one folder, beside __init__ and __main__."""
SAME_MEANING = ("core/params/", "records/")
"""A module here is named for the phase or folder that it describes, so it may share its name with code of that phase."""


def name_of(path: Path) -> str:
    return path.relative_to(PACKAGE).as_posix()


def module_of(path: Path) -> str:
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imported(path: Path) -> set[str]:
    """Every module that a file imports, at its top or inside a function; `from a import b` counts as `a.b` too."""
    found: set[str] = set()
    for node in ast.walk(_tree(path)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return found


def parts_of(modules: set[str]) -> set[str]:
    """The layers and phases among the modules."""
    parts = [module.split(".") for module in modules]
    return {part[1] for part in parts if part[0] == "specialize" and len(part) > 1} & {*LAYERS, *PHASES}


def reached_from(folders: tuple[str, ...]) -> set[str]:
    """Every module of the package that a file of these folders imports, also by way of others."""
    modules = {module_of(path): path for path in FILES}
    waiting = [name for name, path in modules.items() if path.relative_to(PACKAGE).parts[0] in folders]
    reached: set[str] = set()
    while waiting:
        if (name := waiting.pop()) in modules and name not in reached:
            reached.add(name)
            waiting += imported(modules[name])
    return reached


@cache
def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("part", [*LAYERS, *PHASES])
def test_imports_go_one_way(part: str) -> None:
    allowed = {*LAYERS, part} if part in PHASES else set(LAYERS[: LAYERS.index(part) + 1])
    wrong = {
        name_of(path): found
        for path in FILES
        if path.is_relative_to(PACKAGE / part) and (found := parts_of(imported(path)) - allowed)
    }
    assert wrong == {}


def test_no_module_imports_itself_by_way_of_others() -> None:
    graph = {module_of(path): imported(path) for path in FILES}
    modules = set(graph)

    def after(name: str) -> set[str]:
        reached: set[str] = set()
        waiting = list(graph[name] & modules)
        while waiting:
            if (other := waiting.pop()) not in reached:
                reached.add(other)
                waiting += graph[other] & modules
        return reached

    assert {name for name in modules if name in after(name)} == set()


def test_layers_need_little() -> None:
    """The standard library, pydantic and ruamel.yaml: so a dry run stays quick."""
    strangers = {
        name_of(path): found
        for path in FILES
        if path.relative_to(PACKAGE).parts[0] in LAYERS
        and (
            found := {module.split(".")[0] for module in imported(path)}
            - LIGHT
            - IN_A_PROCESS.get(name_of(path), set())
            - NUMERIC.get(name_of(path), set())
        )
    }
    assert {name: found for name, found in strangers.items() if name.split("/")[0] != "records"} == {}
    assert {name: found - SCHEMAS for name, found in strangers.items() if found - SCHEMAS} == {}
    reached = reached_from(("core", "lineage"))
    assert {name for name in strangers if module_of(PACKAGE / name) in reached} == set()
    assert not LIGHT & HEAVY
    numeric = {module_of(PACKAGE / name) for name in NUMERIC}
    layers = [path for path in FILES if path.relative_to(PACKAGE).parts[0] in LAYERS]
    assert {name_of(path) for path in layers if imported(path) & numeric} == set()


def test_steps_know_nothing_of_the_orchestrators() -> None:
    banned = {"snakemake", "dvc"}
    found = {name_of(path): {module.split(".")[0] for module in imported(path)} & banned for path in FILES}
    assert {name: modules for name, modules in found.items() if modules} == {}


def test_imports_can_be_followed() -> None:
    """The digest of a phase's code follows absolute import statements: other forms would escape it."""
    relative = {
        name_of(p) for p in FILES for node in ast.walk(_tree(p)) if isinstance(node, ast.ImportFrom) and node.level
    }
    dynamic = {
        name_of(path)
        for path in FILES
        if {"importlib.import_module", "importlib.util", "runpy"} & imported(path)
        or any(isinstance(node, ast.Attribute) and node.attr == "import_module" for node in ast.walk(_tree(path)))
    }
    called = {
        name_of(p)
        for p in FILES
        for node in ast.walk(_tree(p))
        if isinstance(node, ast.Name) and node.id == "__import__"
    }
    assert relative == dynamic == called == set()


@pytest.mark.parametrize("phase", PHASES)
def test_every_phase_has_a_door(phase: str) -> None:
    assert (PACKAGE / phase / "__main__.py").is_file()


def test_there_is_nothing_else() -> None:
    folders = {path.name for path in PACKAGE.iterdir() if path.is_dir() and any(path.rglob("*.py"))}
    assert folders == {*LAYERS, *PHASES}
    assert {path.name for path in PACKAGE.glob("*.py")} == {"__init__.py", "__main__.py"}


def test_doors_open_without_heavy_libraries() -> None:
    """`--help` and a dry run stay quick: torch and its like load when a command runs."""
    code = (
        "import importlib, sys\n"
        "for phase, heavy in [('', sys.argv[1]), *((phase, sys.argv[2]) for phase in sys.argv[3:])]:\n"
        "    importlib.import_module('.'.join(filter(None, ['specialize', phase, '__main__'])))\n"
        "    print(phase or 'project', *sorted(set(heavy.split()) & set(sys.modules)))"
    )
    arguments = [" ".join(HEAVY), "torch transformers openai datasets", *PHASES]
    done = subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout.split("\n")) == (0, ["project", *PHASES, ""]), done.stderr


def test_no_file_is_long() -> None:
    lengths = {name_of(path): len(path.read_text(encoding="utf-8").splitlines()) for path in FILES}
    assert {name: length for name, length in lengths.items() if length > LONGEST_FILE} == {}


def test_no_folder_is_flat() -> None:
    counts = Counter(path.parent for path in FILES if path.name not in ("__init__.py", "__main__.py"))
    assert {name_of(folder): count for folder, count in counts.items() if count > MOST_FILES} == {}


def test_names_mean_one_thing() -> None:
    names = Counter(
        path.stem
        for path in FILES
        if path.stem not in ("__init__", "__main__", "registry") and not name_of(path).startswith(SAME_MEANING)
    )
    assert {name for name, count in names.items() if count > 1} == set()


def test_unit_tests_mirror_the_tree() -> None:
    folders = {name_of(path.parent) for path in FILES}
    tests = Path(__file__).parent
    found = {path.parent.relative_to(tests).as_posix() for path in tests.rglob("test_*.py")}
    assert found <= folders


def test_the_walk_sees_the_files() -> None:
    """Were the list empty, every test above would pass."""
    assert {"core/answers.py", "train/trainer.py"} <= {name_of(path) for path in FILES}
    assert {"torch", "specialize.core.params.train"} <= imported(PACKAGE / "train" / "trainer.py")
    assert parts_of({"specialize.train.trainer", "specialize.core.files", "torch"}) == {"train", "core"}
    assert {"specialize.core.files", "specialize.records.record"} <= reached_from(("lineage",))
