"""Where each character of a target comes from: the tidied reasoning and its answer line, traced back to the completion.

The student does not learn the completion as it came: annotations, markup, repeated blanks and what follows the answer
go, and the answer line is ours. So the teacher's distributions reach the target through this map.
"""

import re
from collections.abc import Sequence

import numpy as np

from specialize.core.answers import strict_answer
from specialize.core.numbers import parse_number
from specialize.traces.chain import REASONING, chain_spans

OURS = -1
"""Origin of a character that is ours, not the teacher's."""
ANSWER = "The answer is "
_UNTIDY = re.compile(r"<<|[^\S \n]|\s\s|\A\s|\s\Z|[*_`\\$<]|^#|^[-*_=]{3}|\{,\}", re.MULTILINE)
_MARKUP = re.compile(
    r"""
    <<[^<>\n]*+>>                                                              # calculator annotations
    | </?(?:[a-z][a-z_]{1,20})>                                               # tags such as <reasoning>
    | ^[^\S\n]*+(?:\#{1,6}(?=\s)[^\S\n]*+|(?:[-*_=]{3,}+[^\S\n]*+$))             # headings, rules
    | ```[a-z]*+ | `
    | (?<![\w*])\*{2,3}(?=[^\s*]) | (?<=[^\s*])\*{2,3}(?![\w*])               # bold
    | (?<![\w_])__(?=[^\s_]) | (?<=[^\s_])__(?![\w_])
    | \\[()\[\]] | \$\$
    | \\[dtc]?frac\s*+\{(?P<top>[^{}\n]{1,80})\}\s*+\{(?P<bottom>[^{}\n]{1,80})\}
    | \\(?:text(?:bf|it|rm)?|math(?:rm|bf|it)|boxed|fbox|emph|operatorname)\s*+(?P<open>\{)
    | (?P<times>\\(?:times|cdot)(?![a-zA-Z])) | (?P<over>\\div(?![a-zA-Z]))
    | \\(?:left|right|displaystyle)(?![a-zA-Z])
    | (?P<gap>\\(?:[,;:!\s]|q?quad(?![a-zA-Z])))
    | \\(?=[%$&\#_])
    | \{(?P<kept>,)\} | (?<=[\^_])\{(?P<power>[^{}\n]{1,20})\}
    """,
    re.VERBOSE | re.MULTILINE,
)
_MATHS = re.compile(r"(?<![\\$\w])\$(?=[^\s$])([^$\n]{1,300})(?<=[^\s$\\])\$(?![0-9$])")
_SIMPLE = re.compile(r"[\w.,]+")
_GROUPS = re.compile(r"[0-9]{3}(?![0-9])")
_BRACE = re.compile(r"(?<!\\)[{}]")
_DANGLING = re.compile(
    r"(?:(?<=[.!?)\n])|\A|[,;]\s)\s*+(?:and )?(?:so|thus|hence|therefore|but|however|finally),?"
    r"(?:\s(?:the\s)?(?:final\s)?answer\s(?:is)?:?)?\Z",
    re.IGNORECASE,
)
_LONGEST_DANGLING = 60
_WORD = re.compile(r"\S+")
_TAGS = re.compile(r"</?[a-z_:]{2,20}>|\[/?THINK\]|<\|[a-z_]{2,30}\|>", re.IGNORECASE)
"""What closes a reasoning block."""
_LINE_END = re.compile(r"[\r\n]")


def tidied(text: str) -> tuple[str, list[int]]:
    """Return the reasoning as a student shall write it, and the place in `text` of each of its characters (or OURS).

    Gone are calculator annotations (`<<48/2=24>>`), outer and repeated blanks, empty lines, markup of markdown and
    LaTeX (`**`, headings, `\\boxed{}`, `\\(`; `\\frac{1}{2}` becomes `1/2`, `\\times` `*`), and the `So` or
    `Therefore,` that led to an answer line now cut off. Lines stay lines; a run of blanks stands where it begins, a
    line end where it is.
    """
    places = list(range(len(text)))
    if not _UNTIDY.search(text) and _dangling(text) is None:
        return text, places
    letters = list(text)
    if _MARKUP.search(text) or "$" in text:
        letters, places = _without_markup(text)
    without = "".join(letters).rstrip()
    if (dangling := _dangling(without)) is not None:
        without = without[:dangling].rstrip()
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


def tidied_chain(text: str, spans: Sequence[tuple[int, int]]) -> tuple[str, list[int]]:
    """Return the spans of a completion as one tidied text, a line end between two, and the place in `text` of each of
    its characters (or OURS)."""
    letters: list[str] = []
    places: list[int] = []
    for start, stop in spans:
        tidy, origins = tidied(text[start:stop])
        if tidy and letters:
            letters.append("\n")
            places.append(OURS)
        letters.append(tidy)
        places += [origin if origin == OURS else origin + start for origin in origins]
    return "".join(letters), places


