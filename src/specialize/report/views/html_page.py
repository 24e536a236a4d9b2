"""The page: one HTML file that opens without a network."""

import re
from base64 import b64encode
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from importlib.resources import files
from typing import Any

from jinja2 import Environment, FunctionLoader, StrictUndefined
from markupsafe import Markup

from specialize.core.printable import printable
from specialize.lineage.recipe import recipe_digest
from specialize.records.recipes import Recipe
from specialize.report import formatting, paper_tables
from specialize.report.arms import FACTORS, STARTS, Arm, is_alike
from specialize.report.examples.embed import Examples
from specialize.report.examples.first_example import Example
from specialize.report.figures.registry import Drawn
from specialize.report.figures.style import INK, PALETTE
from specialize.report.findings.verdict import Unit, Verdict, in_unit
from specialize.report.load_results import Study
from specialize.report.selection import front_of
from specialize.report.stats.bootstrap import Comparison
from specialize.report.stats.changes import change_in
from specialize.report.stats.contrasts import Evidence
from specialize.report.stats.estimate import Change
from specialize.report.views.by_scorer import GENERIC_READINGS, MATHS_READINGS, reading_rows, task_rows
from specialize.report.views.by_selection import choices
from specialize.report.views.detectable import detectable_line
from specialize.report.views.headline import tiles_of
from specialize.report.views.main_table import Column
from specialize.report.views.run_info import origins, plan_of, prompt_digests
from specialize.report.views.summary import counted_verdicts, family_line

MATHS = ("seed", "out_of_distribution", "probe")
PAPERS = {"seed": {"gsm8k"}, "out_of_distribution": {"multiarith", "asdiv", "svamp"}}
"""The paper's datasets."""


@dataclass(frozen=True)
class Drawings:
    """The figures of a run by name, and each arm's panel of the head of the page, as SVG."""

    figures: Mapping[str, Drawn]
    panels: Mapping[str, str]


@dataclass(frozen=True)
class ShownExamples:
    """The problem beside the headline, if there is one, and those that the page embeds."""

    example: Example | None
    examples: Examples


def page_of(
    evidence: Evidence, columns: Sequence[Column], verdicts: Sequence[Verdict], drawings: Drawings,
    shown: ShownExamples, recipe: Recipe,
) -> str:  # fmt: skip
    """Return the HTML text.

    Texts of others become text nodes and nothing else: Jinja escapes them, the script sets `textContent` alone, and a
    content security policy runs no script but this one, fetches nothing and sends nothing.
    """
    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True,
        loader=FunctionLoader(_part),
    )  # fmt: skip
    environment.filters.update(
        percent=formatting.percent, points=formatting.points, span=formatting.span, size=formatting.size,
        rounded=formatting.rounded, rounded_span=formatting.rounded_span, printable=printable,
    )  # fmt: skip
    study, params, script = evidence.study, evidence.params, _part("page.js")
    text = environment.get_template("page.html").render(
        params=params,
        interval=formatting.interval_name(study.scores),
        study=study,
        detectable={
            arm: detectable_line(evidence, arm, [column.measure for column in columns]) for arm in evidence.arms
        },
        family=family_line(verdicts),
        style=Markup(_part("page.css")),
        script=Markup(script),
        script_hash="sha256-" + b64encode(sha256(script.encode()).digest()).decode(),
        **_arms(evidence, columns),
        **_readings(evidence),
        **_verdicts(verdicts),
        **_paper(evidence),
        tiles={arm.name: tiles_of(evidence, columns, arm) for arm in evidence.arms},
        panels=drawings.panels,
        figures=drawings.figures,
        example=shown.example,
        examples=shown.examples,
        left_out=shown.examples.left_out(),
        choices=choices(evidence, evidence.arms),
        inline_svg=inline_svg,
        teachers=_teachers(study),
        plan=plan_of(study.scores),
        prompts=prompt_digests(study.scores),
        origins=origins(study, params),
        recipe_sha256=recipe_digest(recipe),
        code=recipe.code,
        formats=formatting.FORMATS,
        criteria=formatting.CRITERIA,
    )
    return text.rstrip("\n") + "\n"


def _part(name: str) -> str:
    return files("specialize.report").joinpath(name).read_text("utf-8")


def inline_svg(svg: str, name: str, label: str) -> Markup:
    """Return an SVG file's text as an element of the page: ids of its own, colours of the page's theme."""
    text = svg[svg.index("<svg") :]
    text = re.sub(r"<metadata>.*?</metadata>\s*", "", text, flags=re.DOTALL)
    text = re.sub(r'id="', f'id="{name}-', text)
    text = re.sub(r'(url\(|href=")#', rf"\1#{name}-", text)
    text = re.sub(r"#ffffff\b", "none", text).replace(INK, "currentColor")
    for number, color in enumerate(PALETTE, start=1):
        text = text.replace(color, f"var(--c{number})")
    box = re.search(r'viewBox="[^"]*"', text)
    head = f'<svg {box.group() if box else ""} role="img" aria-label="{Markup.escape(label)}">'
    return Markup(re.sub(r"<svg[^>]*>", lambda _: head, text, count=1))


