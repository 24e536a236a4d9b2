"""Numbers in running text, read exactly: signs, thousands, decimals, fractions, mixed numbers, currency, percent.

`-$1,234.50` → -1234.5    `1 1/2 cups` → 1.5    `½` → 0.5    `78 – 30 = 48` → 78, 30, 48    `20%` → 20
`-₹500` → -500    `1,50,000` → 150000    `12’500` → 12500    `1.000.000` → 1000000    `1e3`, `1 * 10^3` → 1000
`1.5 million` → 1500000    `negative 3` → -3    `Rs.500` → 500    `54 hours.54` → 54, 54    `٩٬٥٠٠` → 9500

A percent sign, a currency or a unit is dropped: benchmark answers are bare numbers. A single dot or comma is read as
English has it: `1.000` is 1, and `4,2` is two numbers.
"""

import re
import unicodedata
from collections.abc import Callable
from fractions import Fraction

MAX_DIGITS = 300
"""A longer run of digits is no answer: Python refuses to convert some, and none is ever meant."""

_WHOLE = r"(?:\d{1,3}(?:,\d{3}(?!\d))++|\d{1,2}(?:,\d{2}(?!\d)){1,8}+,\d{3}(?!\d)|\d{1,3}(?:['_]\d{3}(?![\d_]))++|\d++)"
"""Thousands by comma, also in the Indian way, by apostrophe or underscore."""
_PLAIN = rf"(?:{_WHOLE}(?:\.\d++)?+|(?<![\w.)%])\.\d++)"
"""A dot glued to a word or a number before it is a full stop, not a decimal point."""
_DOTTED = r"(?:\d{1,3}(?:\.\d{3}(?!\d)){2,8}+(?:,\d{1,2}(?!\d))?+(?![.,]?\d)|\d{1,3}\.\d{3},\d{1,2}(?![.,]?\d))"
"""Thousands by dots: only where there are two or more, for no decimal has two, or a decimal comma (`9.500,00`)."""
_DIGIT = re.compile("[0-9]")
_VALUE = re.compile(
    rf"""
    (?P<whole>\d++)[ ](?P<mixed>\d++/\d++)(?![/.,]*\d)      # 1 1/2; possessive, or a long one takes squared time
    | (?P<dotted>{_DOTTED})
    | (?P<plain>{_PLAIN})
      (?: \s?/\s?(?P<bottom>{_PLAIN})                        # 3/4, 1 / 2
        | (?<=\d)[eE](?P<exponent>[+-]?\d{{1,3}})(?!\w|\.\d)
        | [ ]?[x*×][ ]?10[ ]?\^[ ]?(?P<power>-?\d{{1,3}})(?!\d)
        | [ -](?P<scale>(?i:hundred|thousand|million|billion|trillion))(?!\w)
      )?
    """,
    re.VERBOSE | re.ASCII,
)
_SYMBOLS = "$€£¥₹₩₽₪₫₱฿₦₴₿"
_SIGN = re.compile(
    rf"""
    (?P<sign>(?:-|(?<![A-Za-z])(?:[Nn]egative|[Mm]inus)[ ])\(?)?
    (?: (?:(?:(?<![A-Za-z])(?:US|AU?|CA?|NZ|HK|S|R))?[{_SYMBOLS}]|(?<![A-Za-z])Rs\.?) \s? (?P<sign2>-)? )?
    \Z""",
    re.VERBOSE | re.ASCII,
)
"""What may stand before the digits: -5, -(1/3), negative 5, -$5, $-5, Rs.5."""
_SIGN_LENGTH = 16
_BRACKETED = re.compile(r"[\d.,/ ]{1,40}\)", re.ASCII)
_BEFORE = frozenset(f"-(.se{_SYMBOLS}")
"""The last character of a sign or a currency, blanks apart."""
_NO_MARKS = str.maketrans("", "", ",'_")
_TAILS = (80, 3 * MAX_DIGITS)
_SCALES = {"hundred": 10**2, "thousand": 10**3, "million": 10**6, "billion": 10**9, "trillion": 10**12}
_MINUS_IS_A_SIGN = re.compile(r"(?:\A|[=:(]|\b(?:is|was|be|are|to))\s*+\Z", re.IGNORECASE)
_PLAIN_SIGNS = str.maketrans({**dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2212", "-"), "\u2044": "/"})
_ZERO_WIDTH = re.compile("[\u200b\u200c\u200d\ufeff]")
_FRACTION = re.compile("(?<=[0-9０-９])(?=[¼-¾⅐-⅞↉]|[⁰¹²³⁴-⁹]+⁄)")
_POWER_OF_TEN = re.compile("(?<=[0-9])( ?[x*×·] ?10)(⁻?[⁰¹²³⁴-⁹]{1,3})(?![⁰¹²³⁴-⁹⁄])")
_PLAIN_DIGITS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻·", "0123456789-*")
_EXPONENT = re.compile("(?<![⁄₀-₉⁰¹²³⁴-⁹⁺⁻])[⁰¹²³⁴-⁹⁺⁻₀-₉]++(?!⁄)")
_GROUPS = re.compile("(?<![0-9.,])[0-9]{1,3}(?:[\u00a0\u2007\u2008\u2009\u202f’ʼ][0-9]{3})++(?![0-9])")
"""Thousands by blanks that do not break or by a typographic apostrophe."""
_OTHER_DIGITS = re.compile(r"\d(?<![0-9])")
"""Digits of other scripts: Arabic, Devanagari, full width, …"""
_OTHER_MARKS = str.maketrans("٬٫", ",.")
_GROUP_MARK = re.compile("[^0-9]")
_MARKS = 30
"""Combining marks in a row that are kept (Unicode's stream-safe limit): normalising a long run takes squared time."""


def normalise(text: str) -> str:
    """Fold what looks alike: dashes to `-`, `2½` to `2 1/2`, full-width digits, odd blanks, thousands to commas.

    Zero-width marks and exponents are dropped: `25 m²` holds one number, and `5²` is not 52; `10³` behind a factor is
    kept as `10^3`.
    """
    if text.isascii():
        return text
    if _OTHER_DIGITS.search(text):
        text = _OTHER_DIGITS.sub(lambda match: str(unicodedata.decimal(match[0])), text.translate(_OTHER_MARKS))
    text = _GROUPS.sub(lambda match: _GROUP_MARK.sub(",", match[0]), _few_marks(_ZERO_WIDTH.sub("", text)))
    text = _POWER_OF_TEN.sub(lambda match: f"{match[1]}^{match[2]}".translate(_PLAIN_DIGITS), text)
    # A blank between, or `2½` would fold to `21/2`.
    text = _EXPONENT.sub("", _FRACTION.sub(" ", text))
    return unicodedata.normalize("NFKC", text).translate(_PLAIN_SIGNS)


def find_numbers(text: str) -> list[Fraction]:
    """Return every number in `text`, in order."""
    return [value for value, _ in find_spans(normalise(text))]


def find_spans(text: str) -> list[tuple[Fraction, tuple[int, int]]]:
    """Return (value, (start, end)) of every number in normalised `text`."""
    found = []
    end = 0
    while digit := _DIGIT.search(text, end):
        start = digit.start()
        match = (text[start - 1 : start] == "." and start > end and _VALUE.match(text, start - 1)) or _VALUE.match(
            text, start
        )
        assert match is not None  # a digit is a number
        start, signed = _sign(text, end, match.start())
        end = match.end()
        value = _value(match) if end - start <= MAX_DIGITS else None
        if value is not None:
            found.append((-value if signed else value, (start, end)))
    return found


def last_number(text: str, allows: Callable[[int, int], bool]) -> Fraction | None:
    """Return the last number of normalised `text` whose (start, end) `allows`, or None.

    Looks at the end of the text first: most of it need not be read.
    """
    last = _last_digit(text)
    for reach in (*_TAILS, len(text)):
        # From a blank on, so that no number is cut.
        begin = text.find(" ", last - reach, last) + 1 if reach < last else 0
        if reach < last and not begin:
            continue
        for value, (start, end) in reversed(find_spans(text[begin:])):
            if allows(begin + start, begin + end):
                return value
        if not begin:
            break
    return None


def parse_number(text: str) -> Fraction | None:
    """Read `text` as one number with nothing beside it but currency, percent and blanks; else None.

    `-(1/3)` and `(5)` are read, brackets left out of account.
    """
    bare = normalise(text).strip().rstrip("%.").strip()
    bracketed = re.fullmatch(r"(-?)\s*\((.*)\)", bare)
    if bracketed:
        bare = bracketed[1] + bracketed[2].strip()
    spans = find_spans(bare)
    if len(spans) != 1 or spans[0][1] != (0, len(bare)):
        return None
    return spans[0][0]


def format_number(value: Fraction) -> str:
    """Return the canonical text: `72`, `-2.5`, `1/3`."""
    if value.denominator == 1:
        return str(value.numerator)
    rest = value.denominator
    twos = fives = 0
    while rest % 2 == 0:
        rest, twos = rest // 2, twos + 1
    while rest % 5 == 0:
        rest, fives = rest // 5, fives + 1
    places = max(twos, fives)
    if rest != 1 or places > 12:
        return f"{value.numerator}/{value.denominator}"
    digits = str(abs(value.numerator) * 10**places // value.denominator).rjust(places + 1, "0")
    return f"{'-' if value < 0 else ''}{digits[:-places]}.{digits[-places:]}"


def _last_digit(text: str) -> int:
    return max(text.rfind(digit) for digit in "0123456789")


def _value(match: re.Match[str]) -> Fraction | None:
    if match["whole"]:
        top, bottom = match["mixed"].split("/")
        return int(match["whole"]) + Fraction(int(top), int(bottom)) if int(bottom) else None
    if match["dotted"]:
        return _decimal(match["dotted"].replace(".", "").replace(",", "."))
    value = _decimal(match["plain"])
    if match["bottom"]:
        bottom = _decimal(match["bottom"])
        return value / bottom if bottom else None
    if power := match["exponent"] or match["power"]:
        return value * Fraction(10) ** int(power) if abs(int(power)) <= MAX_DIGITS else None
    return value * _SCALES[match["scale"].lower()] if match["scale"] else value


def _decimal(digits: str) -> Fraction:
    whole, _, places = digits.translate(_NO_MARKS).partition(".")
    return Fraction(int(whole + places), 10 ** len(places)) if places else Fraction(int(whole))


def _sign(text: str, earliest: int, start: int) -> tuple[int, bool]:
    """Return where a number whose digits begin at `start` begins with its sign, and whether it is negative."""
    last = start - 1 if text[start - 1 : start] != " " else start - 2
    if last < earliest or text[last] not in _BEFORE:
        return start, False
    match = _SIGN.search(text, max(earliest, start - _SIGN_LENGTH), start)
    assert match is not None  # all of it is optional
    if (sign := match["sign"]) and sign[-1] == "(" and not _BRACKETED.match(text, start):
        sign = None
    begin = match.start() if sign or not match["sign"] else match.end("sign")
    return begin, bool(match["sign2"]) or bool(sign and _is_negative(text, sign, match.start()))


def _is_negative(text: str, sign: str, start: int) -> bool:
    if sign[0] == "-":
        return _is_sign(text, start)
    return sign[0] in "nN" or bool(_MINUS_IS_A_SIGN.search(text[max(start - 12, 0) : start]))


def _is_sign(text: str, start: int) -> bool:
    """A dash glued to a number is a sign, unless between operands (`16 -3`, `5-10`) or in a word (`covid-19`)."""
    operand = start
    while operand and text[operand - 1] == " ":
        operand -= 1
    before = text[operand - 1 : operand]
    return not (before.isdigit() or before in (")", "%") or text[start - 1 : start].isalpha())


def _few_marks(text: str) -> str:
    """Cut runs of combining marks to what any script needs."""
    # A longer run holds one of every so many characters, and nearly no text has any there.
    if not any(map(unicodedata.combining, text[_MARKS::_MARKS])):
        return text
    kept, run = [], 0
    for letter in text:
        run = run + 1 if unicodedata.combining(letter) else 0
        if run <= _MARKS:
            kept.append(letter)
    return "".join(kept)
