"""Control characters in texts of others, shown as escapes: a terminal would obey them.

A teacher's completion, a problem's id or a server's error may hold `ESC ]` sequences that rewrite the screen or its
title, and marks that reverse the direction of writing. Line feed and tab stay as they are.
"""

from typing import Any, TextIO

_SHOWN = {
    code: f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}"
    for code in (*range(0x20), *range(0x7F, 0xA0), *range(0x202A, 0x202F), *range(0x2066, 0x206A))
    if chr(code) not in "\n\t"
}


def printable(text: str) -> str:
    """Return `text` with control characters as `\\x1b`, bidirectional marks as `\\u202e`."""
    return text.translate(_SHOWN)


class PrintableStream:
    """A text stream that writes everything `printable`."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        return self._stream.write(printable(text))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)
