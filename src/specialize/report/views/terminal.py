"""Plain text for the terminal: table.txt (before → after by arm, the verdicts) and the line that the job prints."""

import textwrap
from collections.abc import Sequence
from pathlib import Path

from specialize.report.arms import STARTS, Arm
from specialize.report.examples.first_example import Example
from specialize.report.examples.list_examples import pair_lines
from specialize.report.findings.verdict import Verdict
from specialize.report.formatting import (
    CRITERIA,
    FORMATS,
    NBSP,
    describe,
    interval_name,
    percent,
    points,
    rounded,
    size,
    span,
)
from specialize.report.selection import front_of
from specialize.report.stats.changes import change_in
from specialize.report.stats.contrasts import Evidence
from specialize.report.stats.estimate import Estimate
from specialize.report.views.detectable import detectable_line
from specialize.report.views.headline import tiles_of
from specialize.report.views.main_table import Column
from specialize.report.views.summary import counted_verdicts, family_line

WIDTH = 110
NAME_WIDTH = 40
TILE_WIDTH = 36
SIGNS = {"holds": "+", "by construction": "=", "does not hold": "-", "unclear": "?"}
TO_ASCII = str.maketrans({
    "–": "-", "−": "-", NBSP: " ", "“": '"', "”": '"', "×": "x", "→": "->", "²": "2", "…": "...", "§": "sec. ",
})  # fmt: skip
"""Not every terminal shows these characters."""


def summary_line(verdicts: Sequence[Verdict], page: Path) -> str:
    """Return how many of the paper's findings hold, and the address of the page."""
    return f"{counted_verdicts(verdicts)} {page.resolve().as_uri()}"


def terminal_table(
    evidence: Evidence, columns: Sequence[Column], verdicts: Sequence[Verdict], example: Example | None
) -> str:
    """Return the table, at most 110 columns wide and in ASCII; the headline and one real problem come last."""
    params = evidence.params
    interval = interval_name(evidence.study.scores)
    lines = [
        f"Accuracy in % on test problems, start -> selected checkpoint, with n and {interval}",
        "(of a single run: over these problems only; another seed may differ by more). Guess: the best of a constant,",
        "the commonest answer to the question's words, and one operation on its numbers.",
        f"Maths: {FORMATS[params.format]}, {params.reading} reading. Generic: {params.generic_reading} match.",
        "",
    ]
    ladder = evidence.ladders[0]
    for arm in ladder:
        lines += [*_of_arm(evidence, columns, arm), ""]
    if others := [arm for arm in evidence.arms if arm not in ladder]:
        lines += [*_others(evidence, others, columns), ""]
    lines += [*_verdict_lines(evidence, verdicts), ""]
    lines += ["* clear: the interval of the paired change holds no zero"]
    lines += textwrap.wrap(family_line(verdicts), WIDTH)
    lines += [""]
    lines += _headline(evidence, columns, ladder[-1])
    if example:
        lines += _example_lines(example)
    return "\n".join(_cut(_ascii(line), WIDTH).rstrip() for line in lines) + "\n"


def _headline(evidence: Evidence, columns: Sequence[Column], arm: Arm) -> list[str]:
    """Return the tiles of the page side by side, in words of the user's datasets."""
    interval = interval_name(evidence.study.scores)
    tiles = []
    for tile in tiles_of(evidence, columns, arm):
        before, after = tile.change.before, tile.change.after
        if before and after:
            n = f"n {after.n:,}" + (f" x {after.seeds} seeds" if after.seeds > 1 else "")
            tiles.append(
                (
                    tile.title,
                    f"{rounded(before.accuracy)} -> {rounded(after.accuracy)} %",
                    f"{span(after)}, {n}",
                    tile.says,
                )
            )
    lines = [_cut(f"{arm.name} ({size(arm.parameters)}), before -> after, with {interval}:", WIDTH)]
    for row in zip(*tiles, strict=True):
        lines.append("  " + "".join(f"{_cut(cell, TILE_WIDTH - 2):<{TILE_WIDTH}}" for cell in row))
    return lines


def _example_lines(example: Example) -> list[str]:
    """Return the problem and both answers. They are turned to ASCII before lines are wrapped: escapes are longer."""
    names = [f"{example.student}, step {step}" for step in example.steps]
    words = {"question": _ascii(example.problem.question), "answer": _ascii(example.problem.answer)}
    first, second = (each._replace(text=_ascii(each.text)) for each in (example.before, example.after))
    lines = pair_lines((example.problem.model_copy(update=words), first, second), example.reading, names)
    counts = ", ".join(f"{count} {name}" for name, count in example.counts.items())
    total = sum(example.counts.values())
    return [*lines, "", f"  Of {total} problems: {counts}.", "  More: python -m specialize.report examples --fixed"]