def _arms(evidence: Evidence, columns: Sequence[Column]) -> dict[str, Any]:
    ladder = evidence.ladders[0]
    replicated = any(len(arm.seeds) > 1 for arm in evidence.arms)
    singles = [each for arm in evidence.arms for each in arm.replicates()]
    shown = [*singles, *evidence.arms] if replicated else evidence.arms
    changes = {arm: [change_in(evidence, arm, column.measure) for column in columns] for arm in shown}
    return {
        "arms": evidence.arms,
        "ladder": ladder,
        "largest": ladder[-1],
        "singles": singles if replicated else [],
        "others": [arm for arm in evidence.arms if arm not in ladder],
        "replicated": replicated,
        "describe": _describer(evidence.arms),
        "fronts": {arm: _front(evidence, arm) for arm in shown},
        "columns": columns,
        "changes": changes,
        "counts": [
            _count(column, (changes[arm][place] for arm in evidence.arms))
            for place, column in enumerate(columns)
            if not column.is_mean or column.role == "generic"
        ],
    }


def _count(column: Column, changes: Iterable[Change]) -> str:
    """Return how many problems a column of the main table is about, behind its name: `gsm8k 200`."""
    counts = sorted({each.n for change in changes if (each := change.after or change.before)})
    name = f"{column.title} {formatting.FORMATS[column.measure.format]}" if column.role == "generic" else column.title
    return f"{name} {counts[0]:,}" if len(counts) == 1 else f"{name} {counts[0]:,} to {counts[-1]:,}"


def _readings(evidence: Evidence) -> dict[str, Any]:
    ladder = evidence.ladders[0]
    others = [arm for arm in evidence.arms if arm not in ladder]
    maths = reading_rows(evidence, ladder, MATHS, MATHS_READINGS)
    return {
        "maths_readings": MATHS_READINGS,
        "maths": [row for row in maths if row.format == evidence.params.format],
        "other_maths": [row for row in maths if row.format != evidence.params.format],
        "generic_readings": GENERIC_READINGS,
        "generic": reading_rows(evidence, ladder, ("generic",), GENERIC_READINGS),
        "other_readings": {
            "maths": reading_rows(evidence, others, MATHS, MATHS_READINGS),
            "generic": reading_rows(evidence, others, ("generic",), GENERIC_READINGS),
        },
        "tasks": task_rows(evidence, ladder),
    }


def _verdicts(verdicts: Sequence[Verdict]) -> dict[str, Any]:
    return {
        "verdicts": verdicts,
        "counted": counted_verdicts(verdicts),
        "chips": {"holds": "holds", "by construction": "", "does not hold": "not", "unclear": ""},
        "signs": {"yes": "✓", "no": "✗", "open": "?"},
        "comparisons": [
            {"finding": verdict.name, "says": part.says, "comparison": each, **_in_full(each, part.unit)}
            for verdict in verdicts
            for part in verdict.parts
            for each in part.comparisons
        ],
    }  # fmt: skip


def _in_full(comparison: Comparison, unit: Unit) -> dict[str, str]:
    value, low, high = (in_unit(unit, each) for each in (comparison.value, comparison.low, comparison.high))
    return {"value": value, "interval": f"{low} to {high}"}


def _paper(evidence: Evidence) -> dict[str, Any]:
    seed, main = evidence.seed(), evidence.ladders[0][0]
    known = [arm for arm in evidence.arms if is_alike(arm, main, but=("size", "start"))]
    kinds = {arm.start for arm in known}
    study = evidence.study
    return {
        "is_paper": all(set(study.benchmarks(role)) & names for role, names in PAPERS.items()),
        "table_1_columns": paper_tables.TABLE_1_COLUMNS,
        "table_1": [
            {"model": row.model, "parameters": row.parameters, "cells": list(zip(row.before, row.after, strict=True))}
            for row in paper_tables.TABLE_1
        ],
        "table_2": paper_tables.TABLE_2,
        "table_3": paper_tables.TABLE_3,
        "starts": [(arm, change_in(evidence, arm, seed)) for arm in known] if seed and len(kinds) > 1 else [],
        "start_names": STARTS,
    }


def _describer(arms: Sequence[Arm]) -> Callable[[Arm], str]:
    """Return a function that describes an arm: its start, and the factors in which the run's arms differ."""
    varying = [factor for factor in FACTORS if len({getattr(arm, factor) for arm in arms}) > 1]

    def describe(arm: Arm) -> str:
        words = [STARTS.get(arm.start, arm.start)]
        words += [f"{arm.loss} matching"] if "loss" in varying else []
        words += [f"{arm.formats.replace('_', '-')} formats"] if "formats" in varying else []
        words += [arm.tokenizer] if "tokenizer" in varying else []
        return ", ".join(words)

    return describe


def _front(evidence: Evidence, arm: Arm) -> str:
    fronts = [front_of(evidence.study, student, evidence.params.selected_by) for student in arm.names]
    steps = sorted({front.step for front in fronts})
    text = f"step {steps[0]}" if len(steps) == 1 else f"steps {steps[0]}–{steps[-1]}"
    text += "" if all(front.was_selected for front in fronts) else ", the last"
    return f"{text}; {len(fronts)} seeds" if len(fronts) > 1 else text


def _teachers(study: Study) -> list[dict[str, Any]]:
    """Return per teacher how many completions came and how many were left after the last filter."""
    return [
        {"name": name, "begun": steps[0].dropped + steps[0].left, "left": steps[-1].left}
        for name, steps in sorted(study.funnel.by_teacher.items())
        if steps
    ]
