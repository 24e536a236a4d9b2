"""The digest of a phase's code moves when what it does may differ, and stays when only its looks do."""

import ast
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from specialize.core.answers import SCORER_VERSION
from specialize.lineage.code_digest import PACKAGE, STEPS, canonical_code, code_digest, import_closure
from specialize.lineage.write_recipes import PHASES

Make = Callable[[dict[str, str]], Path]
Moved = Callable[[str, Callable[[str], str]], set[str]]


def digests(package: Path) -> dict[str, list[str]]:
    """Phase → the digests of its steps."""
    steps = {phase: dict.fromkeys([phase, *(n for n in STEPS if n.startswith(f"{phase}/"))]) for phase in PHASES}
    return {phase: [code_digest(step, package) for step in names] for phase, names in steps.items()}


@pytest.fixture(scope="module")
def copied(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, dict[str, list[str]]]]:
    """A copy of src/specialize with its digests; a test that edits it puts it back."""
    folder = tmp_path_factory.mktemp("copied") / "specialize"
    shutil.copytree(PACKAGE, folder, ignore=shutil.ignore_patterns("__pycache__"))
    yield folder, digests(folder)


@pytest.fixture
def moved_by(copied: tuple[Path, dict[str, list[str]]]) -> Moved:
    """Edit a file and tell the phases whose digest moves."""
    package, before = copied

    def moved(file: str, edit: Callable[[str], str]) -> set[str]:
        text = (package / file).read_text(encoding="utf-8")
        assert edit(text) != text
        (package / file).write_text(edit(text), encoding="utf-8")
        try:
            after = digests(package)
        finally:
            (package / file).write_text(text, encoding="utf-8")
        return {phase for phase in PHASES if before[phase] != after[phase]}

    return moved


def test_looks_do_not_count(moved_by: Moved) -> None:
    def edit(text: str) -> str:
        for old, new in {
            "\n\n\n": "\n\n# a comment\n\n\n",
            '"""The one judge of answers': '"""A judge of answers',
            '"""Raise when a change': '"""Raise it when a change',
            f'SCORER_VERSION = "{SCORER_VERSION}"': f"SCORER_VERSION = (\n    '{SCORER_VERSION}'\n)",
        }.items():
            assert old in text
            text = text.replace(old, new)
        return text

    assert moved_by("core/answers.py", edit) == set()


def test_a_change_of_the_judge_moves_the_phases_that_judge(moved_by: Moved) -> None:
    moved = moved_by("core/answers.py", lambda text: text.replace('SCORER_VERSION = "', 'SCORER_VERSION = "1'))
    assert moved == {
        phase for phase in PHASES if "specialize.core.answers" in import_closure(f"specialize.{phase}.__main__")
    }
    assert {"traces", "evaluate"} <= moved
    # A better judge need not train students anew, unless it lets other traces through.
    assert "train" not in moved


@pytest.mark.parametrize("phase", PHASES)
def test_a_change_of_one_phases_module_moves_that_phase_alone(moved_by: Moved, phase: str) -> None:
    step = import_closure(f"specialize.{phase}.{STEPS.get(phase, '__main__')}").values()
    modules = [path for path in sorted(step) if path.parent == PACKAGE / phase and not path.name.startswith("__")]
    file = modules[-1].relative_to(PACKAGE).as_posix()
    assert moved_by(file, lambda text: f"{text}\nANOTHER = 1\n") == {phase}


@pytest.mark.parametrize("file", ["core/log.py", "core/cli.py", "lineage/kept_outputs.py", "core/params/reference.py"])
def test_what_cannot_change_an_artifact_does_not_count(moved_by: Moved, file: str) -> None:
    assert moved_by(file, lambda text: f"{text}\nANOTHER = 1\n") == set()


@pytest.mark.parametrize("phase", ["data", "teacher", "traces", "train", "evaluate"])
def test_a_phases_settings_count_for_that_phase_alone(moved_by: Moved, phase: str) -> None:
    file = {"evaluate": "evaluation/scoring"}.get(phase, phase)
    moved = moved_by(f"core/params/{file}.py", lambda text: f"{text}\nANOTHER = 1\n")
    assert phase in moved and moved <= {phase, "report"}


def test_every_module_of_a_phase_is_in_its_closure() -> None:
    """A module outside of it would decide outputs unnoticed, or be dead."""
    doors = [f"specialize.{phase}.__main__" for phase in PHASES]
    # `python -m specialize preview`, `ask` and `check` show something, `publish` hands on what is there: no result.
    names = ("data/preview.py", "data/overlaps.py", "data/student_tokens.py", "evaluate/ask.py")
    shows = {PACKAGE / name for name in (*names, "traces/filter/gold_completions.py")}
    shows |= set((PACKAGE / "report" / "publish").glob("*.py"))
    reached = {path for door in doors for path in import_closure(door).values()}
    assert shows <= set(import_closure("specialize.__main__").values()) - reached
    reached |= shows
    present = {path for phase in PHASES for path in (PACKAGE / phase).rglob("*.py")}
    assert {path.relative_to(PACKAGE).as_posix() for path in present - reached} == set()


