"""Numbers in running text are read exactly, whatever stands around them."""

import time
from collections.abc import Callable
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from specialize.core.numbers import MAX_DIGITS, find_numbers, format_number, normalise, parse_number

READ_AS = {
    # signs and operators
    "16 -3": [16, 3],
    "16 - 3": [16, 3],
    "5-10": [5, 10],
    "-5-10": [-5, 10],
    "(7)-2": [7, 2],
    "50%-20%": [50, 20],
    "x = -5": [-5],
    "from -3 to 4": [-3, 4],
    "covid-19": [19],
    "−5": [-5],
    "–5": [-5],
    "－5": [-5],
    "﹘5": [-5],
    "78 – 30 = 48": [78, 30, 48],
    "the total—5 apples": [5],
    "it is -(1/3)": [Fraction(-1, 3)],
    "5 -(3)": [5, 3],
    # currency, percent, units
    "-$1,234.50": [Fraction(-2469, 2)],
    "$-5": [-5],
    "$ 5 and €6, £7 or ¥8": [5, 6, 7, 8],
    "20%": [20],
    "5cm x 3cm": [5, 3],
    "25 m² of H₂O": [25],
    "5² is 25": [5, 25],
    # commas and points
    "1,234,567": [1234567],
    "1, 2,3": [1, 2, 3],
    "1234,567": [1234, 567],
    "12,34": [12, 34],
    "3.": [3],
    ".5": [Fraction(1, 2)],
    "-.5": [Fraction(-1, 2)],
    "1419.60": [Fraction(7098, 5)],
    "we get...5": [5],
    "we get …5": [5],
    "0.1 + 0.2": [Fraction(1, 10), Fraction(1, 5)],
    # fractions
    "3/4": [Fraction(3, 4)],
    "1 / 2": [Fraction(1, 2)],
    "-3/4": [Fraction(-3, 4)],
    "1 1/2 cups": [Fraction(3, 2)],
    "-1 1/2": [Fraction(-3, 2)],
    "1 1/2/3": [1, Fraction(1, 2), 3],
    "½": [Fraction(1, 2)],
    "2½": [Fraction(5, 2)],
    "2\u200b½": [Fraction(5, 2)],
    "2 ½ cups": [Fraction(5, 2)],
    "-2½": [Fraction(-5, 2)],
    "1⁄3": [Fraction(1, 3)],
    "2¹⁄₃": [Fraction(7, 3)],
    "5/0": [],
    "1 1/0": [],
    "1.5/0.5": [3],
    # odd characters
    "４２": [42],
    "１，２３４": [1234],
    "1\u200b000": [1000],
    "5\u00a0apples": [5],
    "٣": [3],
    "٩٬٥٠٠": [9500],
    "१८": [18],
    "": [],
}


@pytest.mark.parametrize("text", READ_AS)
def test_reads_every_number_in_order(text: str) -> None:
    assert find_numbers(text) == READ_AS[text]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("70,000", 70000),
        (" 72 ", 72),
        ("72.", 72),
        ("$1,234.50", Fraction(2469, 2)),
        ("20%", 20),
        ("20 %", 20),
        ("-(1/3)", Fraction(-1, 3)),
        ("-( 1/3 )", Fraction(-1, 3)),
        ("(5)", 5),
        ("2½", Fraction(5, 2)),
        ("−7", -7),
        ("1/2", Fraction(1, 2)),
    ],
)
def test_parse_number_reads_a_lone_number(text: str, value: Fraction) -> None:
    assert parse_number(text) == value


@pytest.mark.parametrize(
    "text", ["", " ", "-", "$", "%", "()", "(A)", "5 apples", "5 6", "5:6", "6th", "1/0", "(5", "11; 12", "x", "3-4"]
)
def test_parse_number_refuses_all_else(text: str) -> None:
    assert parse_number(text) is None


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (Fraction(72), "72"),
        (Fraction(0), "0"),
        (Fraction(-5, 2), "-2.5"),
        (Fraction(1, 20), "0.05"),
        (Fraction(-1, 8), "-0.125"),
        (Fraction(1, 3), "1/3"),
        (Fraction(-7, 6), "-7/6"),
        (Fraction(1, 10**12), "0.000000000001"),
        (Fraction(1, 10**13), "1/10000000000000"),
    ],
)
def test_canonical_form(value: Fraction, text: str) -> None:
    assert format_number(value) == text


@given(st.fractions())
def test_round_trip_of_any_fraction(value: Fraction) -> None:
    assert parse_number(format_number(value)) == value


@given(st.decimals(allow_nan=False, allow_infinity=False, places=6))
def test_round_trip_of_decimals(value: object) -> None:
    assert parse_number(f"{value:f}") == Fraction(f"{value:f}")


@given(st.integers())
def test_thousands_commas_do_not_count(value: int) -> None:
    assert parse_number(f"{value:,}") == value


@given(st.text())
def test_never_raises_on_any_text(text: str) -> None:
    assert all(isinstance(value, Fraction) for value in find_numbers(text))


@given(st.text(alphabet="0123456789.,/-$%() ½²⁄₂—\n", max_size=40))
def test_never_raises_on_number_like_text(text: str) -> None:
    for value in find_numbers(text):
        assert parse_number(format_number(value)) == value


@given(st.text(), st.text())
def test_normalise_is_idempotent(left: str, right: str) -> None:
    once = normalise(f"{left}½{right}")
    assert normalise(once) == once


def test_a_huge_run_of_digits_is_no_number() -> None:
    longest = "9" * MAX_DIGITS
    assert find_numbers(f"{longest}9 apples, 3 pears") == [3]
    assert find_numbers(longest) == [int(longest)]


LONG = 30_000
HOSTILE: dict[str, Callable[[int], str]] = {
    "digits": lambda n: "1" * n,
    "digits then ½": lambda n: "1" * n + "½",
    "commas": lambda n: "," * n,
    "digit comma": lambda n: "1," * n,
    "thousands": lambda n: "1" + ",111" * n,
    "thousands, spoilt at the end": lambda n: "1" + ",111" * n + "1",
    "slashes": lambda n: "/" * n,
    "digit slash": lambda n: "1/" * n,
    "mixed number, spoilt at the end": lambda n: "1 1/" + "1" * 3 * n + ",1",
    "mixed number, long tail": lambda n: "1 1/1" + "/," * n,
    "points": lambda n: "." * n,
    "dashes": lambda n: "-" * n,
    "signs": lambda n: "-1 " * n,
    "sign far behind": lambda n: "1" + " " * n + "-1",
    "brackets": lambda n: "-(" * n,
    "currency": lambda n: "$ " * n,
    "superscripts": lambda n: "²" * n + "⁄",
    "subscripts": lambda n: "⁄" + "₂" * n,
    "vulgar fractions": lambda n: "½" * n,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_time_grows_with_the_length(name: str) -> None:
    text = HOSTILE[name](LONG)
    start = time.process_time()
    find_numbers(text)
    parse_number(text)
    # Squared time would be ten seconds and more.
    assert time.process_time() - start < 2
