"""What a source and a target are in tokens, by family and style."""

import pytest

from specialize.core.encoding import Encoding, check_style
from specialize.core.errors import CheckpointError
from specialize.core.prompt_formats import FORMATS, exemplar, is_chain_of_thought, prompt, separator, target
from specialize.records.problems import Problem
from specialize.records.prompt_style import PromptStyle
from tiny_models import tiny_tokenizer

TEXTS = ["Q: Tom has 12 apples. How many?\nLet's think step by step\nA: The answer is 12"]
PLAIN_BPE, WITH_BOS = tiny_tokenizer(TEXTS), tiny_tokenizer(TEXTS, bos=True)
WORKED = Problem(id="p", dataset="d", question="Why?", answer="4", kind="number", rationale="2 + 2 = 4.")


@pytest.mark.parametrize("format", FORMATS)
def test_a_causal_source_with_its_target_is_the_running_text_of_an_exemplar(format):
    encoding = Encoding(PLAIN_BPE, "causal")
    source, answer = prompt(format, WORKED.question), target(format, WORKED.rationale, WORKED.answer)
    ids = [*encoding.source_ids([source])[0], *encoding.answer_ids([source], [answer])[0]]
    assert ids.pop() == PLAIN_BPE.eos_token_id
    assert f"{PLAIN_BPE.decode(ids)}\n\n" == exemplar(format, WORKED)
    assert ids == PLAIN_BPE(exemplar(format, WORKED).rstrip())["input_ids"], "cut as the running text is"
    if is_chain_of_thought(format):  # such targets are aligned without knowing of a source
        assert encoding.answer_ids([source], [answer]) == encoding.target_ids([answer])


def test_separators():
    assert [separator(text) for text in ("A:", "step by step", "step by step.\n", "")] == [" ", "\n", "", ""]


def test_special_tokens_are_the_tokenizers_own_but_for_the_end():
    with_end = tiny_tokenizer(TEXTS)
    with_end.backend_tokenizer.post_processor = WITH_BOS.backend_tokenizer.post_processor
    for tokenizer, first in ((PLAIN_BPE, []), (WITH_BOS, [2])):
        encoding = Encoding(tokenizer, "causal")
        (ids,) = encoding.source_ids(["A:"])
        assert ids[: len(first)] == first and ids[-1] != tokenizer.eos_token_id
        assert encoding.source_overhead == len(first)
        assert encoding.target_ids(["A"]) == [[*tokenizer("A", add_special_tokens=False)["input_ids"], 1]]
    assert Encoding(PLAIN_BPE, "causal").source_ids([]) == []


@pytest.mark.parametrize("family", ["causal", "encoder_decoder"])
def test_chat_puts_the_text_into_the_template(family):
    style = PromptStyle(style="chat", system="Be brief.", thinking=False)
    encoding = Encoding(WITH_BOS, family, style)
    (ids,) = encoding.source_ids(["Q: Why?\nA:"])
    assert WITH_BOS.decode(ids) == ("<|system|>Be brief.<|end|><|user|>Q: Why?\nA:<|end|><|assistant|><think></think>")
    assert encoding.answer_ids(["Q: Why?\nA:"], ["4"]) == encoding.target_ids(["4"]), "template tokens are no target"
    (plain,) = Encoding(WITH_BOS, family, PromptStyle(style="chat")).source_ids(["Why?"])
    assert WITH_BOS.decode(plain) == "<|user|>Why?<|end|><|assistant|>"


def test_chat_needs_a_template():
    bare = tiny_tokenizer(TEXTS)
    bare.chat_template = None
    with pytest.raises(CheckpointError, match=r"train\.prompts: .* no chat template"):
        check_style(bare, PromptStyle(style="chat"), "train.prompts")
    check_style(bare, PromptStyle(), "train.prompts")
