"""What a student's tokenizer makes of a teacher's token: the tables that an alignment looks up.

Three families of fast tokenizers, told apart by how they mark where a word begins:

- byte-level (GPT-2, BART, our own): letters stand for bytes; a blank is a byte like any other;
- metaspace (SentencePiece: T5): `▁` before each word, also the first; runs of blanks and line ends are one `▁`;
- wordpiece (BERT): `##` before what goes on with a word.
"""

from collections.abc import Iterable

import numpy as np
from transformers import PreTrainedTokenizerBase
from transformers.convert_slow_tokenizer import bytes_to_unicode

from specialize.core.errors import CheckpointError

META = "▁"
CONTINUES = "##"
NONE = -1
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
        self.size = len(tokenizer)
        special = set(tokenizer.all_special_ids) | set(self._backend.get_added_tokens_decoder())
        self.unknown = NONE if tokenizer.unk_token_id is None else int(tokenizer.unk_token_id)
        pieces = [""] * self.size
        for piece, number in self._backend.get_vocab(with_added_tokens=True).items():
            pieces[number] = piece if number not in special else ""
        self._ids = {piece: number for number, piece in enumerate(pieces) if piece}
        self._letters = [letter for _, letter in sorted(bytes_to_unicode().items())]
        self.pieces = pieces
        self.has_digit = np.array([any(letter.isdigit() for letter in piece) for piece in pieces])
        meta, word = self.family == "metaspace", self.family == "wordpiece"
        self.opens_word = np.array(
            [bool(p) and ((meta and p[0] == META) or (word and not p.startswith(CONTINUES))) for p in pieces]
        )
        self.blank_alone = np.array([meta and piece == META for piece in pieces])
        self.byte_lengths = np.array([len(piece) for piece in pieces])
        """Bytes that a piece spells; right for the byte-level family alone."""
        self._bytes = {letter: byte for byte, letter in bytes_to_unicode().items()}
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
        if self.family == "byte_level":
            return bytes(self._bytes[letter] for letter in piece).decode("utf-8", "replace").replace(" ", META)
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

    def _look_up(self, token: bytes) -> tuple[int, int]:
        if self.family == "byte_level":
            number = self._ids.get("".join([self._letters[byte] for byte in token]), NONE)
            return number, number
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


def _family(backend: object) -> str:
    model = type(backend.model).__name__  # type: ignore[attr-defined]
    described = f"{backend.pre_tokenizer!r} {backend.decoder!r}"  # type: ignore[attr-defined]
    if model == "WordPiece":
        return "wordpiece"
    if "ByteLevel" in described and "Metaspace" not in described:
        return "byte_level"
    if "Metaspace" in described:
        return "metaspace"
    raise CheckpointError(
        f"this tokenizer ({model}, {described[:80]}) marks words in a way that no alignment is known for; "
        "expected a byte-level, a SentencePiece (Metaspace) or a WordPiece one"
    )


def _decoded(token: bytes) -> str | None:
    try:
        return token.decode("utf-8")
    except UnicodeDecodeError:
        return None
