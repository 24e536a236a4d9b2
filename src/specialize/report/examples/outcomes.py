"""What became of an answer from one checkpoint to another: the filters of the page and of the command line."""

from collections.abc import Callable

from specialize.report.examples.read_answers import Answer

Filter = Callable[[Answer, Answer, str], bool]
"""(first answer, second answer, reading) → whether the pair passes."""


def fixed(first: Answer, second: Answer, reading: str) -> bool:
    """Wrong, then right."""
    return not first.right.get(reading) and bool(second.right.get(reading))


def broken(first: Answer, second: Answer, reading: str) -> bool:
    """Right, then wrong."""
    return fixed(second, first, reading)


def both_right(first: Answer, second: Answer, reading: str) -> bool:
    """Right at both."""
    return bool(first.right.get(reading)) and bool(second.right.get(reading))


def both_wrong(first: Answer, second: Answer, reading: str) -> bool:
    """Wrong at both."""
    return not first.right.get(reading) and not second.right.get(reading)


def format_lost(first: Answer, second: Answer, reading: str) -> bool:
    """The first marks its answer, the second does not."""
    return first.is_marked and not second.is_marked


def readings_disagree(first: Answer, second: Answer, reading: str) -> bool:
    """The second is right by one reading and wrong by another."""
    return len(set(second.right.values())) > 1


FILTERS: dict[str, Filter] = {
    "fixed": fixed,
    "broken": broken,
    "both wrong": both_wrong,
    "both right": both_right,
    "format lost": format_lost,
    "readings disagree": readings_disagree,
}
"""The first two, and the two after them, share out all problems; the others may hold beside any."""
OUTCOMES = ("fixed", "broken", "both wrong", "both right")


def outcome(first: Answer, second: Answer, reading: str) -> str:
    """Return which of OUTCOMES a pair is."""
    return next(name for name in OUTCOMES if FILTERS[name](first, second, reading))
