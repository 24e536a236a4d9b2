"""Every architecture under our batches: its loss is transformers' own, whatever stands beside it in the batch."""

import random
import re

import numpy as np
import pytest
import torch

from specialize.core.encoding import Encoding
from specialize.core.model_families import MODEL_TYPES, family_of
from specialize.core.params.train import DistributionParams
from specialize.train.families.family import FAMILIES, Student
from specialize.train.losses.chunk_likelihood import Chunks
from specialize.train.losses.token_losses import IGNORED, token_losses
from specialize.train.teacher_targets import Target
from specialize.train.trainer import Collator, features
from tiny_models import ALL_TYPES, tiny_model, tiny_tokenizer

TOKENIZER = tiny_tokenizer(["Tom has 12 apples."])


def student_of(model_type: str) -> Student:
    return Student(tiny_model(model_type, len(TOKENIZER)), Encoding(TOKENIZER, family_of(model_type, "a test")))


def rows_of(lengths: list[tuple[int, int]], seed: int = 5) -> list[dict]:
    """Rows of random tokens; every second target token has a distribution over three tokens."""
    rng = random.Random(seed)
    rows = []
    for source, target in lengths:
        ids = [rng.randrange(6, 250) for _ in range(target)]
        soft_ids = np.array([[token, token + 1, 7] for token in ids])
        soft_probs = np.array([[0.5, 0.25, 0.125] if place % 2 else [0, 0, 0] for place in range(target)], np.float16)
        chunks = np.zeros(target, np.int64)
        made = Target(np.array(ids), soft_ids, soft_probs, chunks, np.zeros(0, np.float32))
        rows.append(features([rng.randrange(6, 250) for _ in range(source)], made, 0))
    return rows


def losses_of(student: Student, rows: list[dict], matching: DistributionParams | None) -> list[torch.Tensor]:
    """The objective of each target token, row by row, as the Trainer computes it."""
    batch = Collator(student)(rows)
    labels, soft_ids, soft_probs = batch.pop("labels"), batch.pop("soft_ids"), batch.pop("soft_probs")
    chunks = Chunks(batch.pop("chunks"), batch.pop("chunk_logprobs"))
    for name in ("formats", "shift_labels"):
        batch.pop(name, None)
    logits = student.model(**batch).logits
    assert logits.shape[:2] == labels.shape
    objective = token_losses(logits, labels, soft_ids, soft_probs, matching, chunks).objective
    return list(objective.split((labels != IGNORED).sum(dim=1).tolist()))


def own_loss(student: Student, row: dict) -> float:
    """transformers' own mean loss of one row: for a causal model that of the bare concatenation, prompt masked."""
    source, target = row["input_ids"], row["labels"]
    if student.encoding.family == "causal":
        ids, labels = torch.tensor([[*source, *target]]), torch.tensor([[IGNORED] * len(source) + target])
    else:
        ids, labels = torch.tensor([source]), torch.tensor([target])
    return student.model(input_ids=ids, labels=labels).loss.item()


@pytest.mark.parametrize("model_type", ALL_TYPES)
def test_the_loss_is_transformers_own_whatever_stands_beside_it(model_type):
    student = student_of(model_type)
    rows = rows_of([(5, 4), (17, 9), (1, 2), (3, 11)])
    with torch.no_grad():
        together = losses_of(student, rows, None)
        for row, losses in zip(rows, together, strict=True):
            assert losses.mean().item() == pytest.approx(own_loss(student, row), rel=1e-6, abs=2e-6)


@pytest.mark.parametrize("matching", [None, DistributionParams()], ids=["sample", "distribution"])
@pytest.mark.parametrize("model_type", ["llama", "qwen3", "gemma3_text", "gpt2", "t5gemma2"])
def test_padding_bucketing_and_batch_composition_change_nothing(model_type, matching):
    student = student_of(model_type)
    student.model.double()  # so that what is found is no rounding
    rows = rows_of([(5, 4), (40, 3), (12, 30), (5, 4)])
    with torch.no_grad():
        alone = [losses_of(student, [row], matching)[0] for row in rows]
        for order in ((0, 1, 2, 3), (2, 0), (3, 1, 0)):
            for place, found in zip(order, losses_of(student, [rows[place] for place in order], matching), strict=True):
                torch.testing.assert_close(found, alone[place], rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("model_type", MODEL_TYPES["causal"])
def test_the_prompt_has_no_loss_and_the_gradient_is_that_of_the_concatenation(model_type):
    student = student_of(model_type)
    row = rows_of([(9, 5)])[0]
    gradients = []
    for loss in (
        losses_of(student, [row, *rows_of([(2, 3)], seed=6)], None)[0].mean(),
        student.model(
            input_ids=torch.tensor([[*row["input_ids"], *row["labels"]]]),
            labels=torch.tensor([[IGNORED] * 9 + row["labels"]]),
        ).loss,
    ):
        student.model.zero_grad()
        loss.backward()
        gradients.append({n: p.grad.clone() for n, p in student.model.named_parameters() if p.grad is not None})
    assert gradients[0].keys() == gradients[1].keys()
    for name, gradient in gradients[1].items():
        assert gradients[0][name].isfinite().all()
        torch.testing.assert_close(gradients[0][name], gradient, rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize("model_type", ALL_TYPES)
def test_dropout_reaches_every_part_and_the_embedding_is_a_lookup(model_type):
    student = student_of(model_type)
    FAMILIES[student.encoding.family].set_dropout(student.model.config, 0.25)
    rates = re.findall(r'"(\w*(?:dropout|pdrop)\w*)": ([\d.]+)', student.model.config.to_json_string(use_diff=False))
    ours = {value for name, value in rates if not name.startswith(("classifier", "summary"))}
    assert "0.25" in ours and ours <= {"0.25", "0.0"}  # 0.0: T5Gemma 2's vision, which no text reaches
    embedding = student.model.get_input_embeddings().weight
    (name,) = (name for name, weight in student.model.named_parameters() if weight is embedding)
    assert FAMILIES[student.encoding.family].is_lookup(name)
    assert not FAMILIES[student.encoding.family].is_lookup("model.layers.0.self_attn.q_proj.weight")
