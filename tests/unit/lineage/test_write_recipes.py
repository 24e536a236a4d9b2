"""A recipe changes when, and only when, something that decides its step's outputs changes."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from specialize.core.files import sha256_text
from specialize.core.params.load import parse_params
from specialize.lineage.write_recipes import PHASES, raw_root, recipe_texts, rules_digest, write_recipes

Tree = dict[str, Any]
TRACES = {"traces.json", "traces/words.json"}
NAMES = {
    "data.json",
    "teacher.json",
    *TRACES,
    "train/s.json",
    "train/xs.json",
    "train/starts/random.json",
    "evaluate.json",
    "evaluate/generate.json",
    "report.json",
}
Texts = Callable[[Tree], dict[str, str]]


@pytest.fixture
def texts(project: Path, small_package: Callable[[dict[str, str]], Path]) -> Texts:
    """The recipes of a tree, in the small project with code that stands still."""
    package = small_package({f"{phase}.__main__": f"ROOM = '{phase}'" for phase in PHASES})
    return lambda tree: recipe_texts(parse_params(tree, "here"), project, package)


def changed(before: dict[str, str], after: dict[str, str]) -> set[str]:
    return {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)}


def test_a_recipe_per_phase_and_per_student(texts: Texts, tree: Tree) -> None:
    assert set(texts(tree)) == NAMES
    recipe = json.loads(texts(tree)["train/xs.json"])
    assert (recipe["phase"], recipe["name"]) == ("train", "train/xs") and recipe["params"]["student"] == "xs"
    assert set(recipe) == {"phase", "name", "params", "code", "rules", "libraries", "files"}


@pytest.mark.parametrize(
    ("section", "change", "expected"),
    [
        ("data", {"seed": 9}, {"data.json"}),
        ("data", {"root": "./raw"}, set()),
        ("teacher", {"recorded": ["teacher/recorded.json", "results/problems/other.json"]}, {"teacher.json"}),
        ("teacher", {"temperature": 0.7}, {"teacher.json"}),
        ("teacher", {"limits": {"concurrency": 3, "timeout_s": 9}}, set()),
        ("traces", {"ngram": 5}, {"traces.json"}),
        ("traces", {"alignment": {"method": "dtw", "groups": "one_hot"}}, {"traces/words.json"}),
        ("traces", {"tokenizers": {"words": {"vocabulary": 300}}}, {"traces/words.json"}),
        ("traces", {"tokenizers": {"words": {}, "more": {"source": "t5-small"}}}, {"traces/more.json"}),
        ("train", {"steps": 40}, {"train/s.json", "train/xs.json", "report.json"}),
        ("train", {"learning_rate": 0.5}, {"train/s.json", "train/xs.json"}),
        ("train", {"learning_rate": 5e-4}, set()),
        ("evaluate", {"items": 7}, {"evaluate/generate.json"}),
        ("evaluate", {"confidence": 0.9}, {"evaluate.json"}),
        ("report", {"title": "Other"}, {"report.json"}),
    ],
)
def test_a_setting_changes_its_own_phases_recipes(
    texts: Texts, tree: Tree, section: str, change: Tree, expected: set[str]
) -> None:
    before = texts(tree)
    tree[section] |= change
    assert changed(before, texts(tree)) == expected


def test_a_prompt_counts_by_its_content_where_a_teacher_is_asked(texts: Texts, tree: Tree, project: Path) -> None:
    tree["teacher"] |= {"prompt": "prompts/maths.jsonl", "mode": "online", "base_url": "http://127.0.0.1:1/v1"}
    before = texts(tree)
    (project / "prompts/maths.jsonl").write_text("other\n")
    assert "teacher.json" in changed(before, texts(tree))
    tree["teacher"]["mode"] = "recorded"
    assert "prompts/maths.jsonl" not in json.loads(texts(tree)["teacher.json"])["files"]


def test_a_students_setting_changes_its_recipe_alone(texts: Texts, tree: Tree) -> None:
    before = texts(tree)
    tree["train"]["students"]["xs"]["learning_rate"] = 0.5
    assert changed(before, texts(tree)) == {"train/xs.json"}


def test_a_section_setting_passes_by_a_student_that_has_its_own(texts: Texts, tree: Tree) -> None:
    tree["train"]["students"]["xs"]["seed"] = 7
    before = texts(tree)
    tree["train"]["seed"] = 9
    assert changed(before, texts(tree)) == {"train/s.json"}


def test_an_added_student_leaves_the_others(texts: Texts, tree: Tree) -> None:
    before = texts(tree)
    tree["train"]["students"]["m"] = {"start": "random", "tokenizer": "words"}
    assert changed(before, texts(tree)) == {"train/m.json", "report.json"}


def test_an_added_or_changed_start_leaves_the_students_of_others(texts: Texts, tree: Tree) -> None:
    before = texts(tree)
    tree["train"]["starts"]["t5"] = {"source": "t5-base", "tokenizer": "words"}
    with_it = texts(tree)
    assert changed(before, with_it) == {"train/starts/t5.json"}
    tree["train"]["students"]["m"] = {"start": "t5", "tokenizer": "words"}
    with_student = texts(tree)
    tree["train"]["starts"]["t5"]["revision"] = "abc"
    assert changed(with_student, texts(tree)) == {"train/starts/t5.json", "train/m.json"}


@pytest.mark.parametrize(
    ("file", "expected"),
    [
        ("raw/gsm8k/test.jsonl", {"data.json"}),
        ("prompts/maths.jsonl", {"data.json"}),
        ("raw/teacher/recorded.json", {"teacher.json"}),
        ("workflow/traces.smk", TRACES),
        ("workflow/common.smk", NAMES),
        ("workflow/train.smk", {"train/s.json", "train/xs.json", "train/starts/random.json"}),
    ],
)
def test_the_content_of_a_file_counts(texts: Texts, tree: Tree, project: Path, file: str, expected: set[str]) -> None:
    before = texts(tree)
    (project / file).write_text("other = 1\n")
    assert changed(before, texts(tree)) == expected


def test_a_declared_dataset_counts_by_the_content_of_its_own_files(texts: Texts, tree: Tree, project: Path) -> None:
    own = {"role": "probe", "files": {"test": ["my/a.csv", "my/b.csv"]}, "question": "q", "answer": "a"}
    tree["data"]["datasets"]["mine"] = {**own, "exemplars": "prompts/mine.jsonl"}
    files = {"raw/my/a.csv": "q,a\n", "raw/my/b.csv": "q,a\n", "raw/my/other.csv": "", "prompts/mine.jsonl": "{}"}
    for name, text in files.items():
        (project / name).parent.mkdir(parents=True, exist_ok=True)
        (project / name).write_text(text)
    before = texts(tree)
    assert {"my/a.csv", "my/b.csv", "prompts/mine.jsonl"} <= set(json.loads(before["data.json"])["files"])
    (project / "raw/my/other.csv").write_text("not read\n")
    assert changed(before, texts(tree)) == set()
    for name in ("raw/my/b.csv", "prompts/mine.jsonl"):
        before = texts(tree)
        (project / name).write_text("another row\n")
        assert changed(before, texts(tree)) == {"data.json"}


def test_hidden_files_of_a_benchmarks_folder_do_not_count(texts: Texts, tree: Tree, project: Path) -> None:
    before = texts(tree)
    (project / "raw/gsm8k/.git").mkdir()
    (project / "raw/gsm8k/.git/index").write_text("other\n")
    assert changed(before, texts(tree)) == set()


def test_absent_raw_files_keep_the_hash_of_the_recipe(texts: Texts, tree: Tree, project: Path) -> None:
    before = texts(tree)
    write_recipes(before, project / "results" / "recipes")
    shutil.rmtree(project / "raw")
    assert changed(before, texts(tree)) == set()


@pytest.mark.parametrize(
    "damaged", ["", "{", "[]", '"text"', "{}", '{"files": "text"}', '{"files": [1]}', "\ufeff\u2028"]
)
def test_absent_raw_files_without_a_readable_recipe_have_no_hash(
    texts: Texts, tree: Tree, project: Path, damaged: str
) -> None:
    (project / "results" / "recipes").mkdir(parents=True)
    (project / "results" / "recipes" / "data.json").write_text(damaged)
    shutil.rmtree(project / "raw")
    assert json.loads(texts(tree)["data.json"])["files"] == {"prompts/maths.jsonl": sha256_text("{}\n")}


@pytest.mark.parametrize("recipe", ["train/s.json", "traces/words.json"])
def test_a_model_folder_counts_for_the_student_or_tokenizer_that_uses_it(
    texts: Texts, tree: Tree, project: Path, recipe: str
) -> None:
    folder = project / "raw" / "models" / "small"
    folder.mkdir(parents=True)
    (folder / "tokenizer.json").write_text("{}")
    if recipe == "train/s.json":
        tree["train"]["starts"]["small"] = {"source": "models/small", "tokenizer": "words"}
        tree["train"]["students"]["s"] = {"start": "small", "tokenizer": "words"}
    else:
        tree["traces"]["tokenizers"]["words"] = {"source": "models/small"}
    before = texts(tree)
    write_recipes(before, project / "results" / "recipes")
    assert "models/small/tokenizer.json" in json.loads(before[recipe])["files"]
    (folder / "tokenizer.json").write_text("[]")
    assert changed(before, texts(tree)) == {recipe}
    # A clone without the folder keeps what the recipe says of it.
    shutil.rmtree(project / "raw")
    assert changed(before, texts(tree)) == set()


def test_no_path_of_this_machine_is_in_a_recipe(texts: Texts, tree: Tree, project: Path) -> None:
    (project / "raw").rename(project / "elsewhere")
    tree["data"]["root"] = str(project / "elsewhere")
    assert not [name for name, text in texts(tree).items() if str(project) in text or "elsewhere" in text]


def test_an_unchanged_recipe_is_not_written_again(texts: Texts, tree: Tree, project: Path) -> None:
    folder = project / "results" / "recipes"
    assert set(write_recipes(texts(tree), folder)) == NAMES
    before = {path: path.stat() for path in folder.rglob("*.json")}
    tree["train"]["students"]["xs"]["seed"] = 9
    assert write_recipes(texts(tree), folder) == ["train/xs.json"]
    for path, status in before.items():
        now = path.stat()
        same = (now.st_mtime_ns, now.st_ino) == (status.st_mtime_ns, status.st_ino)
        assert same is (path.name != "xs.json")


def test_the_recipe_of_a_removed_student_goes(texts: Texts, tree: Tree, project: Path) -> None:
    folder = project / "results" / "recipes"
    write_recipes(texts(tree), folder)
    del tree["train"]["students"]["xs"]
    assert set(write_recipes(texts(tree), folder)) == {"train/xs.json", "report.json"}
    assert {path.relative_to(folder).as_posix() for path in folder.rglob("*.json")} == NAMES - {"train/xs.json"}


def test_a_damaged_recipe_is_written_again(texts: Texts, tree: Tree, project: Path) -> None:
    folder = project / "results" / "recipes"
    write_recipes(texts(tree), folder)
    (folder / "traces.json").write_bytes(b"\xff\xfe")
    assert write_recipes(texts(tree), folder) == ["traces.json"]
    assert (folder / "traces.json").read_text(encoding="utf-8") == texts(tree)["traces.json"]


@pytest.mark.parametrize(
    "inside", ["project", "project/.dvc/tmp/exps/tmpabc", "project/.dvc/tmp/exps/standalone/tmpabc"]
)
def test_raw_files_lie_beside_the_project_also_in_a_dvc_workspace(tmp_path: Path, tree: Tree, inside: str) -> None:
    tree["data"]["root"] = "../shared/data"
    (tmp_path / inside).mkdir(parents=True)
    assert raw_root(parse_params(tree, "here"), tmp_path / inside) == tmp_path / "shared" / "data"


def test_an_absolute_root_stays(tmp_path: Path, tree: Tree) -> None:
    tree["data"]["root"] = "/somewhere/data"
    assert raw_root(parse_params(tree, "here"), tmp_path) == Path("/somewhere/data")


RULES = '"""What this file is."""\nrule a:\n    """What it does."""\n    input:\n        "x",\n    shell:\n        """\n        run x\n        """\n'


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("rule a:", "# a comment\n\n\nrule a:  # another"),
        ("What this file is.", "What it was."),
        ("What it does.", "What\n    it did."),
        ('        "x",', '      "x",'),
        ("    shell:", "\n    # a comment\n    shell:"),
    ],
)
def test_comments_docstrings_and_layout_of_rules_do_not_count(tmp_path: Path, old: str, new: str) -> None:
    assert _digest_of(tmp_path, RULES.replace(old, new)) == _digest_of(tmp_path, RULES)


@pytest.mark.parametrize(
    ("old", "new"), [('"x"', '"y"'), ("rule a", "rule b"), ("run x", "run y"), ("input", "output")]
)
def test_what_rules_do_counts(tmp_path: Path, old: str, new: str) -> None:
    assert _digest_of(tmp_path, RULES.replace(old, new)) != _digest_of(tmp_path, RULES)


def test_the_block_that_a_line_of_rules_stands_in_counts(tmp_path: Path) -> None:
    assert _digest_of(tmp_path, "if A:\n    b()\nc()\n") != _digest_of(tmp_path, "if A:\n    b()\n    c()\n")


def _digest_of(folder: Path, rules: str) -> str:
    (folder / "a.smk").write_text(rules, encoding="utf-8")
    return rules_digest(folder / "a.smk")


def test_the_readmes_experiment_changes_a_student_of_the_default() -> None:
    project = Path(__file__).resolve().parents[3]
    tree = YAML(typ="safe").load(project / "params.yaml")
    before = recipe_texts(parse_params(tree, "here"), project)
    tree["train"]["learning_rate"] = 3e-4
    assert changed(before, recipe_texts(parse_params(tree, "here"), project))