def test_the_steps_of_a_recipe_are_modules() -> None:
    """The digest of a module that is not there would never move."""
    for recipe, step in STEPS.items():
        assert (PACKAGE / recipe.partition("/")[0] / f"{step}.py").is_file()


def test_predictions_do_not_hang_on_the_judge_nor_scores_on_a_model() -> None:
    """Or every checkpoint would answer every question again when a verdict or a statistic changes."""
    generates = set(import_closure("specialize.evaluate.generate_predictions"))
    scores = set(import_closure("specialize.evaluate.score_predictions"))
    assert {"specialize.evaluate.predict", "specialize.evaluate.sampling"} <= generates
    assert {"specialize.core.answers", "specialize.evaluate.repeated", "specialize.records.scores"} <= scores
    assert not generates & {
        "specialize.core.answers", "specialize.evaluate.scorers", "specialize.records.scores",
        "specialize.records.judgements", "specialize.core.params.evaluation.scoring",
    }  # fmt: skip
    assert not scores & {"specialize.evaluate.generate", "specialize.core.encoding", "specialize.core.params.load"}


@pytest.mark.parametrize(
    "code",
    [
        "import specialize.core.deep",
        "import specialize.core.deep as other",
        "from specialize.core import deep",
        "from specialize.core.deep import VALUE",
        "from specialize.core.deep import *",
        "def late():\n    from specialize.core.deep import VALUE\n    return VALUE",
        "class Late:\n    def late(self):\n        import specialize.core.deep",
        "try:\n    import fast\nexcept ImportError:\n    from specialize.core import deep",
        "from specialize.core.between import VALUE",
    ],
)
def test_every_form_of_import_is_followed(small_package: Make, code: str) -> None:
    modules = {
        "data.__main__": code,
        "data.__init__": "",
        "core.__init__": "",
        "core.between": "from specialize.core import deep\nVALUE = deep.VALUE",
    }
    before = code_digest("data", small_package({**modules, "core.deep": "VALUE = 1"}))
    assert code_digest("data", small_package({**modules, "core.deep": "# one\nVALUE = 1"})) == before
    assert code_digest("data", small_package({**modules, "core.deep": "VALUE = 2"})) != before


def test_packages_above_a_module_count(small_package: Make) -> None:
    modules = {"data.__main__": "import specialize.core.deep.one", "core.deep.one": "", "core.deep.__init__": "A = 1"}
    before = code_digest("data", small_package(modules))
    assert code_digest("data", small_package({**modules, "core.deep.__init__": "A = 2"})) != before


def test_modules_that_import_each_other(small_package: Make) -> None:
    modules = {"data.__main__": "import specialize.data.two", "data.two": "import specialize.data.__main__"}
    package = small_package({**modules, "data.__init__": ""})
    assert set(import_closure("specialize.data.__main__", package)) == {
        "specialize",
        "specialize.data",
        "specialize.data.__main__",
        "specialize.data.two",
    }


def test_the_name_of_a_module_counts(small_package: Make, tmp_path: Path) -> None:
    one = code_digest("data", small_package({"data.__main__": "from specialize.data import a", "data.a": "A = 1"}))
    (tmp_path / "small" / "specialize" / "data" / "b.py").write_text("A = 1")
    two = code_digest("data", small_package({"data.__main__": "from specialize.data import a, b"}))
    assert one != two


def test_templates_of_a_phase_count(small_package: Make) -> None:
    package = small_package({"report.__main__": "", "data.__main__": ""})
    before = digests(package)
    (package / "report" / "page.html").write_text("<p>")
    first = digests(package)
    (package / "report" / "page.html").write_text("<b>")
    second = digests(package)
    assert len({str(found["report"]) for found in (before, first, second)}) == 3
    assert before["data"] == first["data"] == second["data"]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("a = 1", "a = 2"),
        ("a = 1", "a = 1.0"),
        ("a = 0", "a = False"),
        ("a = None", "a = ''"),
        ("a = []", "a = None"),
        ("a = 'b'", "a = b'b'"),
        ("a = 'b'", "a = b"),
        ("f(a=1)", "f(1)"),
        ("a + b", "a - b"),
        ("a - (b - c)", "a - b - c"),
        ("f'{a}'", "f'{a!r}'"),
        ("def f(): 'one'", "def f(): return 'one'"),
        ("if a:\n    b()\nc()", "if a:\n    b()\n    c()"),
        ("def f(a, /): 0", "def f(a): 0"),
        ("return_ = [1, 2]", "return_ = (1, 2)"),
        ("a = {**b}", "a = {b: b}"),
    ],
)
def test_codes_that_differ(one: str, other: str) -> None:
    assert canonical_code(one) != canonical_code(other)


@pytest.mark.parametrize("path", sorted(PACKAGE.glob("core/**/*.py")), ids=lambda path: path.stem)
def test_comments_layout_and_docstrings_of_any_module_leave_it(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    reworded = ast.parse(text)
    for node in ast.walk(reworded):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            node.value.value = "Reworded."
    assert "Reworded." in ast.unparse(reworded)
    assert canonical_code(text) == canonical_code(ast.unparse(reworded))