def _dangling(text: str) -> int | None:
    """Return where a connective begins that leads nowhere at the end of the text, None where there is none."""
    found = _DANGLING.search(text, max(0, len(text) - _LONGEST_DANGLING))
    return found.start() if found else None


def target_origins(completion: str, target: str) -> np.ndarray | None:
    """Return for each character of a chain-of-thought target its place in the completion, or OURS; None where the
    reasoning of the target is not the completion's.

    target: `{rationale}\\nThe answer is {answer}`. The answer line is the teacher's as far as it reads the same and
    follows the reasoning directly; one in the words of a dataset's own template is ours.
    """
    answer = target.rpartition(ANSWER)[2] if ANSWER in target else strict_answer(target) or ""
    found = _chain_of(completion, target, parse_number(answer) is not None)
    if found is None:
        return None
    rationale, origins, end = found
    places = np.full(len(target), OURS, dtype=np.int64)
    places[: len(rationale)] = origins
    own = completion.find(ANSWER, end)
    if own >= 0 and len(rationale) and origins[-1] == end - 1 and not _TAGS.sub("", completion[end:own]).strip():
        between = completion[end:own]
        if between:
            places[len(rationale)] = end + max(between.find("\n"), 0)
        behind = target[len(rationale) + 1 :]
        same = next((k for k, (a, b) in enumerate(zip(behind, completion[own:], strict=False)) if a != b), None)
        same = min(len(behind), len(completion) - own) if same is None else same
        places[len(rationale) + 1 : len(rationale) + 1 + same] = np.arange(own, own + same)
    return places


def _chain_of(completion: str, target: str, is_number: bool) -> tuple[str, list[int], int] | None:
    """Return the reasoning of a target, the places of its characters, and where it ends in the completion."""
    for reasoning in REASONING:
        spans = chain_spans(completion, is_number, reasoning)
        rationale, origins = tidied_chain(completion, spans)
        if _is_target(target, rationale):
            return rationale, origins, spans[-1][1] if spans else 0
    return None


def _is_target(target: str, rationale: str) -> bool:
    """Whether a target is the reasoning with an answer line behind it: the paper's, or one line of a template."""
    behind = target.removeprefix(f"{rationale}\n")
    return behind != target and (behind.startswith(ANSWER) or "\n" not in behind)


def _without_markup(text: str) -> tuple[list[str], list[int]]:
    """Return the letters that stay, and their places (OURS: written for a command of LaTeX)."""
    dropped: set[int] = set()
    written: dict[int, str] = {}
    closing = _closing_braces(text)
    for match in _MATHS.finditer(text):
        dropped |= {match.start(), match.end() - 1}
    for match in _MARKUP.finditer(text):
        kept: set[int] = set()
        if match["top"]:
            kept = {*range(*match.span("top")), *range(*match.span("bottom"))}
            written |= _fraction(match)
        elif match["kept"] or match["power"]:
            kept = {*range(*match.span("kept" if match["kept"] else "power"))}
        elif match["open"] and (brace := closing.get(match.start("open"))):
            dropped.add(brace)
        elif match["times"] or match["over"]:
            written[match.start()] = "*" if match["times"] else "/"
        elif match["gap"] and not _GROUPS.match(text, match.end()):
            written[match.start()] = " "
        dropped |= {*range(*match.span())} - kept
    letters: list[str] = []
    places: list[int] = []
    done = 0
    for place in sorted({*dropped, *written, len(text)}):
        kept_to = place if place in dropped else min(place + 1, len(text))
        if ours := written.get(place):
            letters += text[done:place]
            places += range(done, place)
            letters += ours
            places += [OURS] * len(ours)
            done = place
        letters += text[done:kept_to]
        places += range(done, kept_to)
        done = place + 1
    return letters, places


def _fraction(match: re.Match[str]) -> dict[int, str]:
    """Return what is written, and where, to make `1/2` of `\\frac{1}{2}` and `2 1/2` of `2\\frac{1}{2}`."""
    blank = " " if match.string[match.start() - 1 : match.start()].isdigit() else ""
    (top, bottom) = (not _SIMPLE.fullmatch(match[part]) for part in ("top", "bottom"))
    return {
        match.start("top"): f"{blank}{'(' if top else ''}",
        match.end("top"): f"{')' if top else ''}/{'(' if bottom else ''}",
        match.end("bottom"): ")" if bottom else "",
    }


def _closing_braces(text: str) -> dict[int, int]:
    """Return opening brace → the brace that closes it."""
    pairs: dict[int, int] = {}
    waiting: list[int] = []
    for brace in _BRACE.finditer(text):
        if brace[0] == "{":
            waiting.append(brace.start())
        elif waiting:
            pairs[waiting.pop()] = brace.start()
    return pairs


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
