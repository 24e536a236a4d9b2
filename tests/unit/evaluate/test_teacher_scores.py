"""A teacher's completions: pass@1, pass@k, majority vote."""

import pyarrow
import pyarrow.parquet as parquet
import pytest

from specialize.core.errors import RecordError
from specialize.core.files import write_records
from specialize.evaluate.__main__ import main
from specialize.evaluate.teacher_scores import teacher_scores
from specialize.records.completions import COMPLETIONS_SCHEMA
from specialize.records.problems import Problem


@pytest.fixture
def problems(tmp_path):
    path = tmp_path / "train.jsonl"
    write_records(path, [Problem(id=f"d/{i}", dataset="d", question="q", answer="1", kind="number") for i in range(2)])
    return path


def completions(path, rows):
    table = [{"problem_id": id, "teacher": "t", "sample": number, "text": text} for id, number, text in rows]
    parquet.write_table(pyarrow.Table.from_pylist(table, COMPLETIONS_SCHEMA), path)
    return path


def test_the_majority_of_samples_may_be_right_where_one_is_not(problems, tmp_path, capsys):
    right, wrong = "The answer is 1", "The answer is 2"
    rows = [("d/0", 0, wrong), ("d/0", 1, right), ("d/0", 2, right), ("d/1", 0, wrong), ("d/1", 1, "none")]
    path = completions(tmp_path / "part.parquet", rows)
    found = {score.reading: score for score in teacher_scores([path], problems)}
    score = found["strict"]
    assert (score.questions, score.completions, score.fewest) == (2, 5, 2)
    assert score.pass_at_1 == pytest.approx(1 / 3) and score.majority == 0.5 and score.pass_at_k == 0.5
    assert score.standard_error == pytest.approx(1 / 3)
    assert main(["teacher", "--problems", str(problems), str(path)]) == 0
    assert "33.3" in capsys.readouterr().out


def test_an_unknown_problem_is_named(problems, tmp_path):
    path = completions(tmp_path / "part.parquet", [("d/7", 0, "1")])
    with pytest.raises(RecordError, match="d/7"):
        teacher_scores([path], problems)
