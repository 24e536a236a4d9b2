"""Text of servers made safe to show: one line, nothing that a terminal interprets, no part of a key."""

import base64
import re
from collections.abc import Sequence
from functools import lru_cache
from urllib.parse import quote

SHOWN = 300
"""Characters of a server's message that are shown."""
_READ = 20_000
"""Characters of a message that are looked at."""
_PART = 6
"""So many consecutive characters of a key are treated as the key: providers repeat its beginning or its end."""
_SHORTEST = 12
"""A shorter key cannot be distinguished from ordinary text (`EMPTY`, `none`), so answers keep it."""
_LOOKS_LIKE_A_KEY = re.compile(
    r"[\w-]*\*{3,}[\w-]*|\b(?:sk|pk|rk|gsk|xai|hf|nvapi|AIza)[-_][\w\-*.…]{4,}|(?i:\bbearer)\s+[\w\-.~+/=%]{6,}"
)
MARK = "[key]"


def one_line(text: str, secrets: Sequence[str] = ()) -> str:
    """Return a message in one printable line of at most SHOWN characters, without any of the secrets."""
    printable = "".join(character if character.isprintable() else " " for character in text[:_READ])
    line = redact(" ".join(printable.split()), secrets)
    return line if len(line) <= SHOWN else line[: SHOWN - 1] + "…"


def redact(text: str, secrets: Sequence[str]) -> str:
    """Return the text without the secrets: whole, in part, reversed, URL-encoded or in Base64."""
    for secret in secrets:
        for variant in variants(secret):
            text = text.replace(variant, MARK)
        text = _without_parts(text, secret)
    return _LOOKS_LIKE_A_KEY.sub(MARK, text)


def redact_body(body: bytes, secrets: Sequence[str]) -> bytes:
    """Return the body of an answer without the secrets, should a server repeat them in it."""
    for secret in secrets:
        if len(secret) >= _SHORTEST:
            for variant in variants(secret):
                if (raw := variant.encode()) in body:
                    body = body.replace(raw, MARK.encode())
    return body


@lru_cache(16)
def variants(secret: str) -> tuple[str, ...]:
    """Return the forms of a secret that are replaced as a whole, the longest first."""
    strict = "".join(c if c.isalnum() else f"%{ord(c):02X}" for c in secret)
    encoded = {quote(secret, safe=""), strict, strict.lower(), base64.b64encode(secret.encode()).decode()}
    forms = {form for one in {secret, *encoded} for form in (one, one[::-1])} | {quote(secret[::-1], safe="")}
    return tuple(sorted(forms, key=lambda form: (-len(form), form)))


def _without_parts(text: str, secret: str) -> str:
    if len(secret) < _SHORTEST:
        return text
    parts = {form[at : at + _PART] for form in (secret, secret[::-1]) for at in range(len(secret) - _PART + 1)}
    hidden = [False] * len(text)
    for at in range(len(text) - _PART + 1):
        if text[at : at + _PART] in parts:
            hidden[at : at + _PART] = [True] * _PART
    found: list[str] = []
    for character, hide in zip(text, hidden, strict=True):
        if not hide:
            found.append(character)
        elif not found or found[-1] != MARK:
            found.append(MARK)
    return "".join(found)
