"""A params file that no person would write ends in one line, and costs neither seconds nor memory."""

import time
from pathlib import Path

import pytest

from specialize.core.errors import ParamsError
from specialize.core.params.load import load_params
from specialize.core.params.read_yaml import LARGEST_FILE, read_yaml

BOMB = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"a{level}: &a{level} [{', '.join([f'*a{level - 1}'] * 10)}]\n" for level in range(1, 9)
)
"""10⁹ values in nine lines."""


def refused(folder: Path, text: str) -> str:
    (folder / "params.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(ParamsError) as error:
        load_params(folder / "params.yaml")
    return str(error.value)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (BOMB, "aliases (`*name`) resolved"),
        (BOMB + "data: {datasets: *a8}\n", "aliases (`*name`) resolved"),
        (BOMB + "report: {title: *a8}\n", "aliases (`*name`) resolved"),
        (f"a: &a {'x' * 100_000}\ndata: [{'*a, ' * 1000}]\n", "aliases (`*name`) resolved"),
        ("data: &data\n  data: *data\n", "20 levels of nesting"),
        (f"data: {'[' * 1000}{']' * 1000}\n", "20 levels of nesting"),
        (f"data: {'[' * 50}{']' * 50}\n", "20 levels of nesting"),
        ("".join(f"{' ' * depth}a:\n" for depth in range(600)), "20 levels of nesting"),
        ("key: value\n" * (LARGEST_FILE // 10), "256,000 bytes"),
        (f"train: {{steps: {'9' * 5000}}}\n", "cannot be read"),
        ("train: {steps: 2020-13-45}\n", "cannot be read"),
    ],
    ids=["bomb", "bomb in datasets", "bomb in a title", "long text often", "recursive", "deep list", "nested list",
         "deep mapping", "large", "digits", "date"],
)  # fmt: skip
def test_refused_in_one_line(tmp_path: Path, text: str, said: str) -> None:
    begun = time.process_time()
    message = refused(tmp_path, text)
    assert said in message and "\n" not in message and len(message) < 300 + len(str(tmp_path))
    assert time.process_time() - begun < 5


def test_aliases_are_fine(tmp_path: Path) -> None:
    (tmp_path / "params.yaml").write_text("a: &mix {x: 1}\nb: *mix\n", encoding="utf-8")
    assert read_yaml(tmp_path / "params.yaml") == {"a": {"x": 1}, "b": {"x": 1}}


def test_many_mistakes_are_cut_and_counted(tmp_path: Path) -> None:
    message = refused(tmp_path, "".join(f"key{number}: 1\n" for number in range(200)))
    assert "206 mistakes\n" in message and "  … and 190 more\n" in message and message.count("\n") < 20


def test_a_long_value_is_shown_in_short(tmp_path: Path) -> None:
    message = refused(tmp_path, f'data: [{"x" * 5000}, {"y, " * 500}]\n"\\e[31m{"k" * 500}": 1\n')
    assert max(map(len, message.splitlines())) < 250 and "\\x1b" in message and "\x1b" not in message


def test_control_characters_in_names_do_not_reach_the_terminal(tmp_path: Path) -> None:
    message = refused(tmp_path, 'train: {students: {"\\e[31mred": {start: a, tokenizer: b}}}\n')
    assert "\\x1b[31mred" in message and "\x1b" not in message
