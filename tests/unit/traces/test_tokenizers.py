"""Learned tokenizers, and their folders."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from small_tokenizers import TEXTS
from tokenizers import Tokenizer
from transformers import PreTrainedTokenizerFast

from specialize.core.encoding import id_count
from specialize.core.errors import CheckpointError, RecordError
from specialize.core.params.traces import TokenizerParams
from specialize.records.traces import Trace
from specialize.traces.alignment.vocabulary import StudentVocabulary
from specialize.traces.tables import write_traces
from specialize.traces.tokenizers import (
    build_tokenizer,
    learn_tokenizer,
    load_tokenizer,
    save_tokenizer,
    training_texts,
)
from tiny_tokenizers import make_tokenizer

LEARNED = learn_tokenizer(TEXTS, 400, 1000)


@given(text=st.text(st.characters(exclude_categories=["Cs"])))
def test_any_text_is_encoded_without_loss(text: str) -> None:
    for mark in ("<pad>", "</s>", "<unk>"):
        text = text.replace(mark, "")
    ids = LEARNED(text)["input_ids"]
    assert LEARNED.decode(ids, skip_special_tokens=True) == text
    assert ids[-1] == LEARNED.eos_token_id == 1 and LEARNED.pad_token_id == 0 and LEARNED.unk_token_id not in ids


@given(number=st.integers(0, 999))
def test_a_whole_number_is_one_token_wherever_it_stands(number: int) -> None:
    for text in (f"{number}", f" {number}", f"${number}.", f"x={number}", f"{number}00000"):
        tokens = LEARNED.convert_ids_to_tokens(LEARNED(text)["input_ids"])
        assert str(number) in tokens or f"Ġ{number}" in tokens or (len(str(number)) < 3 and text.endswith("00000"))


def test_without_whole_numbers_digits_are_learned_like_any_text() -> None:
    plain = learn_tokenizer(TEXTS, 400)
    assert len(plain) <= 400 and "999" not in plain.get_vocab() and "999" in LEARNED.get_vocab()


def test_texts_come_from_traces_problems_and_plain_rows(tmp_path: Path) -> None:
    trace = Trace(problem_id="p", teacher="t", sample=0, question="Who?", rationale="He is 5.", answer="5")
    write_traces(tmp_path / "a.parquet", [trace])
    (tmp_path / "b.jsonl").write_text('{"text": "x"}\n{"question": "Who?", "answer": "5"}\n')
    expected = "Q: Who?\nLet's think step by step\nA: He is 5.\nThe answer is 5"
    assert list(training_texts([tmp_path / "a.parquet", tmp_path / "b.jsonl"])) == [
        expected, "x", expected.replace("He is 5.\n", ""),
    ]  # fmt: skip
    (tmp_path / "c.jsonl").write_text('{"words": 1}\n')
    with pytest.raises(RecordError, match=r"c\.jsonl:1: field 'text'"):
        list(training_texts([tmp_path / "c.jsonl"]))


def test_a_saved_folder_is_the_same_tokenizer_again_and_the_same_bytes(tmp_path: Path) -> None:
    for name in ("a", "b"):
        save_tokenizer(learn_tokenizer(TEXTS, 400, 1000), tmp_path / name)
        save_tokenizer(LEARNED, tmp_path / name)  # in its place
    files = {path.name for path in (tmp_path / "a").iterdir()}
    assert files == {"tokenizer.json", "tokenizer_config.json"}
    assert all((tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes() for name in files)
    again = build_tokenizer(TokenizerParams(source="a"), tmp_path, [])
    assert again(TEXTS[1])["input_ids"] == LEARNED(TEXTS[1])["input_ids"]


def test_a_tokenizer_that_is_not_there_is_told_in_a_line(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(CheckpointError, match="cannot load the tokenizer"):
        load_tokenizer(str(tmp_path / "empty"))


def test_ids_may_have_gaps():
    """As GPT-4's have: fewer tokens than the last id says."""
    raw = json.loads(make_tokenizer("gpt2", TEXTS).backend_tokenizer.to_str())
    ids = raw["model"]["vocab"]
    last = max(ids, key=ids.__getitem__)
    ids[last] += 17
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=Tokenizer.from_str(json.dumps(raw)), eos_token="<|end|>")
    assert len(tokenizer) + 17 == id_count(tokenizer) == ids[last] + 1
    vocabulary = StudentVocabulary(tokenizer)
    assert len(vocabulary.pieces) == vocabulary.size == id_count(tokenizer)
    assert vocabulary.pieces[ids[last]] == last and vocabulary.pieces[ids[last] - 1] == ""
