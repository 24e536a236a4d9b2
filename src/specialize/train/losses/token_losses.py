"""Sample and distribution matching, per target token, in nats.

*Sample matching* is cross entropy on the teacher's text (paper §3.3). *Distribution matching* lets the student match,
at every target token, the next-token distribution p of the teacher, of which k tokens are known. A position has k + 1
outcomes: these tokens, and the rest of the vocabulary as one. Every divergence below is one between the teacher's and
the student's distribution over these outcomes: exact for what is known of the teacher, and never more than the
divergence over the whole vocabulary (data-processing inequality). What becomes of the mass 1 - m that k tokens leave:

    tail         the rest has 1 - m: the only choice whose minimum, 0, is the teacher itself
    renormalise  the tokens are divided by m, the rest has nothing: the student never leaves the k tokens
    raw          the tokens as they are, the rest has nothing (paper's code). It is m times `renormalise` plus m log m:
                 the same optimum, less weight where the teacher is less known, and a minimum below zero

docs/explanation/losses.md says it at length.

Positions without a distribution (answer-only formats, tokens that no teacher token matches) are cross entropy on the
sampled token, whatever the divergence, as in the paper's code.

Shapes: B batch, T target positions, V vocabulary, K tokens the teacher named, M positions with a target, S soft ones,
E = K + 1 outcomes, the rest last.
"""

import math
from typing import NamedTuple

import torch

from specialize.core.params.train import DistributionParams
from specialize.train.losses.chunk_likelihood import Chunks, chunk_losses
from specialize.train.losses.topk_logprobs import student_outcomes

IGNORED = -100
"""Label of padding: no loss."""
MIN_LOG_PROB = -100.0
"""Least log-probability of the rest, which is minus infinity where a teacher names the whole (toy) vocabulary."""
MIN_REST_MASS = 2.5e-4
"""Least mass of the teacher's rest: half the step of float16 below 1, in which probabilities are stored. Less counts as
nothing (a temperature would raise the rounding error of a sum to a real mass), except under reverse KL, which is
infinite where the teacher gives nothing: there the rest has at least so much."""


class TokenLosses(NamedTuple):
    """One value for each target token, in the order of the batch."""

    objective: torch.Tensor
    """[M] What is learned from; the only one with a gradient."""
    sample_nll: torch.Tensor
    """[M] Minus log-probability of the sampled token."""
    soft: torch.Tensor
    """[M] Whether the teacher's distribution is known here."""
    teacher_kl: torch.Tensor
    """[S] Forward KL to the teacher, tail bucket, temperature 1, at the soft positions: one scale for all losses."""
    entropy: torch.Tensor
    """[S] Entropy of the teacher over the k + 1 outcomes: the sample NLL of a student that equals the teacher."""


def token_losses(
    logits_BTV: torch.Tensor,
    labels_BT: torch.Tensor,
    soft_ids_BTK: torch.Tensor,
    soft_probs_BTK: torch.Tensor,
    matching: DistributionParams | None,
    chunks: Chunks | None = None,
) -> TokenLosses:
    """Return the losses of every target token (label other than IGNORED).

    soft_probs: the teacher's probability of each of soft_ids, 0 where there is none (a token of probability 0 belongs
    to the rest); an id that comes twice in a row counts once, with the sum. A position whose probabilities are all 0
    has no distribution. matching: how distributions are matched; None for sample matching. chunks: text that the
    teacher cut otherwise, of which it gave the likelihood (`groups: chunk` of the alignment).
    """
    labels_N = labels_BT.flatten()
    rows_M = (labels_N != IGNORED).nonzero()[:, 0]
    labels_M = labels_N[rows_M]
    dtype = torch.float64 if logits_BTV.dtype == torch.float64 else torch.float32
    ids_MK = soft_ids_BTK.flatten(0, 1)[rows_M].long()
    probs_MK = distinct(ids_MK, soft_probs_BTK.flatten(0, 1)[rows_M].to(dtype))
    used_MK = probs_MK > 0
    student = student_outcomes(logits_BTV.flatten(0, 1), rows_M, labels_M, ids_MK, used_MK)
    nll_M = -student.label
    soft_M = used_MK.any(dim=1)
    where_S = soft_M.nonzero()[:, 0]
    named_SK = probs_MK[where_S]
    log_q_SE = torch.cat([student.named[where_S], student.rest[where_S, None].clamp(min=MIN_LOG_PROB)], dim=1)
    p_SE = teacher_outcomes(named_SK, "tail")
    entropy_S = -torch.xlogy(p_SE, p_SE).sum(dim=1)
    kl_S = forward_kl(p_SE, log_q_SE.detach())
    objective_M = nll_M
    if matching is not None and matching.sample_weight < 1:
        matched_S = divergence(named_SK, log_q_SE, matching)
        objective_M = nll_M.index_put((where_S,), matched_S)
        if chunks is not None and chunks.log_p.shape[1]:
            shares_M, inside_M = chunk_losses(student.label, rows_M, chunks)
            objective_M = torch.where(inside_M & ~soft_M, shares_M, objective_M)
        objective_M = matching.sample_weight * nll_M + (1 - matching.sample_weight) * objective_M
    return TokenLosses(objective_M, nll_M.detach(), soft_M, kl_S, entropy_S)


