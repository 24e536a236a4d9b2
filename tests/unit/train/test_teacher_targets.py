"""Aligned traces as the train phase reads them."""

import numpy as np
import pyarrow
import pyarrow.parquet as parquet
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from specialize.core.encoding import Encoding
from specialize.core.errors import RecordError
from specialize.records.traces import Trace
from specialize.traces.tokenizers import learn_tokenizer
from specialize.traces.write_aligned import AlignedTarget, write_aligned
from specialize.train.teacher_targets import read_targets

rows = st.lists(
    st.lists(st.tuples(st.integers(0, 500), st.lists(st.integers(0, 500), max_size=5)), min_size=1, max_size=12),
    min_size=1, max_size=6,
)  # fmt: skip


def trace(number: int) -> Trace:
    return Trace(problem_id=f"p{number}", teacher="t", sample=0, question="q", rationale="r", answer="1")


def aligned(row) -> AlignedTarget:
    soft = [token for _, named in row for token in named]
    none = np.array([])
    return AlignedTarget(
        np.array([token for token, _ in row]), np.array([len(named) for _, named in row]), np.array(soft),
        np.arange(1, len(soft) + 1) / 256, none, none, none,
    )  # fmt: skip


@given(rows, st.randoms())
@settings(max_examples=40, deadline=None)
def test_what_the_traces_phase_writes_is_what_is_read(tmp_path_factory, made, random):
    """Two shards, in any order of their rows."""
    numbered = [(f"p{number}", "t", 0, aligned(row)) for number, row in enumerate(made)]
    random.shuffle(numbered)
    files = [tmp_path_factory.getbasetemp() / f"part-{shard}.parquet" for shard in range(2)]
    for shard, file in enumerate(files):
        write_aligned(file, 501, numbered[shard::2])
    targets = read_targets(files, [trace(number) for number in range(len(made))])
    assert len(targets) == len(made) and targets.lengths() == [len(row) for row in made]
    assert targets.soft_tokens == sum(bool(named) for row in made for _, named in row)
    for number, row in enumerate(made):
        found = targets[number]
        assert found.ids.tolist() == [token for token, _ in row]
        probs = iter(range(1, 10_000))
        for place, (_, named) in enumerate(row):
            padding = [0] * (found.soft_ids.shape[1] - len(named))
            assert found.soft_ids[place].tolist() == named + padding
            assert found.soft_probs[place].tolist() == [next(probs) / 256 for _ in named] + padding


@pytest.mark.parametrize("numbers", [[0], [0, 1, 2], [0, 5]])
def test_other_traces_are_refused(tmp_path, numbers):
    write_aligned(tmp_path / "a.parquet", 501, [(f"p{number}", "t", 0, aligned([(3, [])])) for number in (0, 1)])
    with pytest.raises(RecordError, match=r"a\.parquet.*one row for each of the"):
        read_targets([tmp_path / "a.parquet"], [trace(number) for number in numbers])


def test_other_tokens_are_refused(tmp_path):
    tokenizer = learn_tokenizer(["r\nThe answer is 1"], 300)
    ids = tokenizer("r\nThe answer is 1")["input_ids"]
    for wrong, said in ((ids, None), (ids[:-1], "from token"), ([ids[0] + 1, *ids[1:]], "from token 0")):
        write_aligned(tmp_path / "a.parquet", 501, [("p0", "t", 0, aligned([(token, []) for token in wrong]))])
        targets = read_targets([tmp_path / "a.parquet"], [trace(0)])
        if said is None:
            targets.refuse_other_tokens([trace(0)], Encoding(tokenizer, "causal"))
        else:
            with pytest.raises(RecordError, match=f"row 0: field 'ids': expected {said}.*The answer is 1"):
                targets.refuse_other_tokens([trace(0)], Encoding(tokenizer, "causal"))


@pytest.mark.parametrize("column", ["counts", "soft_ids", "soft_probs"])
def test_uneven_columns_are_refused(tmp_path, column):
    file = tmp_path / "a.parquet"
    write_aligned(file, 501, [(f"p{number}", "t", 0, aligned([(3, [4, 5]), (6, [])])) for number in (0, 1)])
    table = parquet.read_table(file)
    lists = table.column(column).to_pylist()
    lists[1] = lists[1][:-1]
    place = table.schema.get_field_index(column)
    parquet.write_table(
        table.set_column(place, table.field(place), pyarrow.array(lists, table.field(place).type)), file
    )
    with pytest.raises(RecordError, match=r"row 1: field '(counts|soft_ids|soft_probs)'"):
        read_targets([file], [trace(0), trace(1)])


def test_a_file_that_is_none_is_told(tmp_path):
    (tmp_path / "a.parquet").write_bytes(b"PAR1")
    with pytest.raises(RecordError, match="aligned traces"):
        read_targets([tmp_path / "a.parquet"], [trace(0)])
    parquet.write_table(pyarrow.table({"ids": [[1]]}), tmp_path / "b.parquet")
    with pytest.raises(RecordError, match="aligned traces"):
        read_targets([tmp_path / "b.parquet"], [trace(0)])


def test_chunks_stand_at_their_tokens(tmp_path):
    none = np.array([])
    row = AlignedTarget(
        np.arange(3, 9), np.zeros(6), none, none, np.array([1, 4]), np.array([2, 1]), np.array([-0.5, -1.5])
    )
    write_aligned(tmp_path / "a.parquet", 501, [("p0", "t", 0, row)])
    targets = read_targets([tmp_path / "a.parquet"], [trace(0)])
    assert targets.chunks == 2 and targets.soft_tokens == 0
    assert targets[0].chunks.tolist() == [0, 1, 1, 0, 2, 0] and targets[0].chunk_logprobs.tolist() == [-0.5, -1.5]
