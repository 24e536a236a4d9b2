"""The door on a made study: every arm, several seeds."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from made_run import ROLES, MadeRun
from test_report_build import OUTPUTS, Page, build, metrics_of, rows_of

from specialize.report.__main__ import main
from specialize.report.load_results import before_decay


def study_of(folder: Path, seeds: int = 2, sizes: int = 3) -> MadeRun:
    """Every arm: sizes from an instruction-tuned start with replicates, and at one size each another start, loss, mix."""
    students: dict[str, int] = {}
    recipes: dict[str, dict] = {}
    for seed in range(1, seeds + 1):
        for size in range(sizes):
            students[f"n{size}-s{seed}"] = 60_000 * 3**size
        for name in ("raw", "dist", "ic", "zs"):
            students[f"n0-{name}-s{seed}"] = 60_000
        recipes |= {name: {"seed": seed, "start": "generalist"} for name in students if name.endswith(f"-s{seed}")}
        recipes[f"n0-raw-s{seed}"]["start"] = "raw"
        recipes[f"n0-dist-s{seed}"]["loss"] = "distribution"
        recipes[f"n0-ic-s{seed}"]["formats"] = "in_context"
        recipes[f"n0-zs-s{seed}"]["formats"] = "zero_shot"
    counts = {"tokens": 1000, "soft": 900, "teacher_mass": 890.0, "kept_mass": 880.0}
    starts = {"generalist": "instructions", "raw": "span_corruption"}
    return MadeRun(
        folder, students=students, recipes=recipes, ranks={name: int(name[1]) for name in students}, params={"starts": starts}, both_losses=True,
        coverage={"all": counts, "numbers": counts}, roles={name: ROLES[name] for name in ("gsm8k", "svamp", "bbh")},
    )  # fmt: skip


@pytest.mark.slow
def test_same_inputs_same_bytes(tmp_path):
    arguments = study_of(tmp_path, seeds=1, sizes=2).arguments()
    assert main(arguments) == 0
    first = {name: (tmp_path / "report" / name).read_bytes() for name in OUTPUTS}
    # A fresh process: nothing may hang on hash seeds or on what was drawn before.
    subprocess.run([sys.executable, "-m", "specialize.report", *arguments], check=True, capture_output=True)
    assert first == {name: (tmp_path / "report" / name).read_bytes() for name in OUTPUTS}


@pytest.mark.slow
def test_a_study_with_every_arm_tells_of_arms_not_of_students(tmp_path):
    run = study_of(tmp_path)
    report = build(run)
    text, table = (report / "index.html").read_text(), (report / "table.txt").read_text()
    assert not Page(text).open
    assert max(map(len, table.splitlines())) <= 110
    assert "mean of 2 seeds" in table
    assert set(metrics_of(run)) == {
        *(f"{arm}.seed" for arm in ("n0", "n1", "n2", "n0-raw", "n0-dist", "n0-ic", "n0-zs")),
        *(f"n2.{name}" for name in ("ood", "ao", "cot")),
    }
    verdicts = {row["name"]: row for row in json.loads((report / "verdicts.json").read_text())}
    tested = {name for name, row in verdicts.items() if row["verdict"] != "not tested here"}
    assert tested == set(verdicts) - {"C5", "C9", "Q2"}
    assert verdicts["C7"]["parts"][0]["comparisons"][0]["seeds"] == 2
    for told in ("Which start", "paper, Fig. 3B", "paper, Fig. 4", "The other arms"):
        assert told in text
    rows = rows_of(report / "training.csv")
    assert list(rows[0]) == ["student", "step", "loss", "grad_norm", "learning_rate", "sample_nll", "teacher_kl"]


def test_the_page_of_one_student_shows_no_figure_without_arms(tmp_path):
    text = (build(MadeRun(tmp_path, students={"a": 10})) / "index.html").read_text()
    assert "paper, Fig. 3B" not in text and "paper, Fig. 4" not in text and "Which start" not in text


def test_the_first_checkpoint_is_no_earlier_than_the_papers_and_its_answers_are_read(tmp_path):
    run = MadeRun(tmp_path, students={"small": 60_000}, steps=(0, 100, 2000, 3000, 4000))
    report = build(run)
    (found,) = (row for row in json.loads((report / "verdicts.json").read_text()) if row["name"] == "C3")
    assert len(found["parts"]) == 2
    assert found["notes"][1].startswith("After 100 updates: ")


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        ({}, 1600),
        ({"schedule": "linear"}, 1600),
        ({"schedule": "warmup_stable_decay"}, 1440),
        ({"schedule": "warmup_stable_decay", "decay_steps": 161}, 800),
    ],
)
def test_late_checkpoints_are_those_before_the_rate_falls(params, expected):
    assert before_decay([0, 10, 800, 1440, 1600], params) == expected
