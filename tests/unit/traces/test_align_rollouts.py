"""A student's scored answers as targets: as they stand, with the end mark of those that ended."""

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from small_tokenizers import certain, completion, vocabulary

from specialize.core.encoding import target_ids
from specialize.core.errors import RecordError
from specialize.core.files import write_records
from specialize.core.params.traces import AlignmentParams
from specialize.core.prompt_formats import prompt, target
from specialize.records.predictions import FinishReason, Rollout
from specialize.records.problems import Problem
from specialize.records.prompt_style import PromptTemplate
from specialize.traces.align_rollouts import write_rollouts
from specialize.traces.tables import read_traces
from specialize.traces.tokenizers import save_tokenizer

OWN = PromptTemplate(chain_of_thought="{question} Think.", answer="Answer: {answer}")
PROBLEM = Problem(id="d/1", dataset="d", question="How many?", answer="17", kind="number", template=OWN)
ANSWERS: list[tuple[list[str], FinishReason | None]] = [
    (["Tom", "  has", " **", "12", "\n", "The", " answer", " is", " 17", ".", " Bye"], "stop"),
    (["Tom", " has", " 12"], "length"),
    (["12", " + 5"], None),
    (["The", " answer", " is", " 10"], "new_question"),
]


def files(folder: Path, without: int | None = None) -> None:
    rows = []
    for number, (tokens, _) in enumerate(ANSWERS):
        row = completion(certain(*tokens)).to_pylist()[0] | {"problem_id": "d/1", "sample": number}
        if number == without:
            nothing = [[] for _ in tokens]
            row |= {"top_tokens": nothing, "top_logprobs": nothing, "token_logprobs": [None for _ in tokens]}
        rows.append(row)
    pq.write_table(pa.Table.from_pylist(rows, schema=completion(certain("a")).schema), folder / "scored.parquet")
    rollouts = [
        Rollout(problem_id="d/1", student="s", sample=number, text="".join(tokens), finish_reason=reason)
        for number, (tokens, reason) in enumerate(ANSWERS)
    ]
    write_records(folder / "rollouts.jsonl", rollouts)
    write_records(folder / "problems.jsonl", [PROBLEM])
    save_tokenizer(vocabulary("byte_level").tokenizer, folder / "tokenizer")


def write(folder: Path) -> list[dict]:
    paths = [folder / name for name in ("problems.jsonl", "rollouts.jsonl", "scored.parquet", "tokenizer")]
    write_rollouts(*paths, AlignmentParams(target_temperature=1), folder / "out")
    return pq.read_table(folder / "out" / "part-00000.parquet").to_pylist()


def test_an_answer_is_its_own_target_and_ends_where_it_ended(tmp_path: Path) -> None:
    files(tmp_path)
    rows, tokenizer = write(tmp_path), vocabulary("byte_level").tokenizer
    traces = read_traces(tmp_path / "out" / "traces.parquet")
    texts = ["".join(tokens) for tokens, _ in ANSWERS]
    assert [row["ids"] for row in rows] == [target_ids(tokenizer, [text])[0] for text in texts]
    for trace, text in zip(traces, texts, strict=True):
        assert target("zero_shot_chain_of_thought", trace.rationale, trace.answer, trace.template) == text
        asked = prompt("zero_shot_chain_of_thought", trace.question, trace.template)
        assert asked == "How many? Think.", "as the student was asked"
    for row, (_, reason) in zip(rows, ANSWERS, strict=True):
        assert row["counts"][0] == 2, "the sampled token and a full stop"
        assert row["counts"][-1] == (reason in ("stop", "new_question"))
        assert sum(row["counts"]) == len(row["soft_ids"]) == len(row["soft_probs"])
        if row["counts"][-1]:
            assert (row["soft_ids"][-1], row["soft_probs"][-1]) == (tokenizer.eos_token_id, 1.0)
    assert json.loads((tmp_path / "out" / "coverage.json").read_text())["aligned"] == len(ANSWERS)


def test_an_answer_of_which_the_teacher_says_nothing_is_left_out(tmp_path: Path) -> None:
    files(tmp_path, without=0)
    assert [row["sample"] for row in write(tmp_path)] == [1, 2, 3]
    files(tmp_path)
    pq.write_table(pq.read_table(tmp_path / "scored.parquet").slice(0, 0), tmp_path / "scored.parquet")
    with pytest.raises(RecordError, match=r"scored\.parquet.*the teacher's distribution somewhere"):
        write(tmp_path)
