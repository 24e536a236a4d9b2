"""Chunk likelihood: the loss where several student tokens are aligned to several teacher tokens.

Approximate likelihood matching (ALM, Minixhofer et al., arXiv 2503.20083): the two cut a piece of text differently, but
each gives the whole piece a probability. Student and teacher are compared on the whole piece: KL
between Bernoulli(p) and Bernoulli(q). Where the teacher is certain (p = 1) it is the cross entropy of the
piece's tokens.

Shapes: B batch, T target positions, M positions with a target, C chunks of an example, J = B × (C + 1) places, of which
place 0 of each example is for tokens in no chunk.
"""

from typing import NamedTuple

import torch

MIN_NEGATIVE_LOG_PROB = 1e-6
"""A student's chunk probability stays so far below 1, so that the loss stays finite where the teacher is not sure."""


class Chunks(NamedTuple):
    """Chunks of a batch."""

    place: torch.Tensor
    """[B, T] 1 + number of the chunk that a target token is in; 0: in none."""
    log_p: torch.Tensor
    """[B, C] the teacher's log-probability of each chunk's text; 0 where there is none."""


def chunk_losses(
    label_log_q_M: torch.Tensor, rows_M: torch.Tensor, chunks: Chunks
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return each target token's equal share of its chunk's divergence (0 in no chunk), and which are in a chunk.

    label_log_q: the student's log-probabilities of the sampled tokens; rows: their places in the flattened batch.
    """
    batch, length = chunks.place.shape
    places = chunks.log_p.shape[1] + 1
    place_M = chunks.place.flatten()[rows_M]
    inside_M = place_M > 0
    key_M = rows_M // length * places + place_M
    log_q_J = label_log_q_M.new_zeros(batch * places).index_add(0, key_M, label_log_q_M)
    tokens_J = label_log_q_M.new_zeros(batch * places).index_add(0, key_M, torch.ones_like(label_log_q_M))
    log_p_J = torch.nn.functional.pad(chunks.log_p.to(log_q_J), (1, 0)).flatten()
    share_J = binary_kl(log_p_J, log_q_J) / tokens_J.clamp(min=1)
    return torch.where(inside_M, share_J[key_M], 0.0), inside_M


def binary_kl(log_p: torch.Tensor, log_q: torch.Tensor) -> torch.Tensor:
    """KL(Bernoulli(p) ‖ Bernoulli(q)), elementwise, from log-probabilities."""
    p = log_p.clamp(max=0).exp()
    log_not_q = (-torch.expm1(log_q.clamp(max=-MIN_NEGATIVE_LOG_PROB))).log()
    return torch.xlogy(p, p) - p * log_q + torch.xlogy(1 - p, 1 - p) - (1 - p) * log_not_q
