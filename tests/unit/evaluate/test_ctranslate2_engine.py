"""CTranslate2 beside transformers: the same answers, or a reason."""

import pytest
import torch

from specialize.evaluate.ctranslate2_engine import Engine, NotConvertedError, disagreement
from specialize.evaluate.generate import DecodingLimits, generate, load_checkpoint
from specialize.records.prompt_style import PLAIN
from tiny_models import tiny_model, tiny_tokenizer

TOKENIZER = tiny_tokenizer(["Q: What is 12?\nA:"])
TEXTS = [f"Q: {'long ' * (7 * i % 5)}What is {i}?\nA:" for i in range(9)]
LIMITS = DecodingLimits(4, 200, 12)


def saved(folder, model_type):
    torch.manual_seed(2)
    tiny_model(model_type, len(TOKENIZER)).save_pretrained(folder)
    TOKENIZER.save_pretrained(folder)
    return load_checkpoint(folder, PLAIN, threads=1)


@pytest.mark.parametrize("model_type", ["t5", "llama", "qwen3", "gpt2"])
def test_both_engines_answer_alike(tmp_path, model_type):
    checkpoint = saved(tmp_path, model_type)
    engine = Engine(checkpoint, tmp_path, threads=1)
    expected = generate(checkpoint, TEXTS, LIMITS)
    assert engine.generate(TEXTS, LIMITS) == expected
    assert disagreement(checkpoint, engine, TEXTS, LIMITS) is None


def test_other_weights_are_found_out(tmp_path):
    checkpoint = saved(tmp_path, "llama")
    engine = Engine(checkpoint, tmp_path, threads=1)
    with torch.no_grad():
        checkpoint.model.get_output_embeddings().weight.mul_(-1)
    assert disagreement(checkpoint, engine, TEXTS, LIMITS) is not None


def test_a_family_that_it_does_not_know_is_told(tmp_path):
    checkpoint = saved(tmp_path, "olmo2")
    with pytest.raises(NotConvertedError, match="Olmo2Config"):
        Engine(checkpoint, tmp_path, threads=1)
