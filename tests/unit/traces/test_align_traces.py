"""From completions and traces to aligned targets, as files."""

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from small_tokenizers import FAMILIES, certain, completion, vocabulary

from specialize.core.encoding import target_ids
from specialize.core.errors import RecordError
from specialize.core.params.traces import AlignmentParams
from specialize.records.coverage import Coverage, TokenCounts
from specialize.records.traces import Trace
from specialize.traces.align_traces import align_batch, write_targets
from specialize.traces.alignment.vocabulary import StudentVocabulary
from specialize.traces.inspect_alignment import coverage_lines, picture
from specialize.traces.logprob_batches import completion_batches, recorded_batches
from specialize.traces.tables import write_traces
from specialize.traces.tokenizers import load_tokenizer

PARAMS = AlignmentParams(target_temperature=1)


def files(folder: Path, numbers: list[int], reverse: bool = False) -> tuple[Path, Path]:
    """A file of traces of `numbers`, and one of their completions and one more."""
    traces = [
        Trace(problem_id=f"p{n:04}", teacher="t", sample=0, question="?", rationale=f"Tom has {n}.", answer=str(n))
        for n in numbers
    ]
    batches = []
    for n in [*numbers, 9999]:
        told = certain("Tom", " has", f" {n}", ".", "\n", "The", " answer", " is", f" {n}", "\n")
        row = completion(told).to_pylist()[0] | {"problem_id": f"p{n:04}"}
        batches.append(pa.RecordBatch.from_pylist([row], schema=completion(told).schema))
    table = pa.Table.from_batches(batches[::-1] if reverse else batches)
    write_traces(folder / "traces.parquet", traces)
    pq.write_table(table, folder / "part-00000.parquet")
    return folder / "traces.parquet", folder / "part-00000.parquet"


@pytest.mark.parametrize("family", FAMILIES)
def test_rows_follow_the_traces_whatever_the_order_of_completions(tmp_path: Path, family: str) -> None:
    numbers = list(range(5, 700))
    own = vocabulary(family)
    made = []
    for reverse in (False, True):
        coverage = write_targets(*files(tmp_path, numbers, reverse), own, PARAMS, tmp_path / "aligned.parquet")
        made.append(pq.read_table(tmp_path / "aligned.parquet"))
    assert made[0].equals(made[1])
    table = made[0]
    assert table["problem_id"].to_pylist() == [f"p{n:04}" for n in numbers]
    assert coverage.traces == coverage.aligned == len(numbers) and coverage.rejected == {}
    row = table.slice(0, 1).to_pylist()[0]
    assert row["ids"] == target_ids(own.tokenizer, ["Tom has 5.\nThe answer is 5"])[0]
    assert len(row["counts"]) == len(row["ids"]) and sum(row["counts"]) == len(row["soft_ids"]) == len(
        row["soft_probs"]
    )
    assert row["counts"][-1] == 0, "the end mark"
    assert sum(len(counts) for counts in table["counts"].to_pylist()) == coverage.all.tokens
    assert sum(map(bool, np.concatenate(table["counts"].to_numpy()))) == coverage.all.soft
    # Llama 3 and Qwen cut " 5" into " " and "5": the teacher's alternatives differ at the blank, "5" is certain behind it.
    assert (coverage.numbers.soft > 0) == (family not in ("llama3", "qwen"))
    assert coverage.numbers.soft <= coverage.numbers.tokens < coverage.all.tokens


def test_the_same_rows_make_the_same_bytes(tmp_path: Path) -> None:
    traces, completions = files(tmp_path, [5, 6])
    for name in ("a", "b"):
        write_targets(traces, completions, vocabulary("byte_level"), PARAMS, tmp_path / name)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_completions_without_tokens_are_one_hot(tmp_path: Path) -> None:
    traces, completions = files(tmp_path, [5, 6])
    pq.write_table(pq.read_table(completions).select(["problem_id", "teacher", "sample", "text"]), completions)
    coverage = write_targets(traces, completions, vocabulary("byte_level"), PARAMS, tmp_path / "aligned.parquet")
    assert coverage.rejected == {"no log-probabilities": 2} and coverage.all.soft == 0
    table = pq.read_table(tmp_path / "aligned.parquet")
    assert not np.concatenate(table["counts"].to_numpy()).any() and len(table) == 2


