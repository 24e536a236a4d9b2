"""The parser of what servers send: both shapes, and every way in which servers bend them."""

import json
import math
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from specialize.teacher.api.responses import Answer, MalformedResponseError, choices_of, is_bare, read_answer


def legacy(text: str, tokens: list[str], **changes: Any) -> dict[str, Any]:
    logprobs = {
        "tokens": tokens,
        "token_logprobs": [-0.5] * len(tokens),
        "top_logprobs": [{token: -0.5, "~": -2.0} for token in tokens],
        "text_offset": [0] * len(tokens),
    }
    return {"text": text, "index": 0, "finish_reason": "stop", "logprobs": {**logprobs, **changes}}


def chat(text: str, tokens: list[tuple[str, bytes | None]], finish: str = "stop") -> dict[str, Any]:
    def entry(token: str, spelling: bytes | None) -> dict[str, Any]:
        given = {"token": token, "logprob": -0.5, "bytes": None if spelling is None else list(spelling)}
        return {**given, "top_logprobs": [given]}

    content = [entry(*token) for token in tokens]
    message = {"role": "assistant", "content": text}
    return {"index": 0, "message": message, "finish_reason": finish, "logprobs": {"content": content}}


def spelt(answer: Answer) -> list[bytes | None] | None:
    return None if answer.tokens is None else [token.spelling for token in answer.tokens]


def test_both_shapes_read_the_same() -> None:
    one = read_answer(legacy("a bé", ["a", " b", "é"]))
    two = read_answer(chat("a bé", [("a", b"a"), (" b", b" b"), ("é", "é".encode())]))
    # One server answers the completions API with the log-probabilities of the chat API.
    three = read_answer(chat("a bé", [("a", None), (" b", None), ("é", None)]) | {"text": "a bé", "message": None})
    assert spelt(one) == spelt(two) == spelt(three) == [b"a", b" b", "é".encode()]
    assert (one.state, one.completion_tokens) == ("kept", 3)
    assert one.tokens and one.tokens[0].top == [(b"a", -0.5), (b"~", -2.0)]


def test_legacy_bytes_make_half_characters_whole() -> None:
    answer = read_answer(legacy("1 €", ["1", " ", "bytes:\\xe2\\x82", "bytes:\\xac"]))
    assert spelt(answer) == [b"1", b" ", b"\xe2\x82", b"\xac"]


@pytest.mark.parametrize(
    ("choice", "text", "tokens"),
    [
        # cut in the middle of a character by the bound on length
        (chat("1 \ufffd", [("1", b"1"), (" ", b" "), ("\\xe2\\x82", b"\xe2\x82")], "length"), "1 ", [b"1", b" "]),
        (legacy("1 \ufffd", ["1", " ", "bytes:\\xe2"]), "1 ", [b"1", b" "]),
        (legacy("1 \ufffd", ["1", " ", "\ufffd"]), "1 ", [b"1", b" "]),
        (chat("1 ", [("1", b"1"), (" ", b" "), ("\\xe2\\x82", b"\xe2\x82")], "length"), "1 ", [b"1", b" "]),
        # the same inside a token: no token ends where the text does
        (chat("1\ufffd", [("1", b"1"), (" x", b"x\xe2")], "length"), "1\ufffd", None),
        # behind the text: a stop text, an end mark
        (legacy("1", ["1", "\n", "Question", ":"]), "1", [b"1"]),
        (legacy("1", ["1", "<|endoftext|>"]), "1", [b"1"]),
        (chat("1", [("1", b"1"), ("", b"")]), "1", [b"1"]),
        # a stop text in the middle of a token
        (legacy("1 ", ["1", " Question", ":"]), "1 ", None),
        # bytes lost on the way
        (legacy("€ 1", ["\ufffd", "\ufffd", " 1"]), "€ 1", None),
        (legacy("€ 1", ["", "", "", " 1"]), "€ 1", None),
        # a mark of the model's own is not half a character
        (chat("a\ufffd", [("a", b"a"), ("\ufffd", "\ufffd".encode())]), "a\ufffd", [b"a", "\ufffd".encode()]),
        (legacy("", []), "", None),
    ],
)
def test_tokens_spell_the_text_or_are_left_out(choice: dict[str, Any], text: str, tokens: list[bytes] | None) -> None:
    answer = read_answer(choice)
    assert (answer.text, spelt(answer)) == (text, tokens)


def test_numbers_that_stand_for_none() -> None:
    top = [{"a": -0.1, "b": -9999.0, "c": None}, None]
    answer = read_answer(legacy("ab", ["a", "b"], token_logprobs=[None, -9999.0], top_logprobs=top))
    assert answer.tokens
    assert [token.logprob for token in answer.tokens] == [None, None]
    assert [token.top for token in answer.tokens] == [[(b"a", -0.1)], []]
    infinite = read_answer(legacy("a", ["a"], token_logprobs=[-math.inf], top_logprobs=[{"a": math.nan}]))
    assert infinite.tokens and (infinite.tokens[0].logprob, infinite.tokens[0].top) == (None, [])


