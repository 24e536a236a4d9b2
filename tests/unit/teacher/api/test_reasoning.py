"""Reasoning models: in whatever field the reasoning comes, text and distributions of every token are kept."""

from typing import Any

import pytest

from specialize.teacher.api.reasoning import answer_part
from specialize.teacher.api.responses import MalformedResponseError, raw_text, read_answer

THOUGHT = "Two and two.\nSo 4; the answer is 4, I think é."
CONTENT = "2 + 2 = 4.\nThe answer is 4."
TAGS = {"think": ("<think>\n", "\n</think>\n\n"), "opened by the prompt": ("", "\n</think>\n\n")}


def logprobs(text: str, size: int = 3) -> dict[str, Any]:
    """Return tokens of `size` bytes, as the chat API sends them."""
    raw = text.encode()
    tokens = [raw[at : at + size] for at in range(0, len(raw), size)]
    return {
        "content": [
            {"token": t.decode("utf-8", "replace"), "bytes": list(t), "logprob": -1.0, "top_logprobs": []}
            for t in tokens
        ]
    }


def message(shape: str) -> dict[str, Any]:
    """Return a message with reasoning beside content, as one of the servers sends it."""
    return {
        "reasoning_content": {"content": CONTENT, "reasoning_content": THOUGHT},
        "reasoning": {"content": CONTENT, "reasoning": THOUGHT, "reasoning_details": [{"text": THOUGHT}]},
        "parts": {
            "content": [
                {"type": "thinking", "thinking": [{"type": "text", "text": THOUGHT}]},
                {"type": "text", "text": CONTENT},
            ]
        },
        "reasoning_details": {
            "content": CONTENT,
            "reasoning_details": [{"type": "reasoning.text", "text": THOUGHT[:9]}, {"text": THOUGHT[9:]}],
        },
        "thinking_blocks": {"content": CONTENT, "thinking_blocks": [{"type": "thinking", "thinking": THOUGHT}]},
        "summary": {
            "content": [
                {"type": "reasoning", "summary": [{"type": "summary_text", "text": THOUGHT}]},
                {"type": "output_text", "text": CONTENT},
            ]
        },
    }[shape]


SHAPES = ["reasoning_content", "reasoning", "parts", "reasoning_details", "thinking_blocks", "summary"]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("tags", TAGS)
@pytest.mark.parametrize("end", ["", "<|im_end|>", "\n\nQuestion:"])
def test_tokens_that_span_both_are_all_kept(shape: str, tags: str, end: str) -> None:
    opening, closing = TAGS[tags]
    spelt = f"{opening}{THOUGHT}{closing}{CONTENT}"
    sent = logprobs(spelt)["content"] + (logprobs(end, 99)["content"] if end else [])
    answer = read_answer({"message": message(shape), "finish_reason": "stop", "logprobs": {"content": sent}})
    assert answer.state == "kept" and answer.tokens is not None
    with_logprob = [token for token in answer.tokens if token.logprob is not None]
    assert len(with_logprob) == len(logprobs(spelt)["content"])
    assert answer.text == f"<think>\n{THOUGHT}\n</think>\n\n{CONTENT}"
    assert b"".join(token.spelling or b"" for token in answer.tokens) == answer.text.encode()
    assert answer_part(answer.text) == CONTENT


@pytest.mark.parametrize("shape", ["reasoning_content", "reasoning", "parts"])
def test_tokens_of_the_content_alone(shape: str) -> None:
    answer = read_answer({"message": message(shape), "finish_reason": "stop", "logprobs": logprobs(CONTENT)})
    assert answer.state == "kept" and answer.tokens is not None
    assert answer.tokens[0].logprob is None and len(answer.tokens) == 1 + len(logprobs(CONTENT)["content"])
    assert b"".join(token.spelling or b"" for token in answer.tokens) == answer.text.encode()


def test_tags_in_the_text_and_a_content_without_its_reasoning() -> None:
    whole = f"<think>\n{THOUGHT}\n</think>\n\n{CONTENT}"
    for text in (whole, CONTENT):  # the second: the server has thrown the reasoning away, its tokens are there
        answer = read_answer({"message": {"content": text}, "finish_reason": "stop", "logprobs": logprobs(whole)})
        assert (answer.text, answer.state) == (whole, "kept")
    assert answer_part(whole) == CONTENT and answer_part(CONTENT) == CONTENT
    assert answer_part("<think>\nnever ends") == ""


def test_reasoning_that_was_cut() -> None:
    choice = {"message": {"content": None, "reasoning_content": THOUGHT}, "finish_reason": "length"}
    assert raw_text(choice) == f"<think>\n{THOUGHT}" and answer_part(raw_text(choice)) == ""
    answer = read_answer({**choice, "logprobs": logprobs(f"<think>\n{THOUGHT}")})
    assert (answer.text, answer.state) == (f"<think>\n{THOUGHT}", "kept")


def test_tokens_of_another_text_are_not_taken() -> None:
    answer = read_answer({"message": message("reasoning"), "finish_reason": "stop", "logprobs": logprobs("Other.")})
    assert answer.state == "do not spell the text" and answer.text.endswith(CONTENT)


@pytest.mark.parametrize("content", [1, [1], {"text": "x"}])
def test_what_is_no_text(content: Any) -> None:
    with pytest.raises(MalformedResponseError):
        raw_text({"message": {"content": content}})


@pytest.mark.parametrize(
    "text",
    [
        "<think>HM</think> 4",
        "<thoughts>HM</thoughts>\n4",
        "[THINK]HM[/THINK]4",
        "◁think▷HM◁/think▷4",
        "<|channel|>analysis<|message|>HM<|channel|>final<|message|>4",
        "HM\n</think>\n\n4",
    ],
)
def test_every_spelling_of_a_block(text: str) -> None:
    begin = text.partition("HM")[0]
    assert answer_part(text) == "4" and answer_part(f"{begin}HM") == ("" if begin else "HM")


def test_a_response_that_is_nested_without_end_is_no_text() -> None:
    deep: Any = "x"
    for _ in range(500):
        deep = [{"text": deep}]
    assert raw_text({"message": {"content": "4", "reasoning": deep}, "finish_reason": "stop"}) == "4"


@pytest.mark.parametrize("tag", ["<think>\n", "<think>", "<think>\n\n"])
@pytest.mark.parametrize("rest", [f"{THOUGHT}\n</think>\n\n{CONTENT}", THOUGHT])
def test_a_tag_of_the_prompt_before_the_text(tag: str, rest: str) -> None:
    """llama.cpp without its reasoning parser: the tag is no token of the answer."""
    answer = read_answer({"message": {"content": tag + rest}, "finish_reason": "stop", "logprobs": logprobs(rest)})
    assert answer.state == "kept" and answer.text == tag + rest and answer.tokens is not None
    assert [token.logprob for token in answer.tokens].count(None) == 1
    assert b"".join(token.spelling or b"" for token in answer.tokens).decode() == answer.text
