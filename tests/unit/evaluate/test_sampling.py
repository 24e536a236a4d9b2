"""Sampled answers: the distribution, what the chance is tied to, shared beginnings."""

import numpy as np
import pytest
import torch

from specialize.core.encoding import Encoding
from specialize.core.model_families import family_of
from specialize.core.params.evaluate import EvaluateParams
from specialize.evaluate.generate import Checkpoint, DecodingLimits, end_tokens, generate
from specialize.evaluate.sampling import choose, random_numbers, sample
from tiny_models import tiny_model, tiny_tokenizer

TOKENIZER = tiny_tokenizer(["Q: What is 12?\nA:"])
TEXTS = [f"Q: {'long ' * (7 * i % 5)}What is {i}?\nA:" for i in range(5)]
KEYS = [f"d/test/{i}" for i in range(5)]
LIMITS = DecodingLimits(4, 200, 6)


def params(**changes):
    given = {"samples": 4, "temperature": 1.0, "seed": 3} | changes
    return EvaluateParams(formats=["zero_shot_chain_of_thought"], generic_formats=["answer_only"], **given)


def checkpoint(model_type):
    torch.manual_seed(1)
    model = tiny_model(model_type, len(TOKENIZER)).eval()
    head = model.get_output_embeddings()
    own = torch.nn.Linear(head.in_features, head.out_features, bias=False)  # tied weights repeat the last token
    torch.nn.init.normal_(own.weight, std=3.0)  # sharp, so that samples share beginnings
    model.set_output_embeddings(own)
    TOKENIZER.padding_side = "right" if model.config.is_encoder_decoder else "left"
    return Checkpoint(model, Encoding(TOKENIZER, family_of(model_type, "a test")))


@pytest.mark.parametrize("model_type", ["t5", "llama", "gpt2"])
def test_each_sample_is_drawn_from_the_model_token_by_token(model_type):
    """Against a loop without cache, batch or shared rows."""
    loaded = checkpoint(model_type)
    written, truncated = sample(loaded, TEXTS, KEYS, LIMITS, params())
    assert truncated == 0 and len({answer.text for answers in written for answer in answers}) > 5
    start = loaded.model.generation_config.decoder_start_token_id
    for text, key, answers in zip(TEXTS[:2], KEYS, written, strict=False):
        (ids,) = loaded.encoding.source_ids([text])
        draws = random_numbers(key, params(), LIMITS.max_new_tokens)
        for number, answer in enumerate(answers):
            made = []
            for position in range(LIMITS.max_new_tokens):
                with torch.no_grad():
                    if loaded.model.config.is_encoder_decoder:
                        out = loaded.model(
                            input_ids=torch.tensor([ids]), decoder_input_ids=torch.tensor([[start, *made]])
                        )
                    else:
                        out = loaded.model(input_ids=torch.tensor([ids + made]))
                ranked, tokens = out.logits[0, -1].softmax(-1).sort(descending=True, stable=True)
                place = int((ranked.double().cumsum(0) <= float(draws[number, position])).sum())
                made.append(int(tokens[min(place, len(tokens) - 1)]))
                if made[-1] in end_tokens(loaded):
                    break
            assert answer == loaded.read(made, is_answer_only=True)


def test_the_first_samples_stay_and_no_batch_moves_them():
    loaded = checkpoint("llama")
    four, _ = sample(loaded, TEXTS, KEYS, LIMITS, params())
    six, _ = sample(loaded, TEXTS[::-1], KEYS[::-1], DecodingLimits(2, 200, 6), params(samples=6))
    assert [answers[:4] for answers in six[::-1]] == four
    assert sample(loaded, TEXTS, KEYS, LIMITS, params(seed=4))[0] != four


@pytest.mark.parametrize("model_type", ["t5", "t5gemma", "qwen3"])
def test_almost_no_temperature_is_greedy(model_type):
    loaded = checkpoint(model_type)
    greedy, _ = generate(loaded, TEXTS, LIMITS)
    cold, _ = sample(loaded, TEXTS, KEYS, LIMITS, params(temperature=1e-4, samples=2))
    assert cold == [[answer, answer] for answer in greedy]
    nucleus, _ = sample(loaded, TEXTS, KEYS, LIMITS, params(top_p=1e-6, samples=2))
    assert nucleus == cold


def test_tokens_come_as_often_as_they_should():
    logits = torch.tensor([[0.0, 1.0, 2.0, -1.0], [3.0, 0.0, 0.0, 0.0]])
    draws = torch.arange(20000) / 20000
    for row, top_p in ((0, 1.0), (0, 0.8), (1, 0.5)):
        found = choose(logits, draws, torch.full((20000,), row), 0.7, top_p)
        expected = (logits[row] / 0.7).softmax(0)
        ranked, order = expected.sort(descending=True)
        kept = order[(ranked.cumsum(0) - ranked) < top_p]
        truth = torch.zeros(4).index_copy(0, kept, expected[kept] / expected[kept].sum())
        assert (found.bincount(minlength=4) / 20000).tolist() == pytest.approx(truth.tolist(), abs=2e-4)


def test_random_numbers_are_uniform_and_of_the_question():
    numbers = random_numbers("d/test/1", params(samples=64), 256)
    assert numbers.min() >= 0 and numbers.max() < 1 and abs(numbers.mean() - 0.5) < 0.01
    assert np.array_equal(numbers[:8], random_numbers("d/test/1", params(samples=8), 256))
    assert not np.array_equal(numbers, random_numbers("d/test/2", params(samples=64), 256))
