"""Losses against a dense float64 reference on random inputs, fresh in each run."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn.functional import cross_entropy, kl_div, one_hot

from specialize.core.params.train import DistributionParams
from specialize.train.losses import topk_logprobs
from specialize.train.losses.token_losses import IGNORED, MIN_REST_MASS, distinct, token_losses

MATCHINGS = [
    DistributionParams(missing_mass="raw"),
    DistributionParams(missing_mass="renormalise"),
    DistributionParams(missing_mass="tail"),
    DistributionParams(missing_mass="raw", temperature=2.0),
    DistributionParams(missing_mass="renormalise", temperature=0.7),
    DistributionParams(missing_mass="tail", temperature=3.0, sample_weight=0.3),
    DistributionParams(divergence="reverse_kl"),
    DistributionParams(divergence="reverse_kl", temperature=1.7),
    DistributionParams(divergence="skew_kl"),
    DistributionParams(divergence="skew_kl", missing_mass="renormalise", skew=0.0),
    DistributionParams(divergence="jsd", beta=0.2),
    DistributionParams(divergence="jsd", missing_mass="renormalise", temperature=2.0, sample_weight=0.5),
]
NAMES = ["-".join(str(value) for value in matching.model_dump().values()) for matching in MATCHINGS]


@st.composite
def batches(draw, most_named=5):
    """Draw logits, labels, soft ids, soft probabilities: ragged, with padding, one-hot rows, full mass, tiny mass."""
    seed = draw(st.integers(0, 2**48))
    batch, length = draw(st.integers(1, 3)), draw(st.integers(1, 5))
    vocabulary, named = draw(st.integers(7, 40)), draw(st.integers(1, most_named))
    generator = torch.Generator().manual_seed(seed)

    def random(*shape):
        return torch.rand(*shape, generator=generator, dtype=torch.float64)

    logits = (random(batch, length, vocabulary) - 0.5) * draw(st.sampled_from([1.0, 10.0, 60.0]))
    ids = random(batch, length, vocabulary).argsort(dim=2)[:, :, :named]
    probs = random(batch, length, named) + 1e-3
    counts = torch.randint(0, named + 1, (batch, length, 1), generator=generator)
    probs = torch.where(torch.arange(named) < counts, probs, 0.0)
    mass = draw(st.sampled_from([1.0, 0.9, 0.3]))
    probs = probs / probs.sum(dim=2, keepdim=True).clamp(min=1e-9) * mass
    labels = torch.randint(0, vocabulary, (batch, length), generator=generator)
    labels[random(batch, length) < 0.2] = IGNORED
    return logits, labels, ids, probs


def dense(logits, labels, ids, probs, matching):
    """The same by loops over positions and full distributions in float64."""
    values = []
    for z, label, named, p in zip(*(x.flatten(0, 1) for x in (logits, labels, ids, probs)), strict=True):
        if label == IGNORED:
            continue
        q = z.softmax(-1)
        nll = -z.log_softmax(-1)[label]
        if p.sum() == 0:
            values.append(nll)
            continue
        known = named[p > 0]
        p = p[p > 0]
        others = torch.ones_like(z, dtype=torch.bool)
        others[known] = False
        q = torch.cat([q[known], q[others].sum()[None]])
        rest = {"tail": 1 - p.sum(), "renormalise": 0.0, "raw": 0.0}[matching.missing_mass]
        p = torch.cat(
            [
                p / p.sum() if matching.missing_mass == "renormalise" else p,
                torch.tensor([rest if rest > MIN_REST_MASS else 0.0]),
            ]
        )
        t = matching.temperature
        p, q = p ** (1 / t) / (p ** (1 / t)).sum() * p.sum(), q ** (1 / t) / (q ** (1 / t)).sum()

        def kl(a, b):
            return sum(x * (x / y).log() for x, y in zip(a, b, strict=True) if x > 0)

        match matching.divergence:
            case "forward_kl":
                value = kl(p, q)
            case "reverse_kl":
                floored = torch.cat([p[:-1], p[-1:].clamp(min=MIN_REST_MASS)])
                value = kl(q, floored / floored.sum())
            case "skew_kl":
                value = kl(p, matching.skew * p + (1 - matching.skew) * q)
            case "jsd":
                m = matching.beta * p + (1 - matching.beta) * q
                value = matching.beta * kl(p, m) + (1 - matching.beta) * kl(q, m)
        values.append(matching.sample_weight * nll + (1 - matching.sample_weight) * value * t**2)
    return torch.stack(values) if values else torch.zeros(0, dtype=torch.float64)


@pytest.mark.parametrize("matching", MATCHINGS, ids=NAMES)
@given(batches())
@settings(max_examples=15, deadline=None)
def test_values_and_gradients_are_those_of_the_dense_reference(matching, batch):
    logits, labels, ids, probs = batch
    ours, reference = (logits.clone().requires_grad_() for _ in range(2))
    value = token_losses(ours, labels, ids, probs, matching).objective
    expected = dense(reference, labels, ids, probs, matching)
    torch.testing.assert_close(value, expected, rtol=1e-8, atol=1e-9)
    if len(expected):
        value.sum().backward()
        expected.sum().backward()
        torch.testing.assert_close(ours.grad, reference.grad, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("matching", MATCHINGS, ids=NAMES)
def test_gradcheck(matching):
    seed = torch.seed()
    labels = torch.randint(0, 9, (2, 3))
    labels[1, 2] = IGNORED
    ids = torch.rand(2, 3, 9).argsort(dim=2)[:, :, :3]
    probs = torch.rand(2, 3, 3, dtype=torch.float64)
    probs = probs / probs.sum(dim=2, keepdim=True) * 0.8
    probs[0, 0], probs[0, 1, 1:] = 0, 0
    logits = torch.randn(2, 3, 9, dtype=torch.float64, requires_grad=True)
    weights = torch.rand(5, dtype=torch.float64)
    assert torch.autograd.gradcheck(
        lambda z: (weights * token_losses(z, labels, ids, probs, matching).objective).sum(), logits
    ), f"seed {seed}"


@given(batches())
@settings(max_examples=30, deadline=None)
def test_forward_kl_is_torchs_kl_div_on_a_scattered_target(batch):
    logits, labels, ids, probs = batch
    target = torch.zeros_like(logits).scatter_add_(2, ids, probs)
    known = (probs.sum(dim=2) > 0) & (labels != IGNORED)
    expected = kl_div(logits.log_softmax(dim=2), target, reduction="none").sum(dim=2)[known]
    found = token_losses(logits, labels, ids, probs, DistributionParams(missing_mass="raw"))
    torch.testing.assert_close(found.objective[found.soft], expected)


@given(batches(), st.integers(0, 2**48))
@settings(max_examples=30, deadline=None)
def test_where_the_teacher_names_every_token_all_treatments_are_the_full_kl(batch, seed):
    logits, labels, ids, _ = batch
    vocabulary = logits.shape[2]
    ids = torch.arange(vocabulary).expand(*logits.shape)
    target = torch.randn(*logits.shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed)).softmax(
        dim=2
    )
    kept = labels != IGNORED
    for temperature in (1.0, 2.5):
        teacher, student = ((x / temperature).log_softmax(dim=2)[kept] for x in (target.log(), logits))
        expected = kl_div(student, teacher, log_target=True, reduction="none").sum(dim=1) * temperature**2
        for missing_mass in ("tail", "renormalise", "raw"):
            matching = DistributionParams(missing_mass=missing_mass, temperature=temperature)
            found = token_losses(logits, labels, ids, target, matching).objective
            torch.testing.assert_close(found, expected, rtol=1e-6, atol=1e-8)


@given(batches())
@settings(max_examples=30, deadline=None)
def test_one_hot_positions_and_sample_matching_are_cross_entropy(batch):
    logits, labels, ids, probs = batch
    kept = labels.flatten() != IGNORED
    expected = cross_entropy(logits.flatten(0, 1)[kept], labels.flatten()[kept], reduction="none")
    torch.testing.assert_close(token_losses(logits, labels, ids, probs, None).objective, expected)
    for matching in MATCHINGS:
        found = token_losses(logits, labels, ids, torch.zeros_like(probs), matching)
        torch.testing.assert_close(found.objective, expected)
        assert not found.soft.any() and not found.teacher_kl.numel()


def test_no_soft_columns_at_all():
    """A batch of answer-only examples: K is 0."""
    logits, labels = torch.randn(2, 3, 8, requires_grad=True), torch.randint(0, 8, (2, 3))
    empty = torch.zeros(2, 3, 0)
    found = token_losses(logits, labels, empty.int(), empty, DistributionParams())
    expected = cross_entropy(logits.flatten(0, 1), labels.flatten(), reduction="sum")
    torch.testing.assert_close(found.objective.sum(), expected)
    found.objective.sum().backward()
    torch.testing.assert_close(logits.grad.sum(dim=2), torch.zeros(2, 3), rtol=0, atol=1e-6)


def test_a_batch_of_padding_alone_is_zero_with_zero_gradient():
    logits = torch.randn(1, 3, 8, requires_grad=True)
    none = torch.full((1, 3), IGNORED)
    total = token_losses(logits, none, torch.zeros(1, 3, 2).int(), torch.zeros(1, 3, 2), DistributionParams()).objective
    total.sum().backward()
    assert total.sum() == 0 and not logits.grad.any()


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("matching", MATCHINGS, ids=NAMES)
def test_finite_at_the_edges(matching, dtype):
    """Top-k of one, probability 1.0, more than 1 by rounding, empty rows, students that are sure and wrong."""
    probs = torch.tensor([[1.0, 0, 0], [0.4, 0, 0], [0.6, 0.4, 0.001], [0, 0, 0], [6e-8, 0, 0], [0, 1.0, 0]])
    ids = torch.tensor([[1, 0, 0], [1, 0, 0], [1, 2, 3], [0, 0, 0], [4, 4, 4], [9, 5, 9]])
    for sure_of in (1, 5, 7):
        logits = (200.0 * one_hot(torch.tensor(sure_of), 10)).expand(1, 6, 10).to(dtype).clone().requires_grad_()
        labels = torch.tensor([[1, 2, 3, 4, 5, 6]])
        found = token_losses(logits, labels, ids[None], probs.half()[None], matching)
        found.objective.sum().backward()
        assert found.objective.isfinite().all() and logits.grad.isfinite().all()
        assert found.teacher_kl.isfinite().all() and (found.teacher_kl > -1e-6).all()
        assert logits.grad.dtype == dtype


@given(batches(), st.sampled_from(MATCHINGS), st.integers(1, 4))
@settings(max_examples=40, deadline=None)
def test_order_of_alternatives_padding_and_chunks_change_nothing(batch, matching, extra):
    logits, labels, ids, probs = batch
    found = token_losses(logits, labels, ids, probs, matching)
    order = torch.arange(ids.shape[2]).flip(0)
    pad = (0, 0, 0, extra)
    more = torch.nn.functional.pad
    other = token_losses(
        more(logits, pad), more(labels, (0, extra), value=IGNORED), more(ids[:, :, order], (0, 2, 0, extra)),
        more(probs[:, :, order], (0, 2, 0, extra)), matching,
    )  # fmt: skip
    for a, b in zip(found, other, strict=True):
        torch.testing.assert_close(a, b)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(topk_logprobs, "CHUNK_VALUES", 1)
        for a, b in zip(found, token_losses(logits, labels, ids, probs, matching), strict=True):
            torch.testing.assert_close(a, b)


@given(batches())
@settings(max_examples=20, deadline=None)
def test_a_repeated_id_counts_once_with_the_sum(batch):
    logits, labels, ids, probs = batch
    halves = torch.cat([probs / 2, probs / 2], dim=2)
    twice = torch.cat([ids, ids], dim=2)
    for matching in MATCHINGS:
        once = token_losses(logits, labels, ids, probs, matching)
        for a, b in zip(once, token_losses(logits, labels, twice, halves, matching), strict=True):
            torch.testing.assert_close(a, b)
    assert distinct(torch.tensor([[3, 3, 4]]), torch.tensor([[0.0, 0.2, 0.3]])).tolist()[0] == pytest.approx(
        [0, 0.2, 0.3]
    )


@pytest.mark.parametrize("matching", MATCHINGS, ids=NAMES)
def test_a_student_that_equals_the_teacher_has_no_loss_and_no_gradient(matching):
    """Under `tail` for every divergence; the others ask for a student that never leaves the named tokens."""
    named = torch.tensor([0.5, 0.2, 0.1], dtype=torch.float64)
    if matching.missing_mass == "tail":
        q = torch.cat([named, torch.full((4,), 0.05, dtype=torch.float64)])
    else:
        q = torch.cat([named / named.sum(), torch.full((4,), 1e-15, dtype=torch.float64)])
    logits = q.log()[None, None].clone().requires_grad_()
    only = matching.model_copy(update={"sample_weight": 0.0})
    found = token_losses(logits, torch.tensor([[0]]), torch.arange(3)[None, None], named[None, None], only)
    found.objective.sum().backward()
    least = 0.8 * math.log(0.8) * matching.temperature**2 if matching.missing_mass == "raw" else 0.0
    tolerance = 1e-6 if matching.temperature == 1 else 1e-3  # a temperature lifts the 1e-15 of the rest
    assert found.objective.item() == pytest.approx(least, abs=tolerance)
    assert logits.grad.abs().max() < tolerance


def test_raw_is_renormalised_with_less_weight():
    """The remark of the docstring: raw = m × renormalised + m log m."""
    probs = torch.tensor([[[0.5, 0.2]]], dtype=torch.float64)
    args = torch.randn(1, 1, 9, dtype=torch.float64), torch.tensor([[4]]), torch.tensor([[[1, 2]]]), probs
    raw, renormalised = (
        token_losses(*args, DistributionParams(missing_mass=missing_mass)).objective.item()
        for missing_mass in ("raw", "renormalise")
    )
    assert raw == pytest.approx(0.7 * renormalised + 0.7 * math.log(0.7))


@given(batches())
@settings(max_examples=30, deadline=None)
def test_what_is_logged_does_not_depend_on_the_objective(batch):
    logits, labels, ids, probs = batch
    logged = [token_losses(logits, labels, ids, probs, matching)[1:] for matching in (None, *MATCHINGS)]
    for other in logged[1:]:
        for a, b in zip(logged[0], other, strict=True):
            assert torch.equal(a, b)
    tail = token_losses(logits, labels, ids, probs, DistributionParams())
    torch.testing.assert_close(tail.teacher_kl, tail.objective[tail.soft])
    assert (tail.entropy >= 0).all() and (tail.teacher_kl > -1e-9).all()
