"""Templates: YAML below prompts/, read, refused with a reason, and carried by problems and traces."""

from pathlib import Path

import pytest

from specialize.core.errors import ParamsError
from specialize.core.params.data import DataParams
from specialize.data.build import split_all
from specialize.data.prompt_templates import read_template
from specialize.data.sources import collect
from specialize.records.prompt_style import PAPER, PromptTemplate

PROJECT = Path(__file__).parents[3]


def written(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def test_the_papers_template_is_the_default() -> None:
    assert read_template(PROJECT / "prompts/paper.yaml") == PAPER


def test_what_a_template_leaves_out_is_the_papers(tmp_path: Path) -> None:
    template = read_template(written(tmp_path / "t.yaml", "answer: 'Answer: {answer}'\n"))
    assert template == PromptTemplate(answer="Answer: {answer}")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("answr: 'Answer: {answer}'\n", "field 'answr': expected one of answer_only, chain_of_thought, answer"),
        ("answer: 'My verdict: {answer}'\n", "a statement that the judge reads"),
        ("answer: 'The answer is'\n", "field 'answer': expected {answer} exactly once"),
        ("answer_only: 'Q:'\n", "{question} exactly once"),
        ("answer_only: '{question} '\n", "without blanks"),
        ("answer_only: 3\n", "field 'answer_only'"),
        ("- a\n", "got list"),
        ("", "got NoneType"),
    ],
)
def test_a_bad_template_says_where_and_what(tmp_path: Path, text: str, said: str) -> None:
    path = written(tmp_path / "t.yaml", text)
    with pytest.raises(ParamsError) as caught:
        read_template(path)
    assert str(path) in str(caught.value) and said in str(caught.value)


def test_a_missing_template(tmp_path: Path) -> None:
    with pytest.raises(ParamsError, match="no such file"):
        read_template(tmp_path / "none.yaml")


def test_problems_of_its_dataset_alone_carry_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "prompts").mkdir()
    written(tmp_path / "prompts/mine.yaml", "answer: '#### {answer}'\n")
    written(tmp_path / "prompts/maths.jsonl", '{"question": "q?", "rationale": "r", "answer": "1"}\n')
    written(tmp_path / "a.csv", "q,a\n" + "".join(f"How many are {n} + 1?,{n + 1}\n" for n in range(20)))
    table = {"files": "a.csv", "question": "q", "answer": "a"}
    params = DataParams.model_validate(
        {
            "source": "files",
            "datasets": {
                "mine": {"role": "seed", "template": "prompts/mine.yaml", **table},
                "other": {"role": "probe", **table},
            },
        }
    )
    splits, _ = split_all(collect(params, tmp_path, Path("prompts/maths.jsonl")), params)
    assert {each.template for problems in splits["mine"].values() for each in problems} == {
        PromptTemplate(answer="#### {answer}")
    }
    assert {each.template for problems in splits["other"].values() for each in problems} == {None}
    assert params.recipe_specs()[0].project_files == ["prompts/maths.jsonl", "prompts/mine.yaml"]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"template": "elsewhere.yaml", "files": "a.csv", "question": "q", "answer": "a"}, "a file below prompts/"),
        ({"template": "prompts/a.yaml"}, "a built-in dataset takes none of them"),
    ],
)
def test_where_a_template_may_be_named(given: dict[str, str], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        DataParams.model_validate({"source": "files", "datasets": {"gsm8k": {"role": "seed", **given}}})