def test_a_shard_without_traces_makes_an_empty_file(tmp_path: Path) -> None:
    traces, completions = files(tmp_path, [])
    assert write_targets(traces, completions, vocabulary("byte_level"), PARAMS, tmp_path / "a") == Coverage()
    assert len(pq.read_table(tmp_path / "a")) == 0


def test_coverage_is_summed_and_read_again() -> None:
    one = Coverage(
        traces=2, aligned=1, rejected={"x": 1}, all=TokenCounts(tokens=4, soft=2, teacher_mass=2, kept_mass=1)
    )
    both = one.plus(Coverage(traces=1, rejected={"y": 1}, all=TokenCounts(tokens=4)))
    assert both.rejected == {"x": 1, "y": 1} and both.shares.model_dump() == {
        "all": {"soft": 0.25, "certain": 0.0, "chunked": 0.0, "mean_mass": 0.5, "mass_kept": 0.5},
        "numbers": {"soft": None, "certain": None, "chunked": None, "mean_mass": None, "mass_kept": None},
    }
    assert Coverage.model_validate_json(json.dumps(both.model_dump())) == both


CHAT = {"choices": [{"logprobs": {"content": [
    {"token": "é", "bytes": [195, 169], "logprob": -0.1,
     "top_logprobs": [{"token": "e", "bytes": None, "logprob": -3.0}, {"token": "é", "bytes": [195, 169], "logprob": -0.1}]}
]}}]}  # fmt: skip
LEGACY = {"choices": [{"logprobs": {
    "tokens": [" step", "bytes:\\xc3", "bytes:\\xa9"], "token_logprobs": [0.0, -0.1, -0.2],
    "top_logprobs": [{}, {"a": -2.0, "bytes: \\xc3": -1.0}, None],
}}]}  # fmt: skip


def test_recorded_responses_of_both_apis(tmp_path: Path) -> None:
    (tmp_path / "r.jsonl").write_text(f"{json.dumps(CHAT)}\n{json.dumps(LEGACY)}\n")
    chat, legacy = (batch.to_pylist()[0] for batch in recorded_batches(tmp_path / "r.jsonl"))
    assert (chat["text"], chat["tokens"], chat["top_tokens"]) == ("é", ["é".encode()], [["é".encode(), b"e"]])
    assert (legacy["text"], legacy["tokens"]) == ("é", [b"\xc3", b"\xa9"])
    assert legacy["top_tokens"] == [[b" \xc3", b"a"], []]


def test_completions_are_read_in_batches(tmp_path: Path) -> None:
    _, completions = files(tmp_path, list(range(20)))
    assert [len(batch) for batch in completion_batches(completions, rows=8)] == [8, 8, 5]


@pytest.mark.parametrize("method", ["bytes", "dtw"])
def test_real_completions_with_the_t5_tokenizer(shared_data: Path, tmp_path: Path, method: str) -> None:
    """Coverage of docs/explanation/alignment.md, and at most 30 bytes a token in the file."""
    own = StudentVocabulary(load_tokenizer(str(shared_data / "tokenizers" / "t5")))
    params = AlignmentParams(method=method, groups="merge" if method == "bytes" else "one_hot", target_temperature=1)
    path = shared_data / "teacher" / "codex_logprobs.jsonl"
    whole = Coverage()
    for _, one in coverage_lines(own, path, params):
        whole = whole.plus(one)
    assert whole.traces == whole.aligned == 53
    shares = whole.all.soft / whole.all.tokens, whole.numbers.soft / whole.numbers.tokens
    assert shares == pytest.approx((0.972, 1.0) if method == "bytes" else (0.775, 0.860), abs=5e-4)
    assert picture(own, path, 50, params).startswith("student ▁We")
    rows = pa.Table.from_batches(recorded_batches(path)).to_pylist()[:52]
    _traces_of(rows, tmp_path)
    write_targets(tmp_path / "traces.parquet", tmp_path / "c.parquet", own, params, tmp_path / "aligned.parquet")
    table = pq.read_table(tmp_path / "aligned.parquet")
    tokens = sum(map(len, table["ids"].to_pylist()))
    columns = [table[name].nbytes for name in table.column_names[3:]]
    assert tokens > 2000 and sum(columns) <= 30 * tokens, "in memory, before compression"
    assert (tmp_path / "aligned.parquet").stat().st_size <= 30 * tokens


