"""Questions of one's own, on the command line."""

import json

import pytest

from specialize.__main__ import main
from specialize.core.files import write_json
from specialize.evaluate import ask as module
from specialize.evaluate.generate import Generated
from specialize.records.checkpoints import CheckpointManifest
from specialize.records.recipes import Recipe
from tiny_models import tiny_model, tiny_tokenizer

TOKENIZER = tiny_tokenizer(["Q: What is 12?\nA:"])


@pytest.fixture
def checkpoint(tmp_path):
    folder = tmp_path / "step-3"
    tiny_model("qwen3", len(TOKENIZER)).save_pretrained(folder)
    TOKENIZER.save_pretrained(folder)
    recipe = Recipe(phase="train", name="train/a", params={}, code="c", rules="r", files={})
    manifest = CheckpointManifest(
        student="s", step=3, parameters=1, recipe=recipe, recipe_sha256="", inputs={}, start_commit=None, files={},
        libraries={}, python="3", machine="m",
    )  # fmt: skip
    write_json(folder / "manifest.json", manifest.model_dump())
    return folder


def test_questions_from_the_command_line_and_a_file_are_answered_in_order(checkpoint, tmp_path, capsys, monkeypatch):
    asked = []

    def decoded(loaded, texts, limits):
        asked.extend(texts)
        said = [f"It is {len(asked)}.\nThe answer is {text.count('o')}" for text in texts]
        return [Generated(text, 7, "stop") for text in said], 0

    monkeypatch.setattr(module, "generate", decoded)
    (tmp_path / "more.jsonl").write_text(json.dumps({"question": "How so?"}) + "\n")
    arguments = ["ask", "--checkpoint", str(checkpoint), "What now?", "--file", str(tmp_path / "more.jsonl")]
    assert main(arguments) == 0
    assert asked == [f"Q: {text}\nLet's think step by step" for text in ("What now?", "How so?")]
    said = capsys.readouterr()
    assert said.out == "Q: What now?\nIt is 2.\n-> 1\n\nQ: How so?\nIt is 2.\n-> 2\n\n"
    assert "tokens/s" in said.err


def test_a_real_model_replies(checkpoint, capsys):
    assert main(["ask", "--checkpoint", str(checkpoint), "What is 3?", "--max-new-tokens", "4"]) == 0
    said = capsys.readouterr()
    assert said.out.startswith("Q: What is 3?\n") and " tokens in " in said.err


@pytest.mark.parametrize(
    ("file", "text", "message"),
    [
        ("q.jsonl", '{"text": "x"}\n', "q.jsonl:1: field 'question'"),
        ("q.jsonl", "{\n", "q.jsonl:1: field '(whole line)'"),
        ("q.txt", "\n", "expected a question"),
    ],
)
def test_mistakes_end_in_a_line(checkpoint, tmp_path, capsys, file, text, message):
    (tmp_path / file).write_text(text)
    assert main(["ask", "--checkpoint", str(checkpoint), "--file", str(tmp_path / file)]) == 2
    assert message in capsys.readouterr().err
    assert main(["ask", "--checkpoint", str(tmp_path), "Why?"]) == 2
    assert "no such file; give a folder results/checkpoints" in capsys.readouterr().err
