"""A student's log-probabilities where a teacher named tokens: k + 1 outcomes a position, never a softmax of them all.

At a target position the teacher gives k tokens; whatever else could come is one more outcome, the rest. Every loss here
needs of the student only the log-probabilities of these k + 1 outcomes and of the token that was sampled: gather minus
logsumexp. One autograd function makes them in chunks of rows. What it allocates is one chunk, and in the backward pass
the gradient of the logits itself; targets and softmax never exist at the width of the vocabulary.

Shapes: N positions of a batch (padding too), M target positions, V vocabulary, K tokens named by the teacher.
"""

from typing import Any, NamedTuple

import torch
from torch.autograd.function import once_differentiable

CHUNK_VALUES = 1 << 20
"""Logits of one chunk on a CPU (32 rows of T5's vocabulary): small enough to stay in a cache."""
CHUNK_VALUES_GPU = 1 << 24
"""Logits of one chunk on an accelerator, where starting a kernel costs more than memory does."""


class Outcomes(NamedTuple):
    """Log-probabilities under the student, in fp32 (fp64 where the logits are)."""

    named: torch.Tensor
    """[M, K] Of the teacher's tokens; 0 where `used` is false."""
    rest: torch.Tensor
    """[M] Of all other tokens together."""
    label: torch.Tensor
    """[M] Of the sampled token, whether the teacher named it or not."""


def student_outcomes(
    logits_NV: torch.Tensor,
    rows_M: torch.Tensor,
    labels_M: torch.Tensor,
    ids_MK: torch.Tensor,
    used_MK: torch.Tensor,
    chunk_values: int | None = None,
) -> Outcomes:
    """Return the student's log-probabilities at the target positions `rows_M` of the logits.

    labels_M: the sampled tokens; ids_MK: the teacher's tokens, distinct where `used_MK` is true, of no account
    elsewhere (a row without any is fine: its rest is the whole vocabulary). Differentiable once, in the logits.
    """
    if chunk_values is None:
        chunk_values = CHUNK_VALUES if logits_NV.device.type == "cpu" else CHUNK_VALUES_GPU
    rows = max(1, chunk_values // logits_NV.shape[1])
    named, rest, label = _StudentOutcomes.apply(logits_NV, rows_M, labels_M, ids_MK.long(), used_MK, rows)  # type: ignore[no-untyped-call]
    return Outcomes(named, rest, label)


class _StudentOutcomes(torch.autograd.Function):
    """See `student_outcomes`."""

    @staticmethod
    def forward(
        ctx: Any,
        logits_NV: torch.Tensor,
        rows_M: torch.Tensor,
        labels_M: torch.Tensor,
        ids_MK: torch.Tensor,
        used_MK: torch.Tensor,
        chunk_rows: int,
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        dtype = torch.float64 if logits_NV.dtype == torch.float64 else torch.float32
        ids_MK = _only_used(ids_MK, used_MK)
        columns_ML = torch.cat([ids_MK, labels_M[:, None]], dim=1)
        gathered_ML = logits_NV.new_empty(columns_ML.shape, dtype=dtype)
        rest_M = logits_NV.new_empty(len(rows_M), dtype=dtype)
        for low in range(0, len(rows_M), chunk_rows):
            part = slice(low, low + chunk_rows)
            z_CV = logits_NV.index_select(0, rows_M[part]).to(dtype)
            gathered_ML[part] = z_CV.gather(1, columns_ML[part])
            # The rest is summed without the named tokens, not as one minus them: nothing cancels where it is small.
            marked_C1 = used_MK[part].any(dim=1, keepdim=True)
            z_CV.scatter_(1, ids_MK[part], gathered_ML[part, :-1].masked_fill(marked_C1, -torch.inf))
            rest_M[part] = _logsumexp_in_place(z_CV)
        named_MK = gathered_ML[:, :-1].masked_fill(~used_MK, -torch.inf)
        total_M = torch.logaddexp(rest_M, named_MK.logsumexp(dim=1)) if ids_MK.shape[1] else rest_M
        outcomes = (
            (named_MK - total_M[:, None]).masked_fill(~used_MK, 0.0),
            rest_M - total_M,
            gathered_ML[:, -1] - total_M,
        )
        ctx.chunk_rows = chunk_rows
        ctx.save_for_backward(logits_NV, rows_M, labels_M, ids_MK, used_MK, rest_M, *outcomes[:2])
        return outcomes

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *grads: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        logits_NV, rows_M, labels_M, ids_MK, used_MK, logits_rest_M, log_q_MK, log_rest_M = ctx.saved_tensors
        named_MK, rest_M, label_M = grads[0].masked_fill(~used_MK, 0.0), grads[1], grads[2]
        sum_M = named_MK.sum(dim=1) + rest_M + label_M
        # Of a token v in the rest: softmax within the rest, times this.
        scale_M = rest_M - sum_M * log_rest_M.exp()
        at_named_MK = (named_MK - sum_M[:, None] * log_q_MK.exp()).masked_fill(~used_MK, 0.0)
        marked_M = used_MK.any(dim=1, keepdim=True)
        gradient_NV = torch.zeros_like(logits_NV)
        shift_M = logits_rest_M.masked_fill(logits_rest_M.isinf(), 0.0)  # no rest: every token is named
        for low in range(0, len(rows_M), ctx.chunk_rows):
            part = slice(low, low + ctx.chunk_rows)
            g_CV = logits_NV.index_select(0, rows_M[part]).to(scale_M.dtype)
            g_CV.sub_(shift_M[part, None]).exp_().mul_(scale_M[part, None])
            kept = g_CV.gather(1, ids_MK[part]).masked_fill_(marked_M[part], 0.0)
            g_CV.scatter_(1, ids_MK[part], kept).scatter_add_(1, ids_MK[part], at_named_MK[part])
            g_CV.scatter_add_(1, labels_M[part, None], label_M[part, None])
            gradient_NV.index_copy_(0, rows_M[part], g_CV.to(gradient_NV.dtype))
        return gradient_NV, None, None, None, None, None


def _only_used(ids_MK: torch.Tensor, used_MK: torch.Tensor) -> torch.Tensor:
    """Point unused places at a used token of their row, so that writing there changes nothing that matters."""
    if not ids_MK.shape[1]:
        return ids_MK
    first_M1 = ids_MK.gather(1, used_MK.int().argmax(dim=1, keepdim=True))
    return torch.where(used_MK, ids_MK, first_M1)


def _logsumexp_in_place(z_CV: torch.Tensor) -> torch.Tensor:
    """Return logsumexp over the last dimension; what was in `z_CV` is lost."""
    top_C1 = z_CV.amax(dim=1, keepdim=True)
    top_C1 = top_C1.masked_fill(top_C1.isinf(), 0.0)
    return z_CV.sub_(top_C1).exp_().sum(dim=1).log_() + top_C1[:, 0]
