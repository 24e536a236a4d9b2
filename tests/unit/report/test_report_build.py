"""The door on a made run: what it writes, and that it writes the same bytes again."""

import csv
import json
import re
import subprocess
import sys
from base64 import b64encode
from hashlib import sha256
from html.parser import HTMLParser
from pathlib import Path

import pytest
from made_run import ROLES, MadeRun, write

from specialize.lineage.provenance import read_provenance
from specialize.report.__main__ import main
from specialize.report.figures.registry import FIGURES

XL = {"xl": 2_849_757_184}
OUTPUTS = (
    *(f"{figure.NAME}.{kind}" for figure in FIGURES for kind in ("csv", "svg")),
    *("scores.csv", "scores.parquet", "index.html", "table.txt", "verdicts.json"),
)


def build(run: MadeRun) -> Path:
    assert main(run.arguments()) == 0
    return run.folder / "report"


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as stream:
        return list(csv.DictReader(stream))


def metrics_of(run: MadeRun) -> dict[str, float]:
    return json.loads((run.folder / "metrics.json").read_text())


class Page(HTMLParser):
    """Collects ids, open tags and everything that could be fetched."""

    VOID = frozenset({"meta", "link", "br", "img", "input"})

    def __init__(self, text: str) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.fetched: list[str] = []
        self.open: list[str] = []
        self.tags: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        if tag not in self.VOID:
            self.open.append(tag)
        for name, value in attrs:
            if name == "id":
                self.ids.append(value)
            if name in ("src", "href", "xlink:href", "srcset", "data", "action"):
                self.fetched.append(value)

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        if tag not in self.VOID:
            self.open.pop()

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def test_writes_every_output_and_prints_one_line(tmp_path, capsys):
    report = build(MadeRun(tmp_path))
    assert sorted(path.name for path in report.iterdir()) == sorted(OUTPUTS)
    table = (report / "table.txt").read_text()
    assert max(map(len, table.splitlines())) <= 110
    assert table.isascii()
    shown = capsys.readouterr()
    assert shown.out == "" and shown.err.count("\n") == 1
    assert "Of the paper's 15 findings " in shown.err
    assert shown.err.endswith(f" file://{report / 'index.html'}\n")


def test_metrics_are_the_test_accuracies_of_the_front_checkpoint(tmp_path):
    run = MadeRun(tmp_path)
    report = build(run)
    metrics = metrics_of(run)
    assert list(metrics) == ["base.seed", "large.seed", "xl.ao", "xl.cot", "xl.ood", "xl.seed"]
    scores = {
        row["dataset"]: 100 * float(row["accuracy"])
        for row in rows_of(report / "scores.csv")
        if (row["student"], row["step"], row["split"], row["format"], row["reading"])
        == ("xl", "3000", "test", "zero_shot_chain_of_thought", "flexible")
    }
    assert metrics["xl.seed"] == pytest.approx(scores["gsm8k"], abs=0.01)
    assert metrics["xl.ood"] == pytest.approx((scores["asdiv"] + scores["multiarith"] + scores["svamp"]) / 3, abs=0.01)


@pytest.mark.slow
def test_params_choose_the_checkpoint_of_the_tables(tmp_path):
    flexible, strict = (
        MadeRun(tmp_path / "a", students=XL),
        MadeRun(tmp_path / "b", students=XL, params={"reading": "strict", "selected_by": "seed"}),
    )
    assert "step 3000, selected by out-of-distribution mean" in (build(flexible) / "table.txt").read_text()
    assert "step 4000, selected by seed dataset" in (build(strict) / "table.txt").read_text()
    assert metrics_of(strict)["xl.seed"] < metrics_of(flexible)["xl.seed"]


def test_the_page_fetches_nothing_and_is_well_formed(tmp_path):
    text = (build(MadeRun(tmp_path)) / "index.html").read_text()
    page = Page(text)
    assert not page.open
    assert len(page.ids) == len(set(page.ids))
    assert all(target.startswith("#") or target == "data:," for target in page.fetched)
    assert {target[1:] for target in page.fetched if target.startswith("#")} <= set(page.ids)
    assert set(re.findall(r"url\(#([^)]+)\)", text)) <= set(page.ids)
    assert "://" not in text


