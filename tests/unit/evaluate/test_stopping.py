"""Where an answer ends because the model has begun a question of its own."""

import json
from pathlib import Path

import pytest
import torch

from specialize.core.answers import judge
from specialize.core.encoding import Encoding
from specialize.evaluate import generate as module
from specialize.evaluate.generate import Checkpoint, DecodingLimits, generate
from specialize.evaluate.stopping import end_of_answer
from tiny_models import tiny_model, tiny_tokenizer

CASES = Path(__file__).parents[4] / "shared" / "cases"


@pytest.mark.parametrize(
    ("text", "is_answer_only", "kept"),
    [
        ("2 + 2 = 4. The answer is 4\n\nQ: Next?", False, "2 + 2 = 4. The answer is 4"),
        ("The answer is 4 Q: Next?", False, "The answer is 4"),
        ("So the answer is: 4.\nQuestion: Next?", False, "So the answer is: 4."),
        ("#### 4\nQ: Next?", False, "#### 4"),
        ("(B)\n\nQ: Next?", True, "(B)"),
        ("Q: What is asked?\nA: 2 + 2. The answer is 4", False, None),
        ("Let me restate.\n\nQ: What is 2 + 2?\nThe answer is 4", False, None),
        ("The answer is 4. The answer is 4.", False, None),
        ("The answer is\n\nQ: Next?", False, None),
        ("The answer is FAQ: no", False, None),
        ("\n\nQ: Next?", True, None),
    ],
)
def test_a_question_behind_the_answer_ends_it(text, is_answer_only, kept):
    end = end_of_answer(text, is_answer_only)
    assert (None if end is None else text[:end]) == kept


def test_no_reading_changes_by_the_cut():
    texts = ["3 + 4 = 7. The answer is 7", "It is 12 / 4. The answer is: 3.", "#### 1,000", "So \\boxed{5} apples."]
    for text in texts:
        for behind in ("\n\nQ: What is 8 + 9?\nA: The answer is 17", "\nQuestion: 5?\nThe answer is 5"):
            cut = end_of_answer(text + behind, is_answer_only=False)
            assert cut is not None
            for gold in ("7", "3", "1000", "5", "17"):
                assert judge(text + behind, gold) == judge((text + behind)[:cut], gold)


@pytest.mark.skipif(not CASES.is_dir(), reason="../shared/cases is not here")
def test_no_reading_of_a_collected_text_changes_by_the_cut():
    cut_texts = 0
    for path in sorted(CASES.glob("*.jsonl")):
        for line in path.read_text(encoding="utf-8").splitlines():
            row = json.loads(line)
            if not isinstance(row.get("text"), str) or not isinstance(row.get("gold"), str):
                continue
            if (cut := end_of_answer(row["text"], is_answer_only=False)) is not None:
                cut_texts += 1
                assert judge(row["text"], row["gold"]) == judge(row["text"][:cut], row["gold"]), row
    print(f"{cut_texts} texts were cut")


@pytest.mark.parametrize("model_type", ["llama", "t5gemma"])
def test_what_is_seen_is_the_unstopped_text_cut_there(monkeypatch, model_type):
    """The criterion is replaced by one that a random model meets: a colon behind any text."""
    tokenizer = tiny_tokenizer(["Q: What is 12?\nA:"])
    torch.manual_seed(4)
    model = tiny_model(model_type, len(tokenizer)).eval()
    tokenizer.padding_side = "left"
    checkpoint = Checkpoint(model, Encoding(tokenizer, "causal" if model_type == "llama" else "encoder_decoder"))
    texts = [f"Q: {'long ' * i}What is {i}?\nA:" for i in range(8)]
    never = lambda text, is_answer_only: None  # noqa: E731
    monkeypatch.setattr(module, "end_of_answer", never)
    whole, _ = generate(checkpoint, texts, DecodingLimits(3, 200, 24))
    letters = [letter for letter in "".join(answer.text for answer in whole) if letter.isascii() and letter.strip()]
    letter = max(set(letters), key=letters.count)

    def cut(text, is_answer_only):
        place = text.find(letter, 1)
        return place if place > 0 else None

    monkeypatch.setattr(module, "end_of_answer", cut)
    every = frozenset(range(len(tokenizer)))
    monkeypatch.setattr(module, "marking_tokens", lambda vocabulary: every)
    stopped, _ = generate(Checkpoint(model, checkpoint.encoding), texts, DecodingLimits(3, 200, 24))
    assert any(answer.finish_reason == "new_question" for answer in stopped)
    for before, after in zip(whole, stopped, strict=True):
        place = cut(before.text, False)
        if after.finish_reason == "new_question":
            assert after.text == before.text[:place].strip() and after.tokens <= before.tokens
        else:
            assert after == before and place is None
