"""params.yaml: read strictly, with every mistake reported at once."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from specialize.core.errors import ParamsError
from specialize.core.params.load import Params, load_params, parse_params

PROJECT = Path(__file__).resolve().parents[4]
SHIPPED = [PROJECT / "params.yaml", *sorted((PROJECT / "presets").glob("*.yaml"))]
Tree = dict[str, Any]

PRETRAINING = {
    "objective": "instructions", "steps": 5, "warmup_steps": 1, "learning_rate": 0.1, "embedding_learning_rate": 0.1,
}  # fmt: skip


def mistakes(tree: Any) -> str:
    with pytest.raises(ParamsError) as error:
        parse_params(tree, "here.yaml")
    return str(error.value)


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.name)
def test_shipped_files_are_valid(path: Path) -> None:
    assert load_params(path).train.students


def test_there_are_presets() -> None:
    assert {"params.yaml", "recorded.yaml", "tiny.yaml"} <= {path.name for path in SHIPPED}


@pytest.mark.parametrize(
    "where",
    [
        "",
        "data",
        "data.datasets.gsm8k",
        "train",
        "train.formats",
        "train.students.xs",
        "train.starts.random",
        "train.starts.random.architecture",
    ],
)
def test_unknown_keys_are_refused(tree: Tree, where: str) -> None:
    section = tree
    for part in filter(None, where.split(".")):
        section = section[part]
    section["colour"] = "red"
    key = ".".join(filter(None, [where, "colour"]))
    assert f"  {key}: no such key" in mistakes(tree).splitlines()


@pytest.mark.parametrize(
    ("where", "typed", "meant"),
    [
        ("", "evalute", "evaluate"),
        ("data.datasets.gsm8k", "rol", "role"),
        ("train", "learning_rates", "learning_rate"),
        ("train.students.xs", "formts", "formats"),
        ("train.starts.random.architecture", "d_modl", "d_model"),
        ("traces.tokenizers.words", "vocabulary_size", "vocabulary"),
    ],
)
def test_a_mistyped_key_names_the_one_it_may_mean(tree: Tree, where: str, typed: str, meant: str) -> None:
    section = tree
    for part in filter(None, where.split(".")):
        section = section[part]
    section[typed] = {}
    key = ".".join(filter(None, [where, typed]))
    assert f"  {key}: no such key; did you mean '{meant}'?" in mistakes(tree).splitlines()


def test_all_mistakes_are_reported_together(tree: Tree) -> None:
    tree["data"]["seed"] = -1
    tree["teacher"]["recorded"] = []
    tree["train"]["precision"] = "fp16"
    tree["train"]["students"]["xs"]["learning_rate"] = "fast"
    tree["evaluate"]["formats"] = ["few_shot"]
    del tree["evaluate"]["generic_formats"]
    tree["report"]["colour"] = "red"
    message = mistakes(tree)
    assert message.startswith("here.yaml: 7 mistakes\n")
    for key in (
        "data.seed",
        "teacher.recorded",
        "train.precision",
        "train.students.xs.learning_rate",
        "evaluate.formats.0",
        "evaluate.generic_formats",
        "report.colour",
    ):
        assert f"\n  {key}: " in message
    assert "docs/reference/params.md" in message


SPOILT: dict[str, tuple[Callable[[Tree], object], str]] = {
    "fp16": (
        lambda t: t["train"].update(precision="fp16"),
        "train.precision: .*'fp32' or 'bf16', got 'fp16'; did you mean 'bf16'",
    ),
    "format": (
        lambda t: t["evaluate"].update(formats=["zero_shot_chain_of_though"]),
        r"formats.0: .*'; did you mean 'zero_shot_chain_of_thought'\?",
    ),
    "last checkpoint": (
        lambda t: t["train"].update(steps=25),
        r"  train.steps \(25\) must be a multiple of checkpoint_every \(10\)",
    ),
    "a checkpoint at each of many steps": (
        lambda t: t["train"].update(steps=10**9, checkpoint_every=1),
        "  train.checkpoint_every: expected at most 10000 checkpoints, got 1000000000",
    ),
    "no weight": (lambda t: t["train"].update(formats={}), "train.formats: .*needs a weight above 0"),
    "student name": (
        lambda t: t["train"]["students"].update({"../x": {"start": "random", "tokenizer": "words"}}),
        r"train.students: .*got \.\./x",
    ),
    "no students": (lambda t: t["train"].update(students={}), "train.students: .*at least 1"),
    "start name": (
        lambda t: t["train"]["starts"].update({"../x": {"source": "t5-small", "tokenizer": "words"}}),
        r"train.starts: .*got \.\./x",
    ),
    "no such start": (
        lambda t: t["train"]["students"]["s"].update(start="t5-small"),
        r"  train.students.s.start must be one of train.starts \(random\), got 't5-small'",
    ),
    "tokenizer of another start": (
        lambda t: t["train"]["students"]["s"].update(tokenizer="letters"),
        r"students.s.tokenizer must be its start's, 'words', got 'letters'",
    ),
    "scratch without shape": (
        lambda t: t["train"]["starts"].update(m={"tokenizer": "words"}),
        "starts.m: .*'architecture' goes with",
    ),
    "pretraining of a checkpoint": (
        lambda t: t["train"]["starts"].update(
            m={"source": "t5-small", "tokenizer": "words", "pretraining": PRETRAINING}
        ),
        "starts.m: .*'pretraining' goes with",
    ),
    "warm-up of a start": (
        lambda t: t["train"]["starts"]["random"].update(pretraining={**PRETRAINING, "warmup_steps": 5}),
        r"  train.starts.random.pretraining.warmup_steps \(5\) must be fewer than steps",
    ),
    "checkpoints beyond the end": (
        lambda t: t["train"].update(checkpoints=[5, 21]),
        r"checkpoints: expected steps from 1 to 20, got \[21\]",
    ),
    "shape without scratch": (
        lambda t: t["train"]["starts"]["random"].update(source="t5-small"),
        "starts.random: .*'architecture' goes with",
    ),
    "no such tokenizer": (
        lambda t: t["train"]["starts"].update(m={"source": "t5-small", "tokenizer": "letters"}),
        r"train.starts.m.tokenizer must be one of traces.tokenizers \(words\), got 'letters'",
    ),
    "tokenizer name": (lambda t: t["traces"]["tokenizers"].update({"../x": {}}), r"traces.tokenizers: .*got \.\./x"),
    "vocabulary of another": (
        lambda t: t["traces"]["tokenizers"]["words"].update(source="t5-small", vocabulary=400),
        "tokenizers.words: .*go with 'source: learned'",
    ),
    "true is no number": (
        lambda t: t["traces"]["tokenizers"]["words"].update(whole_numbers=True),
        "words.whole_numbers: .*integer, got True",
    ),
    "the paper's alignment": (
        lambda t: t["traces"].update(alignment={"method": "dtw"}),
        "traces.alignment: .*goes with 'groups: one_hot', got 'merge'",
    ),
    "no seed dataset": (lambda t: t["data"]["datasets"].pop("gsm8k"), "data.datasets: .*exactly one .*'seed', got 0"),
    "two seed datasets": (
        lambda t: t["data"]["datasets"]["multiarith"].update(role="seed"),
        "data.datasets: .*exactly one .*'seed', got 2",
    ),
    "pretraining without the world": (
        lambda t: t["train"]["starts"]["random"].update(
            pretraining={"objective": "instructions", "steps": 50, "learning_rate": 1, "embedding_learning_rate": 1}
        ),
        "train.starts.random.pretraining: reads texts of the procedural world, but no dataset has source 'procedural'",
    ),
    "mistyped start": (
        lambda t: t["train"]["students"]["s"].update(start="rndom"),
        r"students.s.start must be .*got 'rndom'; did you mean 'random'\?",
    ),
    "local teacher of another dataset": (
        lambda t: t["teacher"].update(mode="online"),
        "teacher.base_url: the local teacher solves the procedural world alone, but the seed is 'gsm8k'",
    ),
    "two words in a row": (
        lambda t: t["traces"].update(ngram=2),
        "traces.ngram: expected null or 3 to 50 words, got 2",
    ),
    "selection": (
        lambda t: t["evaluate"].update(selection_format="in_context_answer_only"),
        "\n  evaluate.selection_format must be one of evaluate.formats",
    ),
    "report formats": (
        lambda t: t["report"].update(format="in_context_answer_only", generic_format="chain_of_thought"),
        "report.format must be .*report.generic_format must be",
    ),
    "nan": (lambda t: t["train"].update(weight_decay=float("nan")), "train.weight_decay: .*finite"),
    "inf": (lambda t: t["train"].update(weight_decay=float("inf")), "train.weight_decay: .*finite"),
    "negative zero": (lambda t: t["train"].update(weight_decay=-0.0), "train.weight_decay: .*0 without a sign"),
    "zero rate": (lambda t: t["train"].update(learning_rate=0), "train.learning_rate: .*greater than 0, got 0"),
    "a fraction of a step": (lambda t: t["train"].update(steps=20.5), "train.steps: .*integer"),
}


@pytest.mark.parametrize("name", SPOILT)
def test_refused(tree: Tree, name: str) -> None:
    spoil, expected = SPOILT[name]
    parse_params(tree, "valid before")
    spoil(tree)
    assert re.search(expected, mistakes(tree), re.DOTALL)


@pytest.mark.parametrize("tree", [None, [], "text", 5])
def test_a_file_that_is_no_mapping(tree: object) -> None:
    assert "\n  (the whole file): expected a mapping (`key: value`), got " in mistakes(tree)


@pytest.mark.parametrize("text", ["3e-5", "3e-05", "3E-5", "0.00003", "3.0e-5"])
def test_every_spelling_of_a_small_number_is_a_number(tmp_path: Path, tree: Tree, text: str) -> None:
    params = load_params(_written(tmp_path, tree, "learning_rate: 0.125", f"learning_rate: {text}"))
    assert params.train.learning_rate == 3e-5
    # Not a text that happens to convert: a field that takes any text must not get one.
    message = message_of(_written(tmp_path, tree, "mode: recorded", f"mode: {text}"))
    assert re.search(r"teacher\.mode: .*got (3e-05|0\.00003)\n", message)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", "the whole file"),
        (b"# nothing but a comment\n", "the whole file"),
        (b"- 1\n", "the whole file"),
        (b"data: [1,\n", "expected YAML"),
        (b"data: \xe9\n", "expected YAML"),
        (
            b"report: {}\nreport: {}\n",
            'params.yaml:2: expected YAML, got: while constructing a mapping, found duplicate key "report"',
        ),
        (b"train:\n  seed: 1\n  seed: 2\n", "found duplicate key"),
        (b"!!python/object/apply:os.getcwd []\n", "expected YAML"),
    ],
)
def test_unreadable_files(tmp_path: Path, content: bytes, expected: str) -> None:
    path = tmp_path / "params.yaml"
    path.write_bytes(content)
    message = message_of(path)
    assert str(path) in message and expected in message
    assert "\n" not in message or "the whole file" in message


def test_a_missing_file(tmp_path: Path) -> None:
    assert "no such file" in message_of(tmp_path / "params.yaml")


def test_params_are_frozen(tree: Tree) -> None:
    params = parse_params(tree, "here")
    with pytest.raises(ValueError, match="frozen"):
        params.train.seed = 2  # type: ignore[misc]


def test_raw_files_follow_the_source(tree: Tree) -> None:
    (spec,) = parse_params(tree, "here").data.recipe_specs()
    assert (spec.raw_files, spec.raw_folders, spec.project_files) == (
        [], ["gsm8k", "multiarith"], ["prompts/maths.jsonl"],
    )  # fmt: skip
    tree["data"] |= {"source": "procedural", "datasets": {"world": {"role": "seed"}}}
    tree["teacher"]["recorded"] = ["results/problems/made.jsonl", "teacher/given.json"]
    params = parse_params(tree, "here")
    (spec,) = params.data.recipe_specs()
    assert not (spec.raw_files or spec.raw_folders or spec.project_files)
    assert params.teacher.raw_files == ["teacher/given.json"]


def _written(folder: Path, tree: Tree, old: str, new: str) -> Path:
    """Write `tree` as YAML with one line changed to a spelling of its own."""
    tree["train"]["learning_rate"] = 0.125
    tree["teacher"]["mode"] = "recorded"
    path = folder / "params.yaml"
    YAML(typ="safe", pure=True).dump(tree, path)
    text = path.read_text(encoding="utf-8")
    assert text.count(old) == 1
    path.write_text(text.replace(old, new), encoding="utf-8")
    return path


def message_of(path: Path) -> str:
    with pytest.raises(ParamsError) as error:
        load_params(path)
    return str(error.value)


def test_no_length_of_shared_words_is_null(tree: Tree) -> None:
    tree["traces"]["ngram"] = None
    assert parse_params(tree, "here") == parse_params({**tree, "traces": {**tree["traces"], "ngram": 0}}, "here")


def test_a_dump_of_the_params_is_valid_params(tree: Tree) -> None:
    params = parse_params(tree, "here")
    assert Params.model_validate(params.model_dump(mode="json")) == params


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"mode": "online", "top_k": 6}, "top_k: expected at most 5 with api completions"),
        ({"mode": "batch"}, "expected `online` with base_url `local`"),
        ({"mode": "online", "seed": None}, "seed: expected a number with base_url `local`"),
        ({"base_url": "https://me:secret@host/v1"}, "without user, password and query"),
        ({"base_url": "https://host/v1?key=secret"}, "without user, password and query"),
        ({"base_url": "host"}, "expected `local` or an address"),
        ({"limits": {"budget": 3}}, "expected prices beside a budget"),
        ({"mode": "recorded", "recorded": []}, "expected at least one file"),
        ({"recorded": ["results/report/a.json"]}, "expected a file below results/problems/"),
        ({"prompt": "my/prompt.jsonl"}, "expected a file below prompts/ or results/problems/"),
        ({"prompt": "prompts/../my.jsonl"}, "expected a file below prompts/ or results/problems/"),
    ],
)
def test_mistakes_in_the_teacher(tree: Tree, change: Tree, expected: str) -> None:
    tree["teacher"] |= change
    assert expected in mistakes(tree)
