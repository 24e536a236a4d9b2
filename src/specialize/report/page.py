"""The page: everything in one HTML file that opens without a network."""

import re
from collections.abc import Mapping, Sequence
from importlib.resources import files
from typing import Any

from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from specialize.core.params.report import ReportParams
from specialize.core.recipe import Recipe
from specialize.report import wording
from specialize.report.accuracies import Accuracies
from specialize.report.comparison import Column, change_in
from specialize.report.figures import INK, PALETTE
from specialize.report.origins import origins, plan_of, prompt_digests
from specialize.report.readings import GENERIC_READINGS, MATHS_READINGS, reading_rows, task_rows
from specialize.report.selection import choices, front_of
from specialize.report.study import Study
from specialize.report.summary import summary_of

CAPTIONS = {
    "dynamics": "Accuracy along the checkpoints of each student",
    "training": "Training loss of each student",
    "scaling": "Accuracy on the seed dataset against the number of parameters, before and after training",
}


def page_of(
    study: Study, accuracies: Accuracies, columns: Sequence[Column], figures: Mapping[str, str],
    params: ReportParams, recipe: Recipe,
) -> str:  # fmt: skip
    """Return the HTML text."""
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.filters.update(percent=wording.percent, points=wording.points, span=wording.span, size=wording.size)
    template = environment.from_string(files("specialize.report").joinpath("page.html").read_text("utf-8"))
    maths = reading_rows(study, accuracies, ("seed", "out_of_distribution"), MATHS_READINGS, params)
    return (
        template.render(
            params=params,
            summary=summary_of(study, accuracies, columns, params),
            interval=wording.interval_name(study.scores),
            study=study,
            both_losses=any(row.get("teacher_kl") for curve in study.curves.values() for row in curve),
            fronts={student: front_of(study, student, params.selected_by) for student in study.students},
            columns=columns,
            changes={
                student: [change_in(study, accuracies, column, student, params) for column in columns]
                for student in study.students
            },
            maths_readings=MATHS_READINGS,
            maths=[row for row in maths if row.format == params.format],
            other_maths=[row for row in maths if row.format != params.format],
            generic_readings=GENERIC_READINGS,
            generic=reading_rows(study, accuracies, ("generic",), GENERIC_READINGS, params),
            tasks=task_rows(study, accuracies, params),
            choices=choices(study, accuracies, params.selected_by),
            figures={name: inline_svg(svg, name, CAPTIONS[name]) for name, svg in figures.items()},
            teachers=_teachers(study),
            plan=plan_of(study.scores),
            prompts=prompt_digests(study.scores),
            origins=origins(study, params),
            recipe=recipe,
            formats=wording.FORMATS,
            criteria=wording.CRITERIA,
        ).rstrip("\n")
        + "\n"
    )


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


def _teachers(study: Study) -> list[dict[str, Any]]:
    """Return per teacher how many completions came and how many were left after the last filter."""
    return [
        {"name": name, "begun": steps[0].dropped + steps[0].left, "left": steps[-1].left}
        for name, steps in sorted(study.funnel.by_teacher.items())
        if steps
    ]
