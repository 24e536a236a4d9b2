"""Greedy decoding by family: what a batch answers is what each prompt alone is answered."""

import pytest
import torch

from specialize.core.encoding import Encoding
from specialize.core.model_families import family_of
from specialize.evaluate.generate import Checkpoint, DecodingLimits, end_tokens, generate, load_checkpoint
from specialize.records.prompt_style import PLAIN, PromptStyle
from tiny_models import tiny_model, tiny_tokenizer

TOKENIZER = tiny_tokenizer(["Q: What is 12?\nA:"])
TEXTS = [f"Q: {'long ' * (7 * i % 5)}What is {i}?\nA:" for i in range(6)]


def saved(folder, model_type):
    tiny_model(model_type, len(TOKENIZER)).save_pretrained(folder)
    TOKENIZER.save_pretrained(folder)
    return folder


@pytest.mark.parametrize("model_type", ["llama", "qwen2", "qwen3", "gemma3_text", "gpt2", "t5gemma", "t5gemma2"])
@pytest.mark.parametrize("style", [PLAIN, PromptStyle(style="chat")], ids=["plain", "chat"])
def test_a_batch_is_answered_as_each_prompt_alone(tmp_path, model_type, style):
    checkpoint = load_checkpoint(saved(tmp_path, model_type), style, threads=1)
    together, truncated = generate(checkpoint, TEXTS, DecodingLimits(4, 200, 8))
    texts = [answer.text for answer in together]
    assert truncated == 0 and (len(set(texts)) > 1 or model_type == "t5gemma")
    for text, answer in zip(TEXTS, together, strict=True):
        ids = checkpoint.encoding.source_ids([text])
        with torch.no_grad():
            (alone,) = checkpoint.model.generate(
                input_ids=torch.tensor(ids), max_new_tokens=8, do_sample=False,
                eos_token_id=end_tokens(checkpoint), pad_token_id=0,
            )  # fmt: skip
        new = alone[len(ids[0]) :] if checkpoint.encoding.family == "causal" else alone
        assert answer.text == TOKENIZER.decode(new, skip_special_tokens=True).strip()


def test_an_answer_ends_at_any_of_the_end_tokens():
    model = tiny_model("llama", len(TOKENIZER))
    checkpoint = Checkpoint(model, Encoding(TOKENIZER, family_of("llama", "a test")))
    assert end_tokens(checkpoint) == [1]
    source = torch.tensor(checkpoint.encoding.source_ids(TEXTS[:1]))
    written = model.generate(input_ids=source, max_new_tokens=8, do_sample=False)[0, source.shape[1] :].tolist()
    model.generation_config.eos_token_id = [1, written[2]]
    assert end_tokens(checkpoint) == sorted([1, written[2]])
    (answer,), _ = generate(checkpoint, TEXTS[:1], DecodingLimits(1, 200, 8))
    assert answer.text == TOKENIZER.decode(written[: written.index(written[2]) + 1], skip_special_tokens=True).strip()
    assert (answer.tokens, answer.finish_reason) == (written.index(written[2]) + 1, "stop")


def test_a_long_prompt_loses_its_beginning(tmp_path):
    checkpoint = load_checkpoint(saved(tmp_path, "llama"), PLAIN, threads=1)
    length = checkpoint.count(TEXTS[0])
    (short, cut), truncated = generate(checkpoint, [TEXTS[0], "x" * 50 + TEXTS[0]], DecodingLimits(1, length, 6))
    assert truncated == 1 and short == cut
