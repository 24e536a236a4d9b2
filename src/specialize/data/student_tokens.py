"""What a student's tokenizer makes of the problems: lengths in tokens, and characters that it cannot write."""

from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Protocol

from specialize.core.errors import SpecializeError
from specialize.core.params.traces import TracesParams
from specialize.records.problems import Problem


class Tokenizer(Protocol):
    """The part of transformers' tokenizers that is used here."""

    def encode(self, text: str, *, add_special_tokens: bool, verbose: bool) -> list[int]: ...
    def decode(self, ids: list[int], *, skip_special_tokens: bool, clean_up_tokenization_spaces: bool) -> str: ...


def tokenizers_at_hand(params: TracesParams, root: Path, others: Sequence[str] = ()) -> dict[str, Tokenizer]:
    """Return name → tokenizer: those of the params that are folders below `root`, and `others` by folder or id.

    Raises SpecializeError where one of `others` cannot be loaded. A learned tokenizer is made by the run, so it is not
    at hand.
    """
    folders = {name: root / each.source for name, each in params.tokenizers.items() if (root / each.source).is_dir()}
    return {name: _load(str(folder)) for name, folder in folders.items()} | {each: _load(each) for each in others}


def lengths(tokenizer: Tokenizer, texts: Iterable[str]) -> list[int]:
    """Return the number of tokens of each text, without marks of its end."""
    return [len(tokenizer.encode(text, add_special_tokens=False, verbose=False)) for text in texts]


def unwritable(tokenizer: Tokenizer, problems: Sequence[Problem]) -> dict[str, int]:
    """Return character → how many problems need it in an answer or a rationale, though the tokenizer cannot write it.

    A character is written where it comes back from its tokens: T5's tokenizer turns `¾` into `34`, and U+2212 and line
    ends are lost.
    """
    needs: Counter[str] = Counter()
    for problem in problems:
        needs.update(set(f"{problem.rationale or ''}{problem.answer}"))
    return {each: count for each, count in sorted(needs.items()) if not _writes(tokenizer, each)}


def _writes(tokenizer: Tokenizer, character: str) -> bool:
    text = f"1{character}2"  # amid others: at the ends blanks are cut
    ids = tokenizer.encode(text, add_special_tokens=False, verbose=False)
    written = tokenizer.decode(ids, skip_special_tokens=True, clean_up_tokenization_spaces=False)
    # A tokenizer may put blanks around what it splits; the judge does not see them.
    return written == text if character.isspace() else written.replace(" ", "") == text


def _load(name: str) -> Tokenizer:
    from transformers import AutoTokenizer  # heavy

    try:
        tokenizer: Tokenizer = AutoTokenizer.from_pretrained(name, trust_remote_code=False)
    except Exception as error:  # the library raises whatever its network and its file readers raise
        reason = " ".join(str(error).split())[:200]
        raise SpecializeError(f"--tokenizer {name}: cannot be loaded: {reason}") from None
    return tokenizer
