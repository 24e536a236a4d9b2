"""Settings outside a recipe: their mistakes are reported as those of params.yaml are."""

from pathlib import Path

import pytest

from specialize.core.errors import ParamsError
from specialize.teacher.settings import read_limits, read_settings


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"budget": 3}', "--limits: expected prices beside a budget"),
        ('{"concurency": 3}', "--limits: concurency: no such key; did you mean 'concurrency'?"),
        ("{", "--limits: invalid JSON"),
    ],
)
def test_mistakes_in_limits(text: str, said: str) -> None:
    with pytest.raises(ParamsError) as error:
        read_limits(text)
    assert str(error.value).startswith(said)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("teacher: {samples: 0, temprature: 1, recorded: [a.json]}", "teacher: samples: "),
        ("teacher: {samples: 0, temprature: 1, recorded: [a.json]}", "no such key; did you mean 'temperature'?"),
        ("data: {}", "a section 'teacher'"),
        ("- 1", "a section 'teacher'"),
        ("teacher: [", "expected YAML"),
    ],
)
def test_mistakes_in_the_section(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "params.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(ParamsError) as error:
        read_settings(tmp_path / "params.yaml")
    assert said in str(error.value) and str(tmp_path / "params.yaml") in str(error.value)
