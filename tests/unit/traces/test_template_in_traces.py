"""A dataset's template goes from problem to trace, through the table, into the targets that are aligned."""

from pathlib import Path

import pyarrow.parquet as pq

from specialize.core.params.traces import FilterParams
from specialize.records.completions import Completion
from specialize.records.problems import Problem
from specialize.records.prompt_style import PromptTemplate
from specialize.records.traces import TRACES_SCHEMA
from specialize.traces.align_traces import _texts_of
from specialize.traces.filter.steps import filter_completions
from specialize.traces.rationale import target_origins
from specialize.traces.tables import read_traces, write_traces

WORDS = PromptTemplate(answer="#### {answer}")


def traces_with(template: PromptTemplate | None, path: Path) -> Path:
    problem = Problem(id="d/0", dataset="d", question="2 + 2?", answer="4", kind="number", template=template)
    completion = Completion(problem_id="d/0", teacher="t", sample=0, text="2 + 2 = 4. The answer is 4")
    traces = filter_completions([completion], [problem], [], FilterParams()).traces
    write_traces(path, traces)
    assert read_traces(path) == traces and traces[0].template == template
    return path


def test_a_template_reaches_the_aligned_targets(tmp_path: Path) -> None:
    traces = traces_with(WORDS, tmp_path / "traces.parquet")
    assert _texts_of(traces, traces) == {("d/0", "t", 0): "2 + 2 = 4.\n#### 4"}


def test_distributions_reach_the_reasoning_before_an_answer_line_of_its_own() -> None:
    completion = "2 + 2 = **4**. The answer is 4"
    places = target_origins(completion, "2 + 2 = 4.\n#### 4")
    assert places is not None and [completion[place] for place in places if place >= 0] == list("2 + 2 = 4. ")
    assert (places[11:] == -1).all()
    assert target_origins(completion, "2 + 2 = 5.\n#### 4") is None
    assert target_origins("2 + 2 = 4. The answer is 4", "2 + 2 = 4.\nSo be it.\n#### 4") is None


def test_without_one_the_table_is_what_it_was(tmp_path: Path) -> None:
    traces = traces_with(None, tmp_path / "traces.parquet")
    assert pq.read_schema(traces).equals(TRACES_SCHEMA)
    assert _texts_of(traces, traces) == {("d/0", "t", 0): "2 + 2 = 4.\nThe answer is 4"}