def test_the_page_escapes_what_others_wrote(tmp_path):
    """Of the title, of the teacher's name, and of the texts that the examples are."""
    title = "<script>alert('a & b')</script>\x1b]0;owned\x07"
    text = (build(MadeRun(tmp_path, students=XL, title=title)) / "index.html").read_text()
    assert "\x1b" not in text and "\\x1b]0;owned" in text
    assert "&lt;script&gt;" in text
    assert "teacher &lt;1&gt;" in text
    scripts = re.findall(r"<script([^>]*)>(.*?)</script>", text, re.DOTALL)
    (own,) = (body for attributes, body in scripts if not attributes)
    digest = b64encode(sha256(own.encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}'" in text and "default-src 'none'" in text
    assert not re.search(r"innerHTML|insertAdjacentHTML|document\.write|\beval\b|new Function", own)
    others = [attributes for attributes, _ in scripts if attributes]
    assert all(re.fullmatch(r' type="(application/json|text/plain)".*', attributes) for attributes in others)
    assert not re.search(r"<[^>]*\son\w+=", text), "an event handler in the markup"


def test_a_student_that_solves_nothing_is_named(tmp_path):
    run = MadeRun(tmp_path, students={"mini": 1_234_567}, level=0.0)
    report = build(run)
    text = (report / "index.html").read_text().replace("\u00a0", " ")
    assert metrics_of(run)["mini.seed"] == 0.0
    assert "95 % interval 0.0–1.9, n 200" in text and "seed dataset; solves none" in text
    assert "solves none of gsm8k: 0 of 200 (0.0 %, 95 % interval 0.0-1.9)" in (report / "table.txt").read_text()


@pytest.mark.slow
def test_without_a_selection_the_last_checkpoint_is_reported(tmp_path):
    run = MadeRun(tmp_path, students=XL, by={"seed": None, "out_of_distribution": None}, has_validation=False)
    report = build(run)
    assert "step 4000, the last, as none could be selected" in (report / "table.txt").read_text()
    assert "No validation problems to select by" in (report / "index.html").read_text()
    assert {row["split"] for row in rows_of(report / "scaling.csv")} == {"test"}
    assert {row["seed"] for row in rows_of(report / "dynamics.csv")} == {""}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("left_out", "missing"),
    [
        ({"generic"}, {"ao", "cot"}),
        ({"out_of_distribution"}, {"ood"}),
        ({"seed"}, {"seed"}),
        ({"seed", "out_of_distribution"}, {"seed", "ood"}),
    ],
)
def test_roles_may_be_missing(tmp_path, left_out, missing):
    run = MadeRun(tmp_path, students=XL, roles={name: role for name, role in ROLES.items() if role not in left_out})
    report = build(run)
    kept = {"seed", "ood", "ao", "cot"} - missing
    assert {name.split(".")[1] for name in metrics_of(run)} == kept
    assert not Page((report / "index.html").read_text()).open


@pytest.mark.slow
@pytest.mark.parametrize(
    "students",
    [{"one": 1}, {"a": 999_950, "b": 1_000_049}, {"x": 5_000, "y": 5_000}, {f"s-{i}": 3**i for i in range(5)}],
)
def test_students_of_odd_sizes(tmp_path, students):
    run = MadeRun(tmp_path, students=students, steps=(0, 3000, 4000))
    report = build(run)
    assert len(rows_of(report / "scaling.csv")) == 2 * len(students)


def test_only_the_start_was_scored(tmp_path):
    run = MadeRun(tmp_path, steps=(0,), by={"seed": None, "out_of_distribution": None})
    assert "step 0, the last" in (build(run) / "table.txt").read_text()


@pytest.mark.slow
def test_tables_are_sorted_and_in_percent_for_plots(tmp_path):
    report = build(MadeRun(tmp_path))
    scores = rows_of(report / "scores.csv")
    keys = [
        (row["student"], int(row["step"]), row["dataset"], row["task"], row["split"], row["format"], row["reading"])
        for row in scores
    ]
    assert keys == sorted(keys)
    assert len(keys) == len(set(keys))
    dynamics = rows_of(report / "dynamics.csv")
    assert list(dynamics[0]) == [
        "student",
        "step",
        "seed",
        "out_of_distribution",
        "generic_answer_only",
        "generic_chain_of_thought",
    ]
    assert [(row["student"], int(row["step"])) for row in dynamics] == [
        (name, step) for name in ("base", "large", "xl") for step in (0, 1000, 2000, 3000, 4000)
    ]
    scaling = rows_of(report / "scaling.csv")
    assert [(row["student"], row["stage"]) for row in scaling[:2]] == [("base", "before"), ("base", "after")]
    assert all(float(row["low"]) <= float(row["accuracy"]) <= float(row["high"]) for row in scaling)
    assert list(rows_of(report / "training.csv")[0]) == ["student", "step", "loss", "grad_norm", "learning_rate"]


def _error(arguments: list[str], capsys) -> str:
    assert main(arguments) == 2
    message = capsys.readouterr().err
    assert message.count("\n") == 1
    return message