def distinct(ids_MK: torch.Tensor, probs_MK: torch.Tensor) -> torch.Tensor:
    """Return the probabilities with those of a repeated id added to its first place, and 0 in the later ones.

    Alignment leaves no repeated ids; here they are defined. Rows that sum to more than 1 (rounding to float16) are
    divided by their sum.
    """
    same_MKK = ids_MK[:, :, None] == ids_MK[:, None, :]
    repeated_MK = (same_MKK & (probs_MK > 0)[:, None, :]).tril(diagonal=-1).any(dim=2)
    summed_MK = (same_MKK * probs_MK[:, None, :]).sum(dim=2)
    summed_MK = torch.where(repeated_MK | (probs_MK <= 0), 0.0, summed_MK)
    return summed_MK / summed_MK.sum(dim=1, keepdim=True).clamp(min=1)


def teacher_outcomes(named_SK: torch.Tensor, missing_mass: str) -> torch.Tensor:
    """Return the teacher's probabilities of the k + 1 outcomes, by one of the three treatments of the missing mass."""
    mass_S1 = named_SK.sum(dim=1, keepdim=True)
    match missing_mass:
        case "tail":
            rest_S1 = 1 - mass_S1
            return torch.cat([named_SK, _where(rest_S1 > MIN_REST_MASS, rest_S1)], dim=1)
        case "renormalise":
            return torch.cat([named_SK / mass_S1, torch.zeros_like(mass_S1)], dim=1)
        case "raw":
            return torch.cat([named_SK, torch.zeros_like(mass_S1)], dim=1)
        case _:
            raise ValueError(f"missing_mass: expected tail, renormalise or raw, got {missing_mass!r}")


def divergence(named_SK: torch.Tensor, log_q_SE: torch.Tensor, matching: DistributionParams) -> torch.Tensor:
    """Return the divergence of each soft position.

    named_SK: the teacher's probabilities, 0 where there is none; log_q_SE: the student's log-probabilities of the same
    and, last, of the rest. At a temperature other than 1 both distributions over the outcomes are raised to
    1/temperature and normalised, and the result is multiplied by its square, which keeps the size of gradients (Hinton
    et al., arXiv 1503.02531 §2; where all tokens are named it is theirs exactly). Tempering the outcomes rather than
    the student's whole vocabulary leaves the optimum where it was.
    """
    p_SE = teacher_outcomes(named_SK, matching.missing_mass)
    known_SE = torch.cat([named_SK > 0, torch.ones_like(named_SK[:, :1], dtype=torch.bool)], dim=1)
    temperature = matching.temperature
    if temperature != 1:
        p_SE = _tempered(p_SE, temperature)
        log_q_SE = (log_q_SE.masked_fill(~known_SE, -torch.inf) / temperature).log_softmax(dim=1)
        log_q_SE = log_q_SE.masked_fill(~known_SE, 0.0)
    match matching.divergence:
        case "forward_kl":
            value_S = forward_kl(p_SE, log_q_SE)
        case "reverse_kl":
            value_S = reverse_kl(p_SE, log_q_SE, known_SE)
        case "skew_kl":
            value_S = forward_kl(p_SE, mixture(p_SE, log_q_SE, matching.skew))
        case "jsd":
            value_S = jensen_shannon(p_SE, log_q_SE, known_SE, matching.beta)
    return value_S * temperature**2