@pytest.mark.parametrize("family", ["gpt2", "llama3", "qwen", "byte_fallback", "byte_fallback_prefix"])
def test_every_number_of_real_completions_is_covered_with_causal_tokenizers(shared_data: Path, family: str) -> None:
    """Digits singly, in threes or as they come: the teacher's distribution is known at each, or leaves no choice."""
    whole = Coverage()
    for _, one in coverage_lines(vocabulary(family), shared_data / "teacher" / "codex_logprobs.jsonl", PARAMS):
        whole = whole.plus(one)
    assert whole.traces == whole.aligned == 53
    assert whole.numbers.soft + whole.numbers.certain == whole.numbers.tokens > 400
    assert whole.all.soft + whole.all.certain > 0.97 * whole.all.tokens


def _traces_of(rows: list[dict[str, object]], folder: Path) -> None:
    from specialize.core.answers import rationale_of, strict_answer
    from specialize.traces.rationale import tidied

    rows = [row | {"problem_id": f"p{number:03}"} for number, row in enumerate(rows) if strict_answer(str(row["text"]))]
    schema = pa.Table.from_batches(completion(certain("a")).slice(0, 0) for _ in range(1)).schema
    pq.write_table(pa.Table.from_pylist(rows, schema=schema), folder / "c.parquet")
    write_traces(
        folder / "traces.parquet",
        [
            Trace(
                problem_id=str(row["problem_id"]), teacher=str(row["teacher"]), sample=0, question="?",
                rationale=tidied(rationale_of(str(row["text"])))[0], answer=strict_answer(str(row["text"])) or "",
            )
            for row in rows
        ],
    )  # fmt: skip


WHOLE = {"tokens": ["4"], "token_logprobs": [-1.0], "top_logprobs": [{"4": -1.0, "5": -2.0}]}
DAMAGED = [
    {"token_logprobs": ["high"]}, {"token_logprobs": [10**400]}, {"token_logprobs": {}}, {"token_logprobs": [True]},
    {"top_logprobs": [{"4": "likely"}]}, {"top_logprobs": [{"4": 10**400}]}, {"top_logprobs": [7]}, {"top_logprobs": "x"},
    {"tokens": [4]}, {"tokens": "4"}, {"tokens": ["4", "5"]}, {"tokens": [None]}, {"content": [7]},
    {"content": [{"token": 4}]}, {"content": [{"token": "4", "bytes": [999]}]}, {"content": [{"token": "4", "logprob": "x"}]},
    {"content": [{"token": "4", "logprob": 10**400}]}, {"content": [{"token": "4", "top_logprobs": 7}]},
]  # fmt: skip


@pytest.mark.parametrize("nested", [True, False])
@pytest.mark.parametrize("damage", DAMAGED, ids=lambda damage: str(damage)[:40])
def test_log_probabilities_in_no_known_shape_are_named(tmp_path: Path, damage: dict, nested: bool) -> None:
    row = {"choices": [{"text": "4", "logprobs": WHOLE | damage}]} if nested else {"logprobs": WHOLE | damage}
    (tmp_path / "a.jsonl").write_text(json.dumps(row) + "\n")
    with pytest.raises(RecordError, match=r"a\.jsonl:1: field 'logprobs'"):
        list(recorded_batches(tmp_path / "a.jsonl"))


def test_a_completion_too_long_for_the_table_of_dtw_takes_no_distributions(monkeypatch: pytest.MonkeyPatch) -> None:
    from specialize.traces.alignment import dtw

    monkeypatch.setattr(dtw, "MOST_CELLS", 3)
    words = vocabulary(FAMILIES[0])
    batch = completion(certain("Two", " eggs", " now"))
    found = align_batch(
        words,
        batch,
        ["Two eggs now\nThe answer is 2"],
        AlignmentParams(method="dtw", groups="one_hot", target_temperature=1),
    )
    assert found.coverage.all.soft == found.coverage.all.certain == 0