def test_a_selected_step_without_scores_is_refused(tmp_path, capsys):
    message = _error(MadeRun(tmp_path, students=XL, by={"seed": 4000, "out_of_distribution": 77}).arguments(), capsys)
    assert "step 77" in message
    assert not (tmp_path / "metrics.json").exists()


def test_a_student_without_scores_is_refused(tmp_path, capsys):
    run = MadeRun(tmp_path, students={"a": 10, "b": 20}, params={"students": ["a", "b", "c"]})
    assert "no scores of student c" in _error(run.arguments(), capsys)


def test_damaged_predictions_are_named(tmp_path, capsys):
    arguments = MadeRun(tmp_path, students={"a": 10}).arguments()
    path = tmp_path / "scores/a/step-3000/svamp.parquet"
    path.write_text("no table")
    assert str(path) in _error(arguments, capsys)


@pytest.mark.slow
def test_predictions_are_read_of_a_few_checkpoints_alone(tmp_path):
    run = MadeRun(tmp_path, students={"a": 10}, steps=tuple(range(0, 4100, 100)))
    arguments = run.arguments()
    path = tmp_path / "report/provenance.json"
    assert main([*arguments, "--provenance", str(path)]) == 0
    read = {Path(name).parent.name for name in read_provenance(path).inputs if name.endswith(".parquet")}
    assert read == {"step-0", "step-100", "step-200", "step-2700", "step-3000", "step-4000"}


def test_a_damaged_curve_is_named_with_its_line(tmp_path, capsys):
    arguments = MadeRun(tmp_path).arguments()
    curve = tmp_path / "checkpoints/base/training.csv"
    curve.write_text("step,loss,grad_norm,learning_rate\n1,much,1,1\n")
    message = _error(arguments, capsys)
    assert f"{curve}:2" in message
    assert "'loss'" in message


@pytest.mark.slow
def test_both_losses_stand_in_the_table_where_they_are_known(tmp_path):
    run = MadeRun(tmp_path, students={"a": 10, "b": 20})
    arguments = run.arguments()
    for student, kl in (("a", ""), ("b", "0.25")):
        curve = tmp_path / f"checkpoints/{student}/training.csv"
        curve.write_text(f"step,loss,grad_norm,learning_rate,sample_nll,teacher_kl\n10,-0.5,1,1,0.75,{kl}\n")
    assert main(arguments) == 0
    assert [(row["sample_nll"], row["teacher_kl"]) for row in rows_of(tmp_path / "report/training.csv")] == [
        ("0.75", ""),
        ("0.75", "0.25"),
    ]


def test_an_empty_curve_and_an_empty_funnel_are_reported(tmp_path):
    run = MadeRun(tmp_path, students={"a": 10})
    arguments = run.arguments()
    (tmp_path / "checkpoints/a/training.csv").write_text("step,loss,grad_norm,learning_rate\n")
    write(tmp_path / "traces/funnel.json", {"steps": [], "by_teacher": {}, "questions": {}})
    assert main(arguments) == 0
    text = (tmp_path / "report/index.html").read_text()
    assert "no loss was logged" in text
    assert "No completions were filtered." in text


def test_provenance_names_every_input_and_output(tmp_path):
    arguments = MadeRun(tmp_path, students={"a": 10}).arguments()
    path = tmp_path / "report/provenance.json"
    assert main([*arguments, "--provenance", str(path)]) == 0
    provenance = read_provenance(path)
    made = {tmp_path / "report" / name for name in OUTPUTS} | {tmp_path / "metrics.json"}
    assert set(provenance.outputs) == {file.as_posix() for file in made}
    read = {
        file.as_posix()
        for folder in ("scores", "checkpoints", "problems", "traces")
        for file in (tmp_path / folder).rglob("*.*")
        if file.suffix != ".parquet"
    }
    marks = {name for name in provenance.inputs if name.endswith(".parquet")}
    assert set(provenance.inputs) - marks == read
    assert len(marks) == 2 * 4 * len(ROLES), "texts and verdicts of four checkpoints"


def test_help_loads_no_heavy_library():
    code = "import sys, specialize.report.__main__; print([m for m in ('matplotlib', 'jinja2', 'pandas') if m in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout == "[]\n"


@pytest.mark.slow
def test_a_probe_has_a_column_and_is_part_of_no_mean(tmp_path):
    roles = {**ROLES, "svamp": "probe"}
    text = (build(MadeRun(tmp_path, students={"a": 10}, roles=roles)) / "table.txt").read_text()
    other = (
        build(
            MadeRun(
                tmp_path / "b",
                students={"a": 10},
                roles={name: role for name, role in roles.items() if role != "probe"},
            )
        )
        / "table.txt"
    ).read_text()
    (mean,) = (line for line in text.splitlines() if "out-of-distribution mean  " in line)
    assert mean in other
    assert "  svamp  " in text
