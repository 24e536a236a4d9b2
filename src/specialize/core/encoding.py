"""How prompts and answers become the token ids of a student: one rule for training, alignment, scoring and use.

A target is the tokens of its text with the end token behind them, whatever the family: so the teacher's distributions
are aligned once for a tokenizer. A source depends on the family:

    encoder-decoder   the text with the tokenizer's own special tokens (T5: the end token behind it)
    causal            the same without an end token behind it; as source and target are one running text, what stands
                      between them (`prompt_formats.separator`) is added: a line end to the source, a blank to the
                      target, since byte-level tokenizers put a blank and the word behind it into one token

In the `chat` style the source is the tokenizer's chat template around the text, up to where the answer begins.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from specialize.core.errors import CheckpointError
from specialize.core.model_families import Family
from specialize.core.prompt_formats import separator
from specialize.records.prompt_style import PLAIN, PromptStyle

Ids = list[int]


@dataclass(frozen=True)
class Encoding:
    """A student's tokenizer and how it is used."""

    tokenizer: Any
    """A fast tokenizer of transformers, which core does not import."""
    family: Family
    style: PromptStyle = PLAIN

    def source_ids(self, texts: Sequence[str]) -> list[Ids]:
        """Return the tokens that the student reads of each prompt."""
        if not texts:
            return []
        if self.style.style == "chat":
            # The template's text holds its special tokens.
            return _encode(self.tokenizer, [self._chat(text) for text in texts], add_special_tokens=False)
        if self.family == "encoder_decoder":
            return _encode(self.tokenizer, texts)
        endless = [f"{text}\n" if separator(text) == "\n" else text for text in texts]
        end = self.tokenizer.eos_token_id
        return [ids[:-1] if ids[-1:] == [end] else ids for ids in _encode(self.tokenizer, endless)]

    def target_ids(self, texts: Sequence[str]) -> list[Ids]:
        """Return the tokens of each text, the end token last."""
        return target_ids(self.tokenizer, texts)

    def answer_ids(self, sources: Sequence[str], targets: Sequence[str]) -> list[Ids]:
        """Return the tokens of each target as it stands behind its source, the end token last."""
        if self.style.style == "plain" and self.family != "encoder_decoder":
            targets = [
                f" {target}" if separator(source) == " " else target
                for source, target in zip(sources, targets, strict=True)
            ]
        return self.target_ids(targets)

    @property
    def source_overhead(self) -> int:
        """Tokens of a source that are not of its text."""
        return len(self.source_ids([""])[0])

    def _chat(self, text: str) -> str:
        messages = [{"role": "system", "content": self.style.system}] if self.style.system else []
        messages.append({"role": "user", "content": text})
        switches = {} if self.style.thinking is None else {"enable_thinking": self.style.thinking}
        rendered: str = self.tokenizer.apply_chat_template(
            messages, tokenize=False, add_generation_prompt=True, **switches
        )
        return rendered


def target_ids(tokenizer: Any, texts: Sequence[str]) -> list[Ids]:
    """Return the tokens of each text, the end token last and no other special token."""
    return [[*ids, tokenizer.eos_token_id] for ids in _encode(tokenizer, texts, add_special_tokens=False)]


def id_count(tokenizer: Any) -> int:
    """Return how many ids the tokenizer counts to, and so how many embeddings a model needs for it.

    More than its tokens where it left ids out, as GPT-4's tokenizers do.
    """
    highest: int = max(tokenizer.get_vocab().values())
    return highest + 1


def check_style(tokenizer: Any, style: PromptStyle, where: str) -> None:
    """Raises CheckpointError for the `chat` style with a tokenizer that has no chat template."""
    if style.style == "chat" and not tokenizer.chat_template:
        raise CheckpointError(
            f"{where}: prompts are of style 'chat', but the tokenizer has no chat template; "
            "use 'plain', or the tokenizer of an instruction-tuned model"
        )


def _encode(tokenizer: Callable[..., Any], texts: Sequence[str], **options: bool) -> list[Ids]:
    ids: list[Ids] = tokenizer(list(texts), **options)["input_ids"] if texts else []
    return ids