def _ascii(text: str) -> str:
    return text.translate(TO_ASCII).encode("ascii", "backslashreplace").decode("ascii")


def _of_arm(evidence: Evidence, columns: Sequence[Column], arm: Arm) -> list[str]:
    lines = [
        f"{arm.name}: {arm.parameters:,} parameters; {_when(evidence, arm)}",
        f"  {'':<{NAME_WIDTH}} {'n':>6} {'guess':>6}  {'before':<18}{'after':<18}{'change':>8}",
    ]
    unsolved = []
    for column in columns:
        change = change_in(evidence, arm, column.measure)
        known = change.after or change.before
        delta = "" if change.points is None else points(change.points)
        lines.append(
            f"  {_name(column):<{NAME_WIDTH}} {known.n if known else '':>6} {_guess(column):>6}  "
            f"{_accuracy(change.before):<18}{_accuracy(change.after):<18}{delta:>8}"
            f"{' *' if change.verdict in ('gain', 'loss') else ''}"
        )
        if change.after and not change.after.correct and not column.is_mean:
            after = describe(change.after, interval_name(evidence.study.scores))
            unsolved.append(f"  solves none of {_name(column)}: {after}")
    shown = detectable_line(evidence, arm, [column.measure for column in columns])
    return lines + unsolved + [_cut(f"  {line}", WIDTH) for line in shown]


def _when(evidence: Evidence, arm: Arm) -> str:
    criterion = evidence.params.selected_by
    fronts = [front_of(evidence.study, student, criterion) for student in arm.names]
    steps = sorted({front.step for front in fronts})
    at = f"step {steps[0]}" if len(steps) == 1 else f"steps {steps[0]} to {steps[-1]}"
    chosen = all(front.was_selected for front in fronts)
    how = f"selected by {CRITERIA[criterion]}" if chosen else "the last, as none could be selected"
    seeds = f"; mean of {len(arm.seeds)} seeds" if len(arm.seeds) > 1 else ""
    return f"{at}, {how}{seeds}"


def _others(evidence: Evidence, arms: Sequence[Arm], columns: Sequence[Column]) -> list[str]:
    """Return a line for each arm beside the main ladder: the seed dataset alone."""
    seed = next((column for column in columns if column.role == "seed"), None)
    if seed is None:
        return []
    lines = [f"{'other arms, on ' + seed.title:<{NAME_WIDTH + 2}} {'n':>6}  {'before':<18}{'after':<18}{'change':>8}"]
    for arm in arms:
        change = change_in(evidence, arm, seed.measure)
        known = change.after or change.before
        delta = "" if change.points is None else points(change.points)
        name = _cut(f"  {arm.name} ({size(arm.parameters)})", NAME_WIDTH + 2)
        lines.append(
            f"{name:<{NAME_WIDTH + 2}} {known.n if known else '':>6}  {_accuracy(change.before):<18}"
            f"{_accuracy(change.after):<18}{delta:>8}{' *' if change.verdict in ('gain', 'loss') else ''}"
        )
    return lines


def _verdict_lines(evidence: Evidence, verdicts: Sequence[Verdict]) -> list[str]:
    """Return a line for each tested verdict, and one that names the others."""
    tested = [verdict for verdict in verdicts if verdict.word in SIGNS]
    others = [verdict.name for verdict in verdicts if verdict.word not in SIGNS]
    ladder = evidence.ladders[0]
    sizes = "one size" if len(ladder) == 1 else f"{len(ladder)} sizes"
    start = STARTS.get(ladder[0].start, ladder[0].start)
    lines = [_cut(f"The paper's findings and open questions, over {sizes} (start: {start}):", WIDTH)]
    lines += [_cut(f"  {SIGNS[each.word]} {each.name:<4}{each.word:<15} {each.claim}", WIDTH) for each in tested]
    return [*lines, _cut(f"  not tested here: {', '.join(others)}", WIDTH)] if others else lines


def _name(column: Column) -> str:
    name = f"{column.title} ({FORMATS[column.measure.format]})" if column.role == "generic" else column.title
    return _cut(name, NAME_WIDTH)


def _guess(column: Column) -> str:
    return "" if column.guess is None else percent(column.guess)


def _cut(text: str, width: int) -> str:
    text = text.translate(TO_ASCII)
    return text if len(text) <= width else text[: width - 3] + "..."


def _accuracy(estimate: Estimate | None) -> str:
    return f"{percent(estimate.accuracy):>5} ({span(estimate)})" if estimate else "    -"