def forward_kl(p_SE: torch.Tensor, log_q_SE: torch.Tensor) -> torch.Tensor:
    """KL(p ‖ q), the paper's objective (§3.3). p may sum to less than 1; outcomes with p = 0 add nothing."""
    return (torch.xlogy(p_SE, p_SE) - p_SE * _where(p_SE > 0, log_q_SE)).sum(dim=1)


def reverse_kl(p_SE: torch.Tensor, log_q_SE: torch.Tensor, known_SE: torch.Tensor) -> torch.Tensor:
    """KL(q ‖ p), which seeks the teacher's modes (MiniLLM, arXiv 2306.08543). The rest has at least MIN_REST_MASS."""
    log_p_SE = _where(p_SE > 0, p_SE, 1.0).log()
    floored_S = p_SE[:, -1].clamp(min=MIN_REST_MASS)
    log_p_SE = torch.cat([log_p_SE[:, :-1], floored_S.log()[:, None]], dim=1) - _excess(p_SE, floored_S)
    return _where(known_SE, _plogp(log_q_SE, log_p_SE)).sum(dim=1)


def jensen_shannon(p_SE: torch.Tensor, log_q_SE: torch.Tensor, known_SE: torch.Tensor, beta: float) -> torch.Tensor:
    """Generalised JSD: β KL(p ‖ M) + (1-β) KL(q ‖ M) with M = β p + (1-β) q (GKD, arXiv 2306.13649 §3.1).

    Bounded, so one odd position cannot rule an update; near β = 0 it goes as β times forward KL.
    """
    log_m_SE = mixture(p_SE, log_q_SE, beta)
    backward_S = _where(known_SE, _plogp(log_q_SE, log_m_SE)).sum(dim=1)
    return beta * forward_kl(p_SE, log_m_SE) + (1 - beta) * backward_S


def mixture(p_SE: torch.Tensor, log_q_SE: torch.Tensor, weight: float) -> torch.Tensor:
    """Return log(weight p + (1-weight) q).

    Skew KL, KL(p ‖ weight p + (1-weight) q), stays below -log(weight), which is why its gradients are tame
    (DistiLLM, arXiv 2402.03898 §3.1; weight 0.1 there).
    """
    if weight == 0:
        return log_q_SE
    known = p_SE > 0
    log_p_SE = _where(known, p_SE, 1.0).log() + math.log(weight)
    scaled_q_SE = log_q_SE + math.log1p(-weight)
    return torch.where(known, torch.logaddexp(log_p_SE, scaled_q_SE), scaled_q_SE)


def _tempered(p_SE: torch.Tensor, temperature: float) -> torch.Tensor:
    """Raise to 1/temperature; what the outcomes have together stays (1, or under `raw` the mass that is known)."""
    powered_SE = p_SE ** (1 / temperature)
    return powered_SE * (p_SE.sum(dim=1, keepdim=True) / powered_SE.sum(dim=1, keepdim=True))


def _plogp(log_q_SE: torch.Tensor, log_p_SE: torch.Tensor) -> torch.Tensor:
    return log_q_SE.exp() * (log_q_SE - log_p_SE)


def _excess(p_SE: torch.Tensor, floored_S: torch.Tensor) -> torch.Tensor:
    """Return the log of what p sums to once its rest is raised to the floor, so that it is a distribution again."""
    return (p_SE[:, :-1].sum(dim=1) + floored_S).log()[:, None]


def _where(condition: torch.Tensor, value: torch.Tensor, other: float = 0.0) -> torch.Tensor:
    return torch.where(condition, value, value.new_tensor(other))
