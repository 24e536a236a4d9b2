"""Whatever stands in a user's file: problems, or an error that says what is wrong."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from specialize.core.errors import SpecializeError
from specialize.core.files import write_records
from specialize.core.params.datasets import DatasetParams
from specialize.data.declared.parse_rows import _Parser
from specialize.data.declared.read_table import read_table

CELLS = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 99) | st.floats() | st.text(max_size=4) | st.sampled_from("ABC(1/2"),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["label", "text", "A", "yes", "no", "0"]), inner, max_size=3)
    ),
    max_leaves=5,
)
ROWS = st.lists(st.dictionaries(st.sampled_from(["q", "a", "c"]), CELLS, max_size=3) | CELLS, min_size=1, max_size=4)
DECLARED = [
    {"answer": "a"},
    {"answer": "{a}", "answer_kind": "number"},
    {"answer": "a", "answer_kind": "numbers"},
    {"answer": "a.0", "answer_kind": "text", "rationale": "{c}"},
    {"answer": "a", "choices": "c"},
    {"answer": "a", "choices": ["a", "c"]},
    {"answer": "a", "answer_kind": "choice", "id": "c"},
]


@pytest.mark.parametrize("given_keys", DECLARED)
@given(rows=ROWS)
@settings(max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_rows(given_keys: dict[str, str], rows: list[object], tmp_path: Path) -> None:
    dataset = DatasetParams.model_validate({"role": "probe", "files": "x.json", "question": "q", **given_keys})
    try:
        parts = _Parser("mine", dataset).parse({"test": [(f"x.json[{n}]", row) for n, row in enumerate(rows)]})
    except SpecializeError as error:
        assert "mistake" in str(error)
    else:
        write_records(tmp_path / "test.jsonl", parts["test"])
        assert len({problem.id for problem in parts["test"]}) == len(rows)


@given(st.one_of(st.text(alphabet='ab,\t"\n\r\0é{}[]:1', max_size=40).map(str.encode), st.binary(max_size=30)))
@settings(max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture])
@pytest.mark.parametrize("ending", ["csv", "tsv", "json", "jsonl", "parquet"])
def test_any_bytes(ending: str, tmp_path: Path, content: bytes) -> None:
    path = tmp_path / f"x.{ending}"
    path.write_bytes(content)
    try:
        rows = read_table(path)
    except SpecializeError as error:
        assert str(path) in str(error)
    else:
        assert all(where.startswith(str(path)) for where, _ in rows)
