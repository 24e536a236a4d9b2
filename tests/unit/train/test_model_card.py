"""The card's snippet is run as it stands."""

import pytest

from specialize.core.encoding import Encoding
from specialize.core.model_families import family_of
from specialize.core.usage_snippet import snippet
from specialize.evaluate.generate import DecodingLimits, generate, load_checkpoint
from specialize.records.prompt_style import PromptStyle
from specialize.train.families.family import Student
from specialize.train.model_card import model_card
from tiny_models import tiny_model, tiny_tokenizer

QUESTION = "Q: Tom has 3 apples and gets 4 more. How many has he?\nLet's think step by step"
TOKENIZER = tiny_tokenizer([QUESTION], bos=True)


@pytest.mark.parametrize("model_type", ["t5", "llama"])
@pytest.mark.parametrize(
    "style",
    [PromptStyle(), PromptStyle(style="chat", system="Be brief.", thinking=False)],
    ids=["plain", "chat"],
)
def test_the_snippet_gets_the_answer_that_scoring_reads(make_run, tmp_path, model_type, style, monkeypatch, capsys):
    run = make_run(prompts=style, formats={"zero_shot_chain_of_thought": 1.0}, max_target_tokens=8)
    student = Student(
        tiny_model(model_type, len(TOKENIZER)), Encoding(TOKENIZER, family_of(model_type, "a test"), style)
    )
    student.model.save_pretrained(tmp_path)
    TOKENIZER.save_pretrained(tmp_path)
    monkeypatch.chdir(tmp_path)
    exec(
        snippet(student.encoding, run.formats.model_dump(), run.max_target_tokens), {}
    )  # what the card says is what a reader runs
    said = capsys.readouterr().out.removesuffix("\n")
    (answer,), _ = generate(load_checkpoint(tmp_path, style, threads=1), [QUESTION], DecodingLimits(1, 200, 8))
    assert said.strip() == answer.text and answer.text


def test_the_card_names_what_the_checkpoint_is(make_run):
    student = Student(tiny_model("llama", len(TOKENIZER)), Encoding(TOKENIZER, "causal"))
    card = model_card(make_run(), 3, student, "abc", {"traces": "def"})
    assert "pipeline_tag: text-generation\n" in card and "tags: [chain-of-thought, distillation, llama]" in card
    assert "sha256 `abc`" in card and "- `traces`: sha256 `def`" in card and "prompts: plain" in card


def test_an_encoder_decoder_names_no_pipeline(make_run):
    """transformers 5 removed text2text-generation."""
    student = Student(tiny_model("t5", len(TOKENIZER)), Encoding(TOKENIZER, "encoder_decoder"))
    assert "pipeline_tag" not in model_card(make_run(), 3, student, "abc", {})
