"""Token log-probabilities of both wire shapes; what servers bend of them is tested with whole responses (teacher/api)."""

import codecs
from pathlib import Path
from typing import Any

import pytest

from specialize.core.files import read_rows
from specialize.core.logprobs import MalformedLogprobsError, Token, read_logprobs, token_columns


@pytest.mark.parametrize(
    ("token", "spelling"),
    [
        ("é", "é".encode()),
        ("bytes:\\xc3", b"\xc3"),
        ("bytes:\\xe2\\x89", b"\xe2\x89"),
        ("bytes: \\xe2\\x89", b" \xe2\x89"),
        ("bytes:\\\\xc3\\\\xa9", "é".encode()),
        ("bytes: \\\\xc3", b" \xc3"),
        ("bytes: none", b"bytes: none"),
        ("bytes:", b"bytes:"),
        ("a\\xc3", b"a\\xc3"),
        ("\ufffd", None),
        ("\ud800", None),
    ],
)
def test_bytes_of_a_token_in_both_shapes(token: str, spelling: bytes | None) -> None:
    completions = {"tokens": [token], "token_logprobs": [-1.0], "top_logprobs": [{token: -1.0}]}
    entry = {"token": token, "logprob": -1.0, "bytes": None}
    chat = {"content": [{**entry, "top_logprobs": [entry]}]}
    top = [] if spelling is None else [(spelling, -1.0)]
    assert read_logprobs(completions) == read_logprobs(chat) == [Token(spelling, -1.0, top)]


def test_given_bytes_count_more_than_the_text() -> None:
    entry = {"token": "\\xc3", "logprob": -1.0, "bytes": [195]}
    assert read_logprobs({"content": [{**entry, "top_logprobs": [entry]}]}) == [Token(b"\xc3", -1.0, [(b"\xc3", -1.0)])]


@pytest.mark.parametrize("logprobs", [None, [], {}, {"content": []}, {"tokens": ["a"]}, {"tokens": []}])
def test_nothing_sent(logprobs: Any) -> None:
    assert read_logprobs(logprobs) is None


def test_unequal_lengths_are_malformed() -> None:
    with pytest.raises(MalformedLogprobsError, match="one length"):
        read_logprobs({"tokens": ["a"], "token_logprobs": [-1.0, -2.0]})


def test_all_alternatives_of_the_recorded_codex_responses(shared_data: Path) -> None:
    """15,745 alternatives of code-davinci-002; 8 of them are ` ` and part of a character, 3 of these escaped twice."""
    alternatives = escaped = 0
    for _, row in read_rows(shared_data / "teacher" / "codex_logprobs.jsonl"):
        tokens = read_logprobs(row)
        assert tokens is not None
        assert b"".join(token.spelling or b"" for token in tokens).decode() == row["text"]
        for token, raw in zip(tokens, row["top_logprobs"], strict=True):
            alternatives += len(raw)
            known = {_expected(text): value for text, value in raw.items() if value is not None}
            escaped += sum(spelling.startswith(b" ") and not _is_text(spelling) for spelling in map(_expected, raw))
            assert dict(token.top) == known
    assert (alternatives, escaped) == (15_745, 8)


def _expected(text: str) -> bytes:
    if text.startswith("bytes:"):
        return codecs.escape_decode(text.removeprefix("bytes:").replace("\\\\", "\\").encode())[0]
    return text.encode()


def _is_text(spelling: bytes) -> bool:
    try:
        return bool(spelling.decode())
    except UnicodeDecodeError:
        return False


def test_columns() -> None:
    columns = token_columns([Token(b"a", -0.5, [(b"a", -0.5), (b"b", -1.0)]), Token(b"c", None, [])])
    assert columns == {
        "tokens": [b"a", b"c"],
        "token_logprobs": [-0.5, None],
        "top_tokens": [[b"a", b"b"], []],
        "top_logprobs": [[-0.5, -1.0], []],
    }
