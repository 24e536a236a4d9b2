"""The teacher's tokens."""

from hypothesis import given
from hypothesis import strategies as st

from specialize.teacher.simulated.tokens import count_tokens, tokenise


@given(st.text())
def test_tokens_are_the_text(text: str) -> None:
    assert "".join(tokenise(text)) == text
    assert count_tokens(text) == len(tokenise(text))


@given(st.lists(st.from_regex(r" [A-Za-z]{1,12}| \d{1,7}|\n|[.,]", fullmatch=True)))
def test_pieces_tokenise_as_their_joined_text(pieces: list[str]) -> None:
    """A run of marks is one piece of the grammar: here none meets another."""
    apart = [piece if piece not in ".," else f" x{piece}" for piece in pieces]
    assert tokenise("".join(apart)) == tuple(token for piece in apart for token in tokenise(piece))


def test_shapes() -> None:
    assert tokenise("Ada has 5 + 3 = 8 pens.\n") == ("Ada", " has", " 5", " +", " 3", " =", " 8", " pens", ".", "\n")
    assert tokenise(" 1234567") == (" 123", "456", "7")
    numbers = {len(tokenise(f" {number}")) for number in range(10, 1000)}
    assert numbers == {1, 2}
    assert tokenise("Finally, candles and ribbons") == ("Final", "ly", ",", " candles", " and", " ribbons")
