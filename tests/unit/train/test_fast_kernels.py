"""Faster kernels are the same function."""

import copy

import pytest
import torch
from transformers import T5ForConditionalGeneration

from specialize.core.params.training.starts import Architecture
from specialize.train.families.causal import draw as draw_causal
from specialize.train.families.encoder_decoder import draw
from specialize.train.fast_kernels import use_fast_kernels

SHAPE = {"d_model": 24, "d_kv": 8, "d_ff": 48, "num_layers": 2, "num_heads": 3}


@pytest.fixture
def model(tokenizer) -> T5ForConditionalGeneration:
    torch.manual_seed(3)
    return draw(Architecture(**SHAPE), tokenizer, 0.0, 384)


def step(model):
    """Return logits and gradients of one padded batch."""
    generator = torch.Generator().manual_seed(7)
    ids, labels = (torch.randint(3, 300, (5, length), generator=generator) for length in (17, 9))
    mask = torch.ones_like(ids)
    mask[0, 11:] = 0
    model.zero_grad()
    out = model(input_ids=ids, attention_mask=mask, labels=labels)
    out.loss.backward()
    return out.logits.detach(), {name: weight.grad for name, weight in model.named_parameters()}


def test_logits_and_gradients_are_those_of_transformers_own_modules(model):
    plain = copy.deepcopy(model)
    use_fast_kernels(model)
    (logits, gradients), (expected, plain_gradients) = step(model), step(plain)
    torch.testing.assert_close(logits, expected, rtol=1e-5, atol=1e-5)
    for name, gradient in gradients.items():
        torch.testing.assert_close(gradient, plain_gradients[name], rtol=1e-4, atol=1e-6, msg=name)


def test_what_is_exported_does_not_tell(model, tmp_path):
    model.save_pretrained(tmp_path / "plain")
    use_fast_kernels(model)
    model.save_pretrained(tmp_path / "fast")
    for name in ("config.json", "model.safetensors", "generation_config.json"):
        assert (tmp_path / "fast" / name).read_bytes() == (tmp_path / "plain" / name).read_bytes()


def test_autocast_keeps_the_norm_in_fp32(model):
    use_fast_kernels(model)
    norm = model.encoder.final_layer_norm
    hidden = torch.full((1, 24), 300.0, dtype=torch.bfloat16)
    assert norm(hidden).dtype == torch.float32


def test_another_model_stays_as_it_is(tokenizer):
    model = draw_causal(Architecture(family="llama", **SHAPE), tokenizer, 0.0, 384)
    before = model.config._attn_implementation, [type(module) for module in model.modules()]
    use_fast_kernels(model)
    assert (model.config._attn_implementation, [type(module) for module in model.modules()]) == before
