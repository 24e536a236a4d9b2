"""Which of the tokens that a server sent spell the text that it sent, byte by byte.

Servers send tokens that go on behind a stop text, half a character at the end, tokens of the reasoning beside a text
without it, and a text whose blanks a reasoning parser has stripped.
"""

from specialize.core.logprobs import REPLACEMENT, Token
from specialize.teacher.api.reasoning import CLOSE, OPEN, begins_reasoning, end_of_reasoning, opening_tag


def fit_tokens(tokens: list[Token], reasoning: str, content: str) -> tuple[str, list[Token]] | None:
    """Return the whole text and the tokens that spell it, or None where none do.

    Tokens that span reasoning and content give the text themselves, so that every token keeps its distribution. Where
    only the content has tokens, the reasoning stands before them as one token without a log-probability.
    """
    if not reasoning and (plain := _fit_content(tokens, content)) is not None:
        return plain
    if not reasoning and (opened := _fit_opened(tokens, content)) is not None:
        return opened
    if (spanning := _fit_both(tokens, reasoning, content)) is not None:
        return spanning
    if reasoning and content and (plain := _fit_content(tokens, content)) is not None:
        head = f"{OPEN}{reasoning}{CLOSE}"
        return head + plain[0], [_without_logprob(head), *plain[1]]
    return None


def _fit_opened(tokens: list[Token], content: str) -> tuple[str, list[Token]] | None:
    """Return the text and its tokens where the server wrote an opening tag before it that stood in the prompt
    (llama.cpp without its reasoning parser): the tag becomes a token without a log-probability."""
    tag = opening_tag(content)
    for head in (tag, tag.rstrip()) if tag else ():
        if (plain := _fit_content(tokens, content[len(head) :])) is not None:
            return head + plain[0], [_without_logprob(head), *plain[1]]
    return None


def _fit_both(tokens: list[Token], reasoning: str, content: str) -> tuple[str, list[Token]] | None:
    """Return the text of tokens that spell the reasoning, then the content, and perhaps tags and blanks around them."""
    spelt = _spelt(tokens)
    inner, outer = reasoning.strip().encode(), content.rstrip(REPLACEMENT).strip().encode()
    begin = spelt.find(inner) if inner else end_of_reasoning(spelt)
    if begin < 0:
        return None
    begin += len(inner)
    if outer:
        begin = spelt.find(outer, begin)
        if begin < 0:
            return None
        end = begin + len(outer)
    else:
        end = max(begin, end_of_reasoning(spelt))
    kept: list[Token] = []
    length = 0
    for token in tokens:
        if length >= end:
            break
        length += len(token.spelling or b"")
        if token.spelling:
            kept.append(token)
    if length != end and spelt[end:length].strip():
        return None  # the text ends within a token
    try:
        text = spelt[:length].decode()
    except UnicodeDecodeError:
        return None
    if inner and not begins_reasoning(text):  # the prompt's template had opened it
        return OPEN + text, [_without_logprob(OPEN), *kept]
    return text, kept


def _without_logprob(text: str) -> Token:
    return Token(text.encode(), None, [])


def _spelt(tokens: list[Token]) -> bytes:
    """Return the bytes of the tokens, up to the first whose bytes are not known."""
    spellings = [token.spelling for token in tokens]
    known = spellings.index(None) if None in spellings else len(spellings)
    return b"".join(spelling for spelling in spellings[:known] if spelling is not None)


def _fit_content(tokens: list[Token], text: str) -> tuple[str, list[Token]] | None:
    """Return the text and the tokens that spell it, or None where none do.

    Tokens behind the text belong to a stop text or an end mark. A character cut in half by the bound on length is no
    text: its mark U+FFFD goes, and so do the tokens of its bytes.
    """
    spelt = [token.spelling for token in tokens]
    known = spelt.index(None) if None in spelt else len(spelt)
    joined = b"".join(spelling for spelling in spelt[:known] if spelling is not None)
    if (kept := _cut(tokens, joined, text)) is not None:
        return text, kept
    whole = text.rstrip(REPLACEMENT)
    if whole == text or not joined.startswith(whole.encode()):
        return None
    rest = joined[len(whole.encode()) :].decode("utf-8", "replace")
    if rest.strip(REPLACEMENT) or any(spelling is not None for spelling in spelt[known:]):
        return None
    kept = _cut(tokens, joined, whole)
    return None if kept is None else (whole, kept)


def _cut(tokens: list[Token], joined: bytes, text: str) -> list[Token] | None:
    """Return the first tokens, those that spell `text`, without empty ones; None where no token ends with it."""
    wanted = text.encode()
    if not joined.startswith(wanted):
        return None
    kept: list[Token] = []
    length = 0
    for token in tokens:
        if length == len(wanted):
            break
        length += len(token.spelling or b"")
        if token.spelling:
            kept.append(token)
    return kept if length == len(wanted) else None