def test_alternatives_are_ragged_and_ranked() -> None:
    top = [{"z": -3.0, "b": -1.0, "a": -1.0, "x": -0.2, "sampled": -0.5, "k": -4.0}, {"q": -1.5}]
    answer = read_answer(legacy("sampled!", ["sampled", "!"], top_logprobs=top))
    assert answer.tokens
    assert [spelling for spelling, _ in answer.tokens[0].top] == [b"x", b"sampled", b"a", b"b", b"z", b"k"]
    assert answer.tokens[1].top == [(b"q", -1.5)]


@pytest.mark.parametrize(
    "logprobs",
    [
        {"tokens": ["a"], "token_logprobs": [-1.0, -2.0], "top_logprobs": None},
        {"tokens": ["a"], "token_logprobs": ["-1"], "top_logprobs": None},
        {"tokens": "a", "token_logprobs": [-1.0]},
        {"tokens": [1], "token_logprobs": [-1.0]},
        {"tokens": ["a"], "token_logprobs": [-1.0], "top_logprobs": [[1]]},
        {"content": ["a"]},
        {"content": [{"token": "a", "logprob": -1.0, "bytes": [300]}]},
        {"content": [{"logprob": -1.0}]},
    ],
)
def test_unreadable_logprobs_cost_the_tokens_alone(logprobs: dict[str, Any]) -> None:
    answer = read_answer({"text": "a", "finish_reason": "stop", "logprobs": logprobs})
    assert (answer.text, answer.tokens, answer.state) == ("a", None, "malformed")


def test_bare_choices() -> None:
    assert is_bare({"text": "a", "logprobs": None}) and is_bare({"text": "a"})
    assert is_bare({"message": {"content": "a"}, "logprobs": {"content": []}})
    assert is_bare({"text": "a", "logprobs": {"tokens": ["a"], "token_logprobs": None}})
    assert not is_bare(legacy("a", ["a"]))
    assert not is_bare({"message": {"content": None}, "finish_reason": "content_filter"})
    assert not is_bare({"text": "", "logprobs": None})


def test_usage_of_one_choice_and_of_several() -> None:
    usage = {"prompt_tokens": 9, "completion_tokens": 30}
    choice = {"text": "a", "finish_reason": None}
    assert read_answer(choice, usage).completion_tokens == 30
    assert read_answer(choice, usage, choices=2).completion_tokens is None
    assert read_answer(choice, usage, choices=2).prompt_tokens == 9
    assert read_answer(choice, {"prompt_tokens": "many", "completion_tokens": True}).prompt_tokens is None


@pytest.mark.parametrize(
    "response", [None, [], {}, {"choices": []}, {"choices": [1]}, {"choices": [{}]}, {"choices": [{"text": 1}]}]
)
def test_an_answer_without_choices_is_malformed(response: Any) -> None:
    with pytest.raises(MalformedResponseError):
        choices_of(response)


def test_choices_come_in_the_order_of_their_index() -> None:
    response = {"choices": [{"text": "b", "index": 1}, {"text": "a", "index": 0}]}
    assert [choice["text"] for choice in choices_of(response)] == ["a", "b"]


_PIECES = st.lists(st.text(max_size=4), max_size=8)


@given(_PIECES, st.data())
def test_kept_tokens_always_spell_the_text(pieces: list[str], data: st.DataObject) -> None:
    """Any way of cutting a text's bytes into tokens, sent with bytes, comes back as it was."""
    text = "".join(pieces).encode("utf-8", "replace").decode()
    raw = text.encode()
    cuts = sorted({0, len(raw), *data.draw(st.lists(st.integers(0, len(raw)), max_size=8))})
    tokens = [raw[a:b] for a, b in pairwise(cuts)]
    choice = chat(text, [(token.decode("utf-8", "replace"), token) for token in tokens])
    answer = read_answer(json.loads(json.dumps(choice)))
    assert answer.text == text
    assert spelt(answer) == (tokens or None)


@given(st.text(), st.lists(st.text(max_size=3), max_size=6), st.booleans())
def test_whatever_is_sent_the_invariant_holds(text: str, tokens: list[str], half: bool) -> None:
    answer = read_answer(legacy(text + ("\ufffd" if half else ""), tokens))
    answer.text.encode()
    if answer.tokens is not None:
        assert b"".join(token.spelling or b"" for token in answer.tokens) == answer.text.encode()
        assert all(token.spelling for token in answer.tokens)
