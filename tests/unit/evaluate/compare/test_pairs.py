"""Two checkpoints, answer by answer."""

import json

import pytest
from made_checkpoint import answer_row, write_checkpoint, write_problems

from specialize.core.statistics.paired import mcnemar
from specialize.evaluate.__main__ import main

N = 40


@pytest.fixture
def results(tmp_path):
    """A solves the first 20 of 40 problems, B the last 25: 5 both, 15 A only, 20 B only, none neither."""
    folder = tmp_path / "results"
    for student, solved in (("a", range(20)), ("b", range(15, 40))):
        rows = [answer_row(f"world/{i}", i in solved, text=f"{student} says {i}") for i in range(N)]
        write_checkpoint(folder, student, 300, {"world": rows, "plain": rows[:10]})
        write_checkpoint(folder, student, 0, {"world": [answer_row(f"world/{i}", False) for i in range(N)]})
    return folder


def compared(capsys, *arguments):
    assert main(["compare", *map(str, arguments), "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_counts_difference_and_p(results, capsys):
    found = compared(capsys, results / "predictions/a/step-300", results / "predictions/b/step-300")
    world = next(pair for pair in found["pairs"] if pair["benchmark"] == "world")
    counts = {name: world[name] for name in ("n", "both", "first_only", "second_only", "neither", "only_in_one")}
    assert counts == {"n": 40, "both": 5, "first_only": 15, "second_only": 20, "neither": 0, "only_in_one": 0}
    assert (world["first"], world["second"], world["difference"]) == (0.5, 0.625, 0.125)
    assert world["low"] < 0.125 < world["high"]
    assert world["p"] == pytest.approx(mcnemar(20, 15), abs=1e-6)
    assert [pair["reading"] for pair in found["pairs"]] == ["flexible", "flexible"]
    assert world["p_holm"] >= world["p"]
    assert {each["id"] for each in found["changed"] if each["winner"] == "A" and each["benchmark"] == "world"} == {
        f"world/{i}" for i in range(15)
    }


def test_a_student_is_its_last_checkpoint_and_scores_stand_for_predictions(results, capsys):
    by_step = compared(capsys, results / "predictions/a/step-300", results / "predictions/b/step-300")
    assert compared(capsys, results / "scores/a", results / "predictions/b")["pairs"] == by_step["pairs"]


def test_the_table_lists_what_changed(results, capsys):
    folders = [str(results / f"predictions/{name}") for name in ("a", "b")]
    assert main(["compare", *folders, "--show", "--reading", "strict"]) == 0
    shown = capsys.readouterr().out
    row = next(line for line in shown.splitlines() if line.startswith("world (zero_shot_chain_of_thought, strict)"))
    assert row.split()[3:10] == ["40", "50.0", "62.5", "5", "15", "20", "0"]
    assert "A only  world zero_shot_chain_of_thought strict  world/3  gold 3" in shown
    assert "  A: a says 3\n  B: b says 3\n" in shown
    assert "these problems only" in shown


def test_variants_of_one_story_widen_the_interval(results, capsys):
    folders = [results / f"predictions/{name}" for name in ("a", "b")]
    apart = compared(capsys, *folders)["pairs"][1]
    write_problems(
        results, "world", {f"world/{i}": f"Al has {i} hens of farm {'abcd'[i // 10]}. How many?" for i in range(N)}
    )
    together = compared(capsys, *folders)["pairs"][1]
    assert together["difference"] == apart["difference"]
    assert together["high"] - together["low"] > 1.3 * (apart["high"] - apart["low"])


def test_several_answers_to_a_problem_count_as_one_share(tmp_path, capsys):
    results = tmp_path / "results"
    one = [answer_row(f"world/{i}", s < 2) for i in range(20) for s in range(4)]
    other = [answer_row(f"world/{i}", s < 3) for i in range(20) for s in range(4)]
    folders = [write_checkpoint(results, name, 1, {"world": rows}) for name, rows in (("a", one), ("b", other))]
    pair = compared(capsys, *folders)["pairs"][0]
    assert (pair["n"], pair["first"], pair["second"], pair["second_only"]) == (20, 0.5, 0.75, 20)
    assert pair["p"] < 0.01


def test_mistakes_end_with_what_to_do(results, tmp_path, capsys):
    known = str(results / "predictions/a")
    for other, said in (
        (tmp_path / "nowhere", "no such folder"),
        (tmp_path, "no predictions"),
        (write_checkpoint(tmp_path / "r", "c", 1, {"other": [answer_row("other/1", True)]}), "no problem of split"),
    ):
        assert main(["compare", known, str(other)]) == 2
        assert said in capsys.readouterr().err
