"""Control characters of others are shown, never obeyed."""

import pytest

from specialize.core.printable import printable


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain é 漢 🙂\n\tnext", "plain é 漢 🙂\n\tnext"),
        ("\x1b]8;;x\x07", "\\x1b]8;;x\\x07"),
        ("a\rb\x00\x7f\x9b", "a\\x0db\\x00\\x7f\\x9b"),
        ("\u202eabc\u2066", "\\u202eabc\\u2066"),
    ],
)
def test_only_what_a_terminal_obeys_is_escaped(text: str, shown: str) -> None:
    assert printable(text) == shown
