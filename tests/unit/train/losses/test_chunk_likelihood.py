"""Chunk likelihood against a loop over chunks in float64."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from specialize.core.params.train import DistributionParams
from specialize.train.losses.chunk_likelihood import Chunks
from specialize.train.losses.token_losses import IGNORED, token_losses


@st.composite
def batches(draw):
    """Draw logits, labels (padded at the end) and chunks that do not overlap, each example with its own."""
    generator = torch.Generator().manual_seed(draw(st.integers(0, 2**48)))
    batch, length = draw(st.integers(1, 3)), draw(st.integers(1, 9))
    logits = torch.randn(batch, length, 11, dtype=torch.float64, generator=generator) * 3
    labels = torch.randint(0, 11, (batch, length), generator=generator)
    place = torch.zeros(batch, length, dtype=torch.long)
    for row in range(batch):
        real = draw(st.integers(1, length))
        labels[row, real:] = IGNORED
        lengths = draw(st.lists(st.integers(1, 3), max_size=3))
        start = 0
        for number, tokens in enumerate(lengths, start=1):
            start += draw(st.integers(0, 1))
            place[row, start : min(start + tokens, real)] = number
            start += tokens
    log_p = -torch.rand(batch, 3, dtype=torch.float64, generator=generator) * draw(st.sampled_from([0.0, 0.1, 5.0]))
    return logits, labels, Chunks(place, log_p)


def none_soft(labels):
    return torch.zeros(*labels.shape, 0, dtype=torch.long), torch.zeros(*labels.shape, 0)


@given(batches())
@settings(max_examples=60, deadline=None)
def test_each_chunk_is_one_question(batch):
    logits, labels, chunks = batch
    found = token_losses(logits, labels, *none_soft(labels), DistributionParams(), chunks)
    log_q = logits.log_softmax(dim=2)
    expected = 0.0
    for row in range(len(labels)):
        real = [place for place in range(labels.shape[1]) if labels[row, place] != IGNORED]
        said = {place: log_q[row, place, labels[row, place]].item() for place in real}
        expected -= sum(said[place] for place in real if not chunks.place[row, place])
        for number in {int(chunks.place[row, place]) for place in real} - {0}:
            q = math.exp(sum(said[place] for place in real if chunks.place[row, place] == number))
            p = math.exp(chunks.log_p[row, number - 1].item())
            expected += p * math.log(p / q) + ((1 - p) * math.log((1 - p) / (1 - q)) if p < 1 else 0)
    assert found.objective.sum().item() == pytest.approx(expected, abs=1e-8)


@given(batches())
@settings(max_examples=20, deadline=None)
def test_a_sure_teacher_and_sample_matching_are_cross_entropy(batch):
    logits, labels, chunks = batch
    sure = Chunks(chunks.place, torch.zeros_like(chunks.log_p))
    plain = token_losses(logits, labels, *none_soft(labels), None).objective
    matched = token_losses(logits, labels, *none_soft(labels), DistributionParams(), sure).objective
    torch.testing.assert_close(matched.sum(), plain.sum())
    torch.testing.assert_close(token_losses(logits, labels, *none_soft(labels), None, chunks).objective, plain)


def test_gradcheck():
    labels = torch.tensor([[3, 4, 5, 6], [1, 2, IGNORED, IGNORED]])
    chunks = Chunks(torch.tensor([[1, 1, 0, 2], [0, 1, 0, 0]]), torch.tensor([[-0.3, -1.0], [-0.1, 0.0]]).double())
    seed = torch.seed()
    logits = torch.randn(2, 4, 9, dtype=torch.float64, requires_grad=True)
    matching = DistributionParams(sample_weight=0.2)
    assert torch.autograd.gradcheck(
        lambda z: token_losses(z, labels, *none_soft(labels), matching, chunks).objective.sum(), logits
    ), f"seed {seed}"


def test_finite_where_a_student_is_sure():
    logits = torch.zeros(1, 2, 5)
    logits[:, :, 1] = 300
    logits.requires_grad_()
    for labels in ([[1, 1]], [[2, 2]]):
        for log_p in (-0.2, -20.0, 0.0):
            chunks = Chunks(torch.tensor([[1, 1]]), torch.tensor([[log_p]]))
            found = token_losses(
                logits, torch.tensor(labels), *none_soft(torch.tensor(labels)), DistributionParams(), chunks
            )
            found.objective.sum().backward()
            assert found.objective.isfinite().all() and logits.grad.isfinite().all()
