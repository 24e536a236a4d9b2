"""Where each character of a target comes from: the tidied reasoning and its answer line, traced back to the completion.

The student does not learn the completion as it came: annotations, repeated blanks and what follows the answer go, and
the answer line is ours. So the teacher's distributions reach the target through this map.
"""

import re

import numpy as np

from specialize.core.answers import rationale_of

OURS = -1
"""Origin of a character that is ours, not the teacher's."""
ANSWER = "The answer is "
_ANNOTATION = re.compile(r"<<[^<>\n]*>>")
_DANGLING = re.compile(r"(?:(?<=[.!?)\n])|\A)\s*(?:and )?(?:so|thus|hence|therefore),?\Z", re.IGNORECASE)
_WORD = re.compile(r"\S+")
_UNTIDY = re.compile(r"<<|[^\S \n]|\s\s|\A\s|\s\Z")
_LINE_END = re.compile(r"[\r\n]")


def tidied(text: str) -> tuple[str, list[int]]:
    """Return the reasoning without calculator annotations (`<<48/2=24>>`), outer and repeated blanks, empty lines, and
    without the `So` or `Therefore,` that led to an answer line now cut off, and the place in `text` of each of its
    characters. Lines stay lines; a run of blanks stands where it begins, a line end where it is."""
    places = list(range(len(text)))
    if not _UNTIDY.search(text) and not _DANGLING.search(text):
        return text, places
    for annotation in reversed(list(_ANNOTATION.finditer(text))):
        del places[annotation.start() : annotation.end()]
    without = "".join([text[place] for place in places]).rstrip()
    if dangling := _DANGLING.search(without):
        without = without[: dangling.start()]
    parts: list[str] = []
    origins: list[int] = []
    end = None
    for word in _WORD.finditer(without):
        if end is not None:
            line_end = _LINE_END.search(without, end, word.start())
            parts.append("\n" if line_end else " ")
            origins.append(places[line_end.start() if line_end else end])
        parts.append(word.group())
        origins += places[word.start() : word.end()]
        end = word.end()
    return "".join(parts), origins


def target_origins(completion: str, target: str) -> np.ndarray | None:
    """Return for each character of a chain-of-thought target its place in the completion, or OURS; None where the
    reasoning of the target is not the completion's.

    target: `{rationale}\\nThe answer is {answer}`. The answer line is the teacher's as far as it reads the same and
    follows the reasoning directly.
    """
    raw = rationale_of(completion)
    start = len(completion) - len(completion.lstrip())
    rationale, origins = tidied(raw)
    line = f"\n{ANSWER}"
    if not target.startswith(rationale + line):
        return None
    places = np.full(len(target), OURS, dtype=np.int64)
    places[: len(rationale)] = np.array(origins, dtype=np.int64) + start
    reasoned = start + len(raw)
    own = completion.find(ANSWER, reasoned)
    if own >= 0 and len(rationale) and origins[-1] == len(raw) - 1 and not completion[reasoned:own].strip():
        between = completion[reasoned:own]
        if between:
            places[len(rationale)] = reasoned + max(between.find("\n"), 0)
        behind = target[len(rationale) + 1 :]
        same = next((k for k, (a, b) in enumerate(zip(behind, completion[own:], strict=False)) if a != b), None)
        same = min(len(behind), len(completion) - own) if same is None else same
        places[len(rationale) + 1 : len(rationale) + 1 + same] = np.arange(own, own + same)
    return places


def byte_origins(completion: str, target: str, places: np.ndarray) -> np.ndarray:
    """Return for each byte of the target (UTF-8) its byte in the completion, or OURS. places: as `target_origins`."""
    if completion.isascii() and target.isascii():
        return places
    widths = np.diff(byte_starts(target))
    starts = byte_starts(completion)
    firsts = np.where(places == OURS, OURS, starts[places])
    within = np.arange(widths.sum()) - np.repeat(np.cumsum(widths) - widths, widths)
    spread = np.repeat(firsts, widths)
    return np.where(spread == OURS, OURS, spread + within)


def byte_starts(text: str) -> np.ndarray:
    """Return the byte (UTF-8) at which each character begins, and last their number: [characters + 1]."""
    if text.isascii():
        return np.arange(len(text) + 1)
    points = np.frombuffer(text.encode("utf-32-le"), dtype=np.uint32)
    widths = 1 + (points >= 0x80).astype(np.int64) + (points >= 0x800) + (points >= 0x10000)
    return np.concatenate([[0], np.cumsum(widths)])
