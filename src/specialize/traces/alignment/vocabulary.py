"""What a student's tokenizer makes of a teacher's token: the tables that an alignment looks up.

Four families of fast tokenizers, distinguished by how they mark where a word begins:

- byte-level (GPT-2, Llama 3, Qwen, SmolLM, our own): letters stand for bytes; a blank is a byte like any other;
- byte fallback (SentencePiece BPE: Llama 2, Mistral, Gemma): `▁` for each blank, `<0x0A>` for bytes without a piece;
  some put one more `▁` before the text;
- metaspace (SentencePiece: T5): `▁` before each word, also the first; runs of blanks and line ends are one `▁`;
- wordpiece (BERT): `##` before what goes on with a word.
"""

import re
from collections.abc import Iterable
from typing import Any

import numpy as np
from transformers import PreTrainedTokenizerBase
from transformers.convert_slow_tokenizer import bytes_to_unicode

from specialize.core.encoding import id_count
from specialize.core.errors import CheckpointError

META = "▁"
CONTINUES = "##"
NONE = -1
_BYTE = re.compile(r"<0x([0-9A-F]{2})>")
MOST_CUTS = 100_000
"""Stretches of text whose tokens are remembered (some 30 MB): texts repeat, but there is no end of new ones."""


class StudentVocabulary:
    """A fast tokenizer's tables. Arrays are indexed by token id.

    has_digit: pieces with a digit; opens_word: pieces that own the blank before them; blank_alone: pieces that are
    nothing but that blank; unknown: the id of the unknown mark, or NONE.
    """

    def __init__(self, tokenizer: PreTrainedTokenizerBase) -> None:
        self.tokenizer, self._backend = tokenizer, tokenizer.backend_tokenizer
        self.family = _family(self._backend)
        self.is_lossless = self.family in ("byte_level", "byte_fallback")
        """Whether the pieces of a text spell its bytes, every blank and line end among them."""
        self.has_prefix = self.family == "byte_fallback" and _puts_blank_first(self._backend)
        """Whether a lossless tokenizer puts one blank before the text."""
        self.size = id_count(tokenizer)
        special = set(tokenizer.all_special_ids) | set(self._backend.get_added_tokens_decoder())
        self.unknown = NONE if tokenizer.unk_token_id is None else int(tokenizer.unk_token_id)
        pieces = [""] * self.size
        for piece, number in self._backend.get_vocab(with_added_tokens=True).items():
            pieces[number] = piece if number not in special else ""
        self._ids = {piece: number for number, piece in enumerate(pieces) if piece}
        self.pieces = pieces
        self._bytes = {letter: byte for byte, letter in bytes_to_unicode().items()}
        shown = [self.shown(number) for number in range(self.size)] if self.family == "byte_fallback" else pieces
        self.has_digit = np.array([any(letter.isdigit() for letter in piece) for piece in shown])
        meta, word = self.family == "metaspace", self.family == "wordpiece"
        self.opens_word = np.array(
            [bool(p) and ((meta and p[0] == META) or (word and not p.startswith(CONTINUES))) for p in pieces]
        )
        self.blank_alone = np.array([meta and piece == META for piece in pieces])
        self.byte_lengths = np.array([len(self._spelled(p) if self.is_lossless else p) for p in pieces])
        """Bytes that a piece spells; for other families than the lossless ones its letters."""
        self._by_bytes = {self._spelled(p): number for p, number in self._ids.items()} if self.is_lossless else {}
        self._shown_ids: dict[str, int] = {}
        self._exact: dict[bytes, tuple[int, int]] = {}
        self._cut: dict[tuple[bytes, bool], tuple[int, ...] | None] = {}

    def exact(self, token: bytes) -> tuple[int, int]:
        """Return the id of the one student token that spells `token` inside a text, and at the beginning of a text or
        word; NONE where there is none."""
        found = self._exact.get(token)
        if found is None:
            found = self._exact[token] = self._look_up(token)
        return found

    def exact_ids(self, tokens: Iterable[bytes]) -> np.ndarray:
        """Return `exact` of every token: [tokens, 2]."""
        found, exact = self._exact, self.exact
        return np.array([found.get(token) or exact(token) for token in tokens], dtype=np.int64).reshape(-1, 2)

    def paper_ids(self, tokens: Iterable[bytes]) -> np.ndarray:
        """Return the ids of the pieces that are shown as the tokens are, blank for `▁`: the paper's rule: [tokens]."""
        if not self._shown_ids:
            self._shown_ids = {self.shown(number): number for number in reversed(self._ids.values())}
        texts = (_decoded(token) for token in tokens)
        return np.array(
            [NONE if text is None else self._shown_ids.get(text.replace(" ", META), NONE) for text in texts],
            dtype=np.int64,
        )

    def shown(self, number: int) -> str:
        """Return a piece as SentencePiece would write it: `▁` for a blank."""
        piece = self.pieces[number]
        if self.is_lossless:
            return self._spelled(piece).decode("utf-8", "replace").replace(" ", META)
        if self.family == "wordpiece":
            return piece.removeprefix(CONTINUES) if piece.startswith(CONTINUES) else META + piece
        return piece

    def cut(self, text: bytes, fresh: bool) -> tuple[int, ...] | None:
        """Return the student tokens of a stretch of text (fresh: at the beginning of a text or word) as far as they are
        certain: a blank at its end belongs to what follows. None: not UTF-8."""
        key = (text, fresh)
        if key not in self._cut:
            if len(self._cut) >= MOST_CUTS:
                self._cut.clear()
            self._cut[key] = self._tokenise(text, fresh)
        return self._cut[key]

    def _spelled(self, piece: str) -> bytes:
        """Return the bytes that a piece of a lossless tokenizer spells."""
        if self.family == "byte_level":
            return bytes(self._bytes[letter] for letter in piece)
        if byte := _BYTE.fullmatch(piece):
            return bytes([int(byte[1], 16)])
        return piece.replace(META, " ").encode()

    def _look_up(self, token: bytes) -> tuple[int, int]:
        if self.is_lossless:
            number = self._by_bytes.get(token, NONE)
            return number, self._by_bytes.get(b" " + token, NONE) if self.has_prefix and token else number
        text = _decoded(token)
        if not text:
            return NONE, NONE
        body = self._normalised(text.strip())
        blank = text[:1].isspace()
        if not body:
            alone = self._ids.get(META, NONE) if self.family == "metaspace" else NONE
            return alone, alone
        if text[-1:].isspace() or any(letter.isspace() for letter in body):
            return NONE, NONE
        opening, inside = (META + body, body) if self.family == "metaspace" else (body, CONTINUES + body)
        fresh = self._ids.get(opening, NONE)
        return (fresh, fresh) if blank else (self._ids.get(inside, NONE), fresh)

    def _tokenise(self, text: bytes, fresh: bool) -> tuple[int, ...] | None:
        decoded = _decoded(text)
        if decoded is None:
            return None
        if self.family == "byte_level":
            return tuple(self._backend.encode(decoded, add_special_tokens=False).ids)
        if self.family == "byte_fallback":
            marked = f" {decoded}" if fresh and self.has_prefix else decoded
            return tuple(token.id for token in self._backend.model.tokenize(marked.replace(" ", META)))
        body = self._normalised(decoded.strip())
        first, *others = body.split() or [""]
        if decoded[:1].isspace() or fresh:
            first, others = "", [first, *others] if first else []
        ids = self._word(first, inside=True) if first else []
        for word in others:
            ids += self._word(word, inside=False)
        return tuple(ids)

    def _word(self, word: str, inside: bool) -> list[int]:
        if self.family == "metaspace":
            return [token.id for token in self._backend.model.tokenize(word if inside else META + word)]
        if inside:
            return [self._ids.get(CONTINUES + word, self.unknown)]
        return list(self._backend.encode(word, add_special_tokens=False).ids)

    def _normalised(self, text: str) -> str:
        normalizer = self._backend.normalizer
        return text if normalizer is None else normalizer.normalize_str(text)


def _family(backend: Any) -> str:
    model = type(backend.model).__name__
    described = f"{backend.pre_tokenizer!r} {backend.decoder!r}"
    if model == "WordPiece":
        return "wordpiece"
    if model == "BPE" and backend.model.byte_fallback:
        return "byte_fallback"
    if "ByteLevel" in described and "Metaspace" not in described:
        return "byte_level"
    if "Metaspace" in described:
        return "metaspace"
    raise CheckpointError(
        f"this tokenizer ({model}, {described[:80]}) marks words in a way that no alignment is known for; "
        "expected a byte-level, a SentencePiece or a WordPiece one"
    )


def _puts_blank_first(backend: Any) -> bool:
    """Whether the tokenizer puts a `▁` before the text: the first token of a lone letter says so."""
    first = backend.encode("a", add_special_tokens=False).tokens[:1]
    return bool(first) and first[0].startswith(META)


def _decoded(token: bytes) -> str | None:
    try:
        return token.decode("utf-8")
    except UnicodeDecodeError:
        return None
