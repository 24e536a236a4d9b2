"""The table of all scores, and what is selected from it."""

import numpy as np
import pandas
import pyarrow.parquet as parquet
import pytest
from made_evidence import Made, made_evidence

from specialize.records.score_table import KEY, SCHEMA
from specialize.report.stats.accuracies import Measure
from specialize.report.stats.predictions import by_problem
from specialize.report.views.write_tables import write_scores

CHAIN = "zero_shot_chain_of_thought"


@pytest.fixture(scope="module")
def evidence():
    made = [Made("b", recipe={"seed": 2, "loss": "distribution"}), Made("a", 2000, recipe={"start": "raw"})]
    return made_evidence(made)


def test_a_row_for_each_accuracy_with_what_the_student_is(evidence):
    table = evidence.accuracies.scores
    assert list(table.columns) == SCHEMA.names
    assert not table.duplicated(list(KEY)).any()
    assert len(table) == sum(len(score.rows) for score in evidence.study.scores)
    students = table[["student", "seed", "size", "start", "loss"]].drop_duplicates()
    assert [tuple(row) for row in students.itertuples(index=False)] == [
        ("a", 1, 2000, "raw", "sample"),
        ("b", 2, 1000, "generalist", "distribution"),
    ]


def test_files_hold_the_same_rows_and_come_out_the_same_twice(evidence, tmp_path):
    scores = evidence.accuracies.scores
    first = [path.read_bytes() for path in write_scores(tmp_path / "a", scores)]
    paths = write_scores(tmp_path / "b", scores.copy())
    assert [path.read_bytes() for path in paths] == first
    assert parquet.read_schema(paths[0]).equals(SCHEMA, check_metadata=True)
    in_parquet, in_csv = pandas.read_parquet(paths[0]), pandas.read_csv(paths[1])
    pandas.testing.assert_frame_equal(in_parquet, in_csv, check_exact=True, check_dtype=False)


def test_a_mean_is_of_the_datasets_that_were_scored(evidence):
    both = Measure("maths", ("plain", "world", "unknown"), CHAIN, "flexible")
    mean = evidence.accuracies.mean(both, "a", 100)
    assert (mean.accuracy, mean.n, mean.correct) == (0.3, 400, 120)
    assert evidence.accuracies.mean(both, "a", 77) is None
    assert evidence.accuracies.mean(Measure("", ("plain",), CHAIN, "strict"), "a", 100) is None


def test_predictions_are_by_problem_and_not_asked_is_not_wrong():
    whose = {"student": "a", "step": 1, "dataset": "d", "split": "test", "format": "f", "reading": "r"}
    of_first = [{**whose, "id": "d/1", "correct": True}, {**whose, "id": "d/0", "correct": False}]
    rows = pandas.DataFrame([*of_first, {**whose, "step": 2, "id": "d/1", "correct": False}])
    table = by_problem(rows)["d"]
    assert list(table.index) == ["d/0", "d/1"]
    assert list(table[("a", 1, "test", "f", "r")]) == [0, 1]
    np.testing.assert_array_equal(table[("a", 2, "test", "f", "r")], [np.nan, 0])
