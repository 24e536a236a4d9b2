"""Random texts through the judge, the scorers and the filter: nothing may raise, and time grows with length alone.

    python tests/mutations/fuzz_texts.py --count 1000000 --seed 1
    python tests/mutations/fuzz_texts.py --long

A text goes through `judge` of each kind in turn, `exact` and `substring`, `rationale_of` and `tidied`, and the whole
filter. Times are of the processor. --long: texts of one shape at growing lengths up to a megabyte.
"""

import argparse
import sys
import time
import traceback
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from random import Random

from specialize.core.answers import judge, rationale_of
from specialize.core.params.traces import FilterParams
from specialize.evaluate.scorers import exact, substring
from specialize.records.completions import Completion
from specialize.records.problems import Problem
from specialize.traces.filter.steps import filter_completions
from specialize.traces.rationale import tidied

ALLOWED_MS = 1.0
"""Of each of the judge, the scorers and the filter, for a text of 2,000 characters."""
PIECES = (
    "The answer is ", "the answer is", "So the answer is: ", "Answer: ", "ANSWER:", "#### ", "####", "\\boxed{", "}", "\\frac{1}{2}",
    "\\text{", "$", "$$", "\\(", "\\)", "**", "*", "__", "`", "```", "<think>", "</think>", "<<3+4=7>>", "Question:", "Q: ", "A: ",
    "(A)", "(B) ", "A.", "B)", "option C", "yes", "No", "True", "false", "not ", "isn't ", "1,000", "1,00", "1.5", ".5", "5.", "-3",
    "−4", "1/2", "3 1/2", "1e5", "1e-999", "10**5000", "50%", "$5", "€3", "°C", "½", "٣", "１２", "Ⅻ", "²", "ﷺ", "İ", "ß", "e\u0301",
    "\u0301", "\u200d", "\u2028", "\x85", "\x00", "\x1b[2J", "\ud800", "\udfff", "\U0001f600", "\U000e0041", "\u202e", "\n", "\n\n", "\r\n",
    "\t", " ", "   ", "=", " = ", "+", "-", "*", "/", "x", "×", "÷", "(", ")", "[", "]", "{", "{}", "\\", "\\\\", "Infinity", "NaN",
    "hundred and five", "twenty-one", "dollars", "km/h", "o'clock", "p.m.", "Therefore, ", "Let's think step by step", "11; 12; 13", "a, b and c",
    "Step 1: ", "- ", "1. ", "> ", "|", "# ", "<b>", "&amp;", "http://x.y/z?1=2", "'", '"', "“", "”", "...", "…", "?", "!", ";", ":",
)  # fmt: skip
GOLDS: tuple[tuple[str, str | None, dict[str, str] | None], ...] = (
    ("72", "number", None), ("1/3", "number", None), ("-1.5", None, None), ("11; 12; 13", "numbers", None),
    ("(B)", "choice", {"A": "one", "B": "two eggs", "C": "3"}), ("yes", "choice", None), ("(A)", None, None),
    ("Paris, France", "text", None), ("10**5000", None, None), ("9" * 400, "number", None), ("#### 5", None, None),
)  # fmt: skip
SHAPES: dict[str, Callable[[int], str]] = {
    "blank lines": lambda n: "2 + 2 = 4" + "\n" * n + "The answer is 4",
    "blanks": lambda n: "2 + 2 = 4" + " " * n + "The answer is 4",
    "tabs and blanks": lambda n: "2 + 2 = 4" + " \t" * (n // 2) + "The answer is 4",
    "digits": lambda n: "1" * n,
    "digits behind the marker": lambda n: "The answer is " + "7" * n,
    "grouped digits": lambda n: "The answer is 1" + ",000" * (n // 4),
    "points": lambda n: "The answer is 1" + ".1" * (n // 2),
    "combining marks": lambda n: "e" + "\u0301" * n,
    "mixed combining marks": lambda n: "e" + "\u0301\u0323" * (n // 2),
    "open brackets": lambda n: "(" * n,
    "open boxes": lambda n: "\\boxed{" * (n // 7),
    "boxes": lambda n: "\\boxed{4} " * (n // 10),
    "braces": lambda n: "\\boxed{" + "{" * n,
    "calculator marks": lambda n: "<<3+4=7>>" * (n // 9),
    "open calculator marks": lambda n: "<<" * (n // 2),
    "equations": lambda n: "3 + 4 = 7. " * (n // 11),
    "one long sum": lambda n: "1 + " * (n // 4) + "1 = 5",
    "minus signs": lambda n: "-" * n,
    "equals signs": lambda n: "=" * n,
    "slashes": lambda n: "1/" * (n // 2),
    "markers": lambda n: "The answer is " * (n // 14),
    "markers with numbers": lambda n: "The answer is 4. " * (n // 17),
    "hashes": lambda n: "#" * n,
    "stars": lambda n: "*" * n,
    "bold": lambda n: "**4** " * (n // 6),
    "dollars": lambda n: "$" * n,
    "open thinking": lambda n: "<think>" * (n // 7),
    "closed thinking": lambda n: "</think>" * (n // 8),
    "questions": lambda n: "Question: 1?\nA: 2\n" * (n // 18),
    "letters": lambda n: "a" * n,
    "options": lambda n: "(A) (B) " * (n // 8),
    "options in words": lambda n: "the answer is not A, but B. " * (n // 28),
    "yes and no": lambda n: "yes no " * (n // 7),
    "number words": lambda n: "one hundred and five thousand " * (n // 30),
    "quotes": lambda n: '"' * n,
    "code fences": lambda n: "```\n" * (n // 4),
    "fractions": lambda n: "\\frac{1}{2}" * (n // 11),
    "open fractions": lambda n: "\\frac{" * (n // 6),
    "units": lambda n: "5 km/h " * (n // 7),
    "commas": lambda n: "," * n,
    "exponents": lambda n: "1e9" * (n // 3),
    "powers": lambda n: "10**" * (n // 4) + "2",
    "zero width": lambda n: "\u200b" * n,
    "surrogates": lambda n: "\ud800" * n,
    "Arabic ligatures": lambda n: "\ufdfa" * n,
    "plain words": lambda n: "Tom has three eggs and buys four. " * (n // 34),
    "lines of blanks": lambda n: "x" + " \n" * (n // 2) + "The answer is 4",
    "carriage returns": lambda n: "\r\n" * (n // 2),
    "periods": lambda n: "." * n,
    "sentences": lambda n: "A. " * (n // 3),
}


@dataclass
class Found:
    """What came of the texts."""

    texts: int = 0
    characters: int = 0
    raises: Counter[str] = field(default_factory=Counter)
    seconds: Counter[str] = field(default_factory=Counter)
    worst: list[tuple[float, str, str]] = field(default_factory=list)
    """(milliseconds for 2,000 characters, what, the text's beginning), of texts of 1,000 characters and more."""


def text_of(rng: Random) -> str:
    """Return a text of 1 to 4,000 characters: pieces that mean something, digits, any characters, and repetitions."""
    parts: list[str] = []
    length, wanted = 0, int(10 ** rng.uniform(0, 3.6))
    while length < wanted:
        match rng.randrange(12):
            case 0:
                parts.append("".join(chr(rng.randrange(0x110000)) for _ in range(rng.randrange(1, 8))))
            case 1:
                parts.append(str(rng.randrange(10 ** rng.randrange(1, 60))))
            case 2:
                parts.append(rng.choice(PIECES) * rng.randrange(1, min(400, wanted - length + 1) + 1))
            case 3:
                parts.append(f"{rng.randrange(100)} {rng.choice('+-*/')} {rng.randrange(100)} = {rng.randrange(999)}. ")
            case _:
                parts.append(rng.choice(PIECES))
        length += len(parts[-1])
    return "".join(parts)[: 2 * wanted]


def checks(text: str, number: int, filtered: bool = True) -> dict[str, Callable[[], object]]:
    """Return what a text goes through; number: chooses gold answer, kind and format."""
    gold, kind, choices = GOLDS[number % len(GOLDS)]
    format = ("answer_only", "chain_of_thought")[number % 2]
    found: dict[str, Callable[[], object]] = {
        "judge": lambda: judge(text, gold, kind, choices),  # type: ignore[arg-type]
        "scorers": lambda: (exact(text, gold), substring(text, gold, format)),
        "rationale": lambda: tidied(rationale_of(text)),
    }
    if filtered:
        clean = text.encode("utf-8", "replace").decode()
        problem = Problem(id="p", dataset="d", question=clean[:500] or "?", answer="4", kind="number", rationale="r")
        asked = [problem, problem.model_copy(update={"id": "q", "question": clean[-500:] or "?"})]
        params = FilterParams(
            duplicates=("text", "equations")[number % 2], reading=("strict", "flexible")[number // 2 % 2]
        )
        rows = [Completion(problem_id=one, teacher="t", sample=n, text=clean) for one in "pq" for n in range(2)]
        found["filter"] = lambda: filter_completions(rows[:1], asked, asked[1:], params)
    return found


def fuzz(count: int, seed: int, filter_every: int = 4) -> Found:
    """Put `count` texts through everything; one in `filter_every` also through the whole filter."""
    rng, found = Random(seed), Found()
    for number in range(count):
        text = text_of(rng)
        found.texts += 1
        found.characters += len(text)
        for what, check in checks(text, number, number % filter_every == 0).items():
            taken, error = _timed(check)
            found.seconds[what] += taken
            if error:
                found.raises[f"{what}: {error}"] += 1
            if len(text) >= 1000 and 2e6 * taken / len(text) > ALLOWED_MS:
                again = min(taken, *(_timed(check)[0] for _ in range(3)))  # whatever else ran meanwhile
                found.worst.append((2e6 * again / len(text), what, ascii(text[:150])))
                found.worst = sorted(found.worst, reverse=True)[:10]
    return found


def lengths(shape: Callable[[int], str], sizes: Sequence[int]) -> dict[str, list[tuple[int, float]]]:
    """Return what → (length, processor seconds) of texts of one shape; ends where a text takes ten seconds."""
    found: dict[str, list[tuple[int, float]]] = {}
    for size in sizes:
        text = shape(size)
        for what, check in checks(text, 0).items():
            taken, error = _timed(check)
            assert error is None, f"{what}: {error}"
            found.setdefault(what, []).append((len(text), taken))
        if max(rows[-1][1] for rows in found.values()) > 10:
            break
    return found


def _timed(check: Callable[[], object]) -> tuple[float, str | None]:
    began = time.process_time()
    try:
        check()
    except Exception as error:
        frame = traceback.extract_tb(error.__traceback__)[-1]
        return (
            time.process_time() - began,
            f"{type(error).__name__} at {frame.filename}:{frame.lineno}: {str(error)[:100]}",
        )
    return time.process_time() - began, None


def report(found: Found) -> list[str]:
    """Return what came of it, in lines."""
    rates = {what: 2e6 * taken / found.characters for what, taken in found.seconds.items()}
    return [
        f"{found.texts:,} texts, {found.characters:,} characters, {sum(found.raises.values())} raised",
        *(f"  {count:,} × {error}" for error, count in found.raises.most_common()),
        *(f"  {what}: {found.seconds[what]:.1f} s, {rate:.3f} ms per 2,000 characters" for what, rate in rates.items()),
        f"  slower than {ALLOWED_MS} ms per 2,000 characters, of texts of 1,000 and more: {len(found.worst)} shown",
        *(f"    {ms:.2f} ms {what}: {text}" for ms, what, text in found.worst),
    ]


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--part", type=int, default=20_000, help="texts after which what came of them is printed")
    parser.add_argument("--long", action="store_true", help="texts of one shape at growing lengths")
    parser.add_argument("--largest", type=int, default=1_000_000)
    args = parser.parse_args(argv)
    failed = 0
    if args.long:
        sizes = [size for size in (2000, 16_000, 128_000, 1_000_000) if size <= args.largest]
        for name, shape in SHAPES.items():
            for what, rows in lengths(shape, sizes).items():
                rate = max(2e6 * taken / length for length, taken in rows if length)
                slow = rate > ALLOWED_MS
                failed += slow
                times = ", ".join(f"{length:,}: {1000 * taken:.1f} ms" for length, taken in rows)
                print(
                    f"{'SLOW' if slow else 'ok':<5}{name}, {what}: {rate:.2f} ms per 2,000 characters ({times})",
                    flush=True,
                )
        return bool(failed)
    total = Found()
    for part, begin in enumerate(range(0, args.count, args.part)):
        found = fuzz(min(args.part, args.count - begin), args.seed * 1_000_003 + part)
        total.texts, total.characters = total.texts + found.texts, total.characters + found.characters
        total.raises += found.raises
        total.seconds += found.seconds
        total.worst = sorted(total.worst + found.worst, reverse=True)[:10]
        print(f"after {total.texts:,}:", *report(total), sep="\n", flush=True)
    return bool(total.raises)


if __name__ == "__main__":
    sys.exit(main())
