"""Distribution matching at the shape of FlanT5-Base: 8 × 160 target tokens, vocabulary 32,128, top-5.

Rivals: the authors' way (a dense target filled in a Python loop from dictionaries, softmax, then
Σ p log(p/(q + 1e-10) + 1e-10)), torch's kl_div on a dense target, and plain cross entropy, which has no teacher at all.

`loss`, the default, runs the loss alone, several rounds: decoder states [1280, 768] → lm_head → loss, and back.
`step` runs one whole training step (forward, backward, AdamW; 250 M random weights, source 128) per rival: minutes.
"""

import argparse
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import measure
import torch
from torch.nn.functional import cross_entropy, kl_div
from transformers import T5Config, T5ForConditionalGeneration

from specialize.core.params.train import DistributionParams
from specialize.train.losses.token_losses import token_losses

BATCH, LENGTH, SOURCE, WIDTH, VOCABULARY, NAMED = 8, 160, 128, 768, 32_128, 5
BASE = {"d_model": WIDTH, "d_kv": 64, "d_ff": 2048, "num_layers": 12, "num_heads": 12}
MATCHING = DistributionParams(missing_mass="raw")  # the paper's: the same value for all who match a distribution

Loss = Callable[[torch.Tensor], torch.Tensor]


class Batch:
    """Random labels and a random teacher: five tokens a position, 97 % of the mass."""

    def __init__(self) -> None:
        torch.manual_seed(1)
        self.labels = torch.randint(0, VOCABULARY, (BATCH, LENGTH))
        self.ids = torch.rand(BATCH, LENGTH, VOCABULARY // 100).topk(NAMED, dim=2).indices * 100
        self.probs = (torch.randn(BATCH, LENGTH, NAMED) * 2).softmax(dim=2) * 0.97
        rows = zip(self.ids.tolist(), self.probs.tolist(), strict=True)
        self.dictionaries = [
            [dict(zip(named, p, strict=True)) for named, p in zip(ids, probs, strict=True)] for ids, probs in rows
        ]


def dense_target(dictionaries: Sequence[Sequence[Mapping[int, float]]], length: int, vocabulary: int) -> torch.Tensor:
    """Fill a dense target [batch, length, vocabulary] from token → probability, in a Python loop as the authors do."""
    target = torch.zeros(len(dictionaries), length, vocabulary)
    for row, positions in enumerate(dictionaries):
        for place, probs in enumerate(positions):
            for token, p in probs.items():
                target[row, place, token] = p
    return target


def paper_kl(logits: torch.Tensor, target: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    """Return the authors' loss: Σ p log(p/(q + 1e-10) + 1e-10), mean over the mask."""
    q = torch.softmax(logits, dim=-1)
    kl = (target * torch.log(target / (q + 1e-10) + 1e-10)).sum(dim=-1)
    return (kl * mask).sum() / mask.sum()


def rivals_of(batch: Batch) -> dict[str, Loss]:
    """Return the losses by name, each from logits [batch, length, vocabulary] to a scalar."""

    def ours(logits: torch.Tensor) -> torch.Tensor:
        losses = token_losses(logits, batch.labels, batch.ids, batch.probs.half(), MATCHING)
        return losses.objective.sum() / batch.labels.numel()

    def authors(logits: torch.Tensor) -> torch.Tensor:
        target = dense_target(batch.dictionaries, LENGTH, VOCABULARY)
        return paper_kl(logits, target, torch.ones(BATCH, LENGTH))

    def dense(logits: torch.Tensor) -> torch.Tensor:
        target = torch.zeros_like(logits).scatter_(2, batch.ids, batch.probs)
        return kl_div(logits.log_softmax(dim=2), target, reduction="none").sum(dim=2).mean()

    def sample(logits: torch.Tensor) -> torch.Tensor:
        return cross_entropy(logits.flatten(0, 1), batch.labels.flatten())

    return {"ours": ours, "authors": authors, "dense kl_div": dense, "cross entropy": sample}


def loss_alone(loss: Loss) -> Callable[[], None]:
    """Return a run of lm_head and loss, forward and backward."""
    torch.manual_seed(2)
    states = torch.randn(BATCH, LENGTH, WIDTH)
    head = torch.randn(VOCABULARY, WIDTH) * WIDTH**-0.5
    head.grad = torch.zeros_like(head)

    def run() -> None:
        hidden, weight = states.clone().requires_grad_(), head.requires_grad_()
        loss(hidden @ weight.T).backward()

    return run


def loss_of_logits(loss: Loss) -> Callable[[], None]:
    """Return a run of the loss from logits that are there already, forward and backward."""
    logits = torch.randn(BATCH, LENGTH, VOCABULARY)

    def run() -> None:
        logits.grad = None
        loss(logits.requires_grad_()).backward()

    return run


def whole_step(loss: Loss) -> Callable[[], None]:
    """Return a run of one training step of a FlanT5-Base with random weights."""
    torch.manual_seed(3)
    model = T5ForConditionalGeneration(T5Config(**BASE, vocab_size=VOCABULARY, feed_forward_proj="gated-gelu"))
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-4)
    source, target = torch.randint(0, VOCABULARY, (BATCH, SOURCE)), torch.randint(0, VOCABULARY, (BATCH, LENGTH))

    def run() -> None:
        loss(model(input_ids=source, decoder_input_ids=target).logits).backward()
        optimizer.step()
        optimizer.zero_grad()

    return run


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["loss", "step"], nargs="?", default="loss")
    parser.add_argument("--rounds", type=int, default=7)
    args = parser.parse_args()
    torch.set_num_threads(1)
    rivals = rivals_of(Batch())
    agree(rivals)
    if args.what == "step":
        # One model in memory at a time: 250 M weights, their gradients and AdamW's moments are 4 GB.
        rows = [
            {"loss": name, "step_s": measure.alternate({name: whole_step(loss)}, args.rounds, warm_up=0)[name]}
            for name, loss in rivals.items()
            if name in ("ours", "cross entropy")
        ]
        measure.write("loss_step", "One training step, FlanT5-Base shape", rows, "torch", "transformers", threads=1)
        return
    alone = measure.alternate({name: loss_alone(loss) for name, loss in rivals.items()}, args.rounds)
    given = measure.alternate({name: loss_of_logits(loss) for name, loss in rivals.items()}, args.rounds)
    rows = []
    for name, loss in rivals.items():
        extra = {
            what: measure.peak_memory(make(loss)) for what, make in (("alone", loss_alone), ("given", loss_of_logits))
        }
        rows.append(row_of(name, alone[name], given[name], extra))
    base = {row["loss"]: row for row in rows}
    for row in rows:
        row["time beside cross entropy"] = row["lm_head + loss_s"] / base["cross entropy"]["lm_head + loss_s"]
        row["memory beside authors"] = row["loss extra MiB"] / base["authors"]["loss extra MiB"]
    title = f"Loss forward and backward, {BATCH} × {LENGTH} tokens, vocabulary {VOCABULARY}, one thread, fp32"
    measure.write("loss", title, rows, "torch", threads=1, rounds=args.rounds)


def agree(rivals: dict[str, Loss]) -> None:
    """Refuse to time losses that are not the same."""
    logits = torch.randn(BATCH, LENGTH, VOCABULARY)
    values = [rivals[name](logits).item() for name in ("ours", "authors", "dense kl_div")]
    assert max(values) - min(values) < 2e-3 * abs(values[0]), values


def row_of(name: str, alone: list[float], given: list[float], extra: dict[str, int]) -> dict[str, Any]:
    return {
        "loss": name,
        "lm_head + loss_s": measure.summary(alone)["median"],
        "lm_head + loss_min_s": min(alone),
        "loss_s": measure.summary(given)["median"],
        "lm_head + loss peak MiB": extra["alone"] / 2**20,
        "loss extra MiB": extra["given"] / 2**20,
    }


if __name__ == "__main__":
    main()
