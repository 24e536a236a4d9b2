"""`data.source: hub` through the real `datasets` library: local folders here, a fake Hub in test_fake_hub.py."""

import json
from pathlib import Path
from typing import Any

import pytest
from small_sources import Build, json_lines

from specialize.core.files import read_json, read_records
from specialize.data.benchmarks.bbh import TASKS
from specialize.records.problems import Problem


@pytest.fixture(autouse=True)
def offline(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The library reads its settings when it is first imported, which may have been long ago: set them where they are."""
    import datasets
    import huggingface_hub.constants

    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "cache")
    monkeypatch.setattr(datasets.config, "HF_HUB_OFFLINE", True, raising=False)
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def copies(folder: Path) -> dict[str, dict[str, Any]]:
    """Write copies in the shapes that the Hub has and return the section `data.datasets`."""
    import pyarrow as pa
    import pyarrow.parquet

    sums = [
        {"question": f"What is {n} and 2?", "answer": f"{n} + 2 = <<{n}+2={n + 2}>>{n + 2}\n#### {n + 2}"}
        for n in range(4)
    ]
    for split, rows in (("train", sums[:2]), ("test", sums[2:])):
        (folder / "gsm8k").mkdir(parents=True, exist_ok=True)
        pyarrow.parquet.write_table(pa.Table.from_pylist(rows), folder / "gsm8k" / f"{split}-00000-of-00001.parquet")
    write(folder / "multiarith" / "train.json", json.dumps([{"question": " Plus 1? ", "final_ans": "1"}]))
    write(folder / "multiarith" / "test.json", json.dumps([{"question": "Plus 2?", "final_ans": "2"}]))
    svamp = {
        "ID": "chal-7",
        "Body": "Al owns 2 hens",
        "Question": "How many?",
        "Equation": "2",
        "Answer": "2.0",
        "Type": "x",
    }
    write(folder / "svamp" / "test.jsonl", json_lines([svamp]))
    asdiv = {
        "body": "Ed has 9 cats,",
        "question": "how many?",
        "solution_type": "Sum",
        "answer": "9 (cats)",
        "formula": "9=9",
    }
    write(folder / "asdiv" / "test.jsonl", json_lines([asdiv]))
    for task in TASKS:
        write(folder / "bbh" / task / "test.jsonl", json_lines([{"input": f"Say {task}.", "target": task}]))
    configs = "".join(f"- config_name: {task}\n  data_files: {task}/test.jsonl\n" for task in TASKS)
    write(folder / "bbh" / "README.md", f"---\nconfigs:\n{configs}---\n")

    def part(name: str, role: str, **hub: Any) -> dict[str, Any]:
        return {"role": role, "hub": {"id": str(folder / name), **hub}}

    return {
        "gsm8k": part("gsm8k", "seed"),
        "multiarith": part(
            "multiarith",
            "out_of_distribution",
            test="train+test",
            columns={"sQuestion": "question", "lSolutions": "final_ans"},
        ),
        "svamp": part("svamp", "out_of_distribution"),
        "asdiv": part(
            "asdiv", "out_of_distribution", columns={"Body": "body", "Question": "question", "Answer": "answer"}
        ),
        "bbh": part("bbh", "generic", test="train"),
    }


def test_every_benchmark(build: Build, tmp_path: Path) -> None:
    assert build(source="hub", datasets=copies(tmp_path / "hub")) == 0
    splits = {
        name: summary["splits"] for name, summary in read_json(tmp_path / "problems" / "index.json")["datasets"].items()
    }
    assert splits == {
        "gsm8k": {"train": 2, "test": 2, "exemplars": 1},
        "multiarith": {"test": 2, "exemplars": 1},
        "svamp": {"test": 1, "exemplars": 1},
        "asdiv": {"test": 1, "exemplars": 1},
        "bbh": {"test": 27, "exemplars": 54},
    }
    found = {
        name: [(p.id, p.question, p.answer) for p in read_records(tmp_path / "problems" / name / "test.jsonl", Problem)]
        for name in splits
    }
    assert found["gsm8k"][0] == ("gsm8k/test/0", "What is 2 and 2?", "4")
    assert found["multiarith"] == [("multiarith/0", "Plus 1?", "1"), ("multiarith/1", "Plus 2?", "2")]
    assert found["svamp"] == [("svamp/chal-7", "Al owns 2 hens. How many?", "2")]
    assert found["asdiv"] == [("asdiv/0", "Ed has 9 cats, how many?", "9")]
    assert found["bbh"][3] == ("bbh/disambiguation_qa/0", "Say disambiguation_qa.", "disambiguation_qa")


def test_same_records_as_from_upstreams_files(build: Build, root: Path, tmp_path: Path) -> None:
    write(tmp_path / "hub" / "train.jsonl", (root / "gsm8k" / "train.jsonl").read_text())
    write(tmp_path / "hub" / "test.jsonl", (root / "gsm8k" / "test.jsonl").read_text())
    seed = {"role": "seed", "validation": 2}
    made = []
    for source in ("files", "hub"):
        assert build(source=source, datasets={"gsm8k": {**seed, "hub": {"id": str(tmp_path / "hub")}}}) == 0
        made.append({path.name: path.read_bytes() for path in (tmp_path / "problems" / "gsm8k").iterdir()})
    assert made[0] == made[1]


DECLARED = {"role": "seed", "question": "question", "answer": "answer"}


def test_train_and_evaluation_rows_from_two_repositories(build: Build, tmp_path: Path) -> None:
    parts = copies(tmp_path / "hub")
    platinum = {"question": "What is 9 and 9?", "answer": "18"}
    write(tmp_path / "platinum" / "data" / "checked.jsonl", json_lines([platinum]))
    other = {"id": str(tmp_path / "platinum"), "data_files": {"test": "data/checked.jsonl"}}
    seed = {**DECLARED, "hub": {**parts["gsm8k"]["hub"], "evaluation": other}}
    assert build(source="hub", datasets={"gsm8k-platinum": seed}) == 0
    folder = tmp_path / "problems" / "gsm8k-platinum"
    assert [p.answer for p in read_records(folder / "train.jsonl", Problem)] == ["2", "3"]
    assert [p.answer for p in read_records(folder / "test.jsonl", Problem)] == ["18"]


@pytest.mark.parametrize("with_splits", [True, False])
def test_folders_of_save_to_disk_below_the_root(build: Build, root: Path, tmp_path: Path, with_splits: bool) -> None:
    import datasets

    rows = [{"question": f"What is {n} and 2?", "answer": f"{n + 2}"} for n in range(20)]
    table = datasets.Dataset.from_list(rows)
    if with_splits:
        saved = {"train": table.select(range(15)), "dev": table.select(range(15, 20))}
        datasets.DatasetDict(saved).save_to_disk(str(root / "saved"))
    else:
        table.save_to_disk(str(root / "saved"))
    hub = {"id": "saved", "test": "dev"} if with_splits else {"id": "saved", "train": None}
    assert build(datasets={"sums": {**DECLARED, "hub": hub}}) == 0
    splits = read_json(tmp_path / "problems" / "index.json")["datasets"]["sums"]["splits"]
    assert splits["train"] + splits["test"] == 20 and splits["train"] > 9
    assert (splits["train"] == 15) == with_splits


def test_a_renamed_column_wins_over_one_of_upstreams_name(build: Build, tmp_path: Path) -> None:
    rows = [{"question": "Plus 1?", "sQuestion": "another", "lSolutions": [9], "final_ans": "1"}]
    write(tmp_path / "hub" / "test.jsonl", json_lines(rows))
    columns = {"sQuestion": "question", "lSolutions": "final_ans"}
    parts = copies(tmp_path / "copies")
    parts["multiarith"]["hub"] = {"id": str(tmp_path / "hub"), "columns": columns}
    assert build(source="hub", datasets={name: parts[name] for name in ("gsm8k", "multiarith")}) == 0
    (problem,) = read_records(tmp_path / "problems" / "multiarith" / "test.jsonl", Problem)
    assert (problem.question, problem.answer) == ("Plus 1?", "1")


def test_a_folder_without_splits_says_so(build: Build, root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    import datasets

    datasets.Dataset.from_list([{"question": "q", "answer": "1"}]).save_to_disk(str(root / "saved"))
    assert build(datasets={"sums": {**DECLARED, "hub": {"id": "saved"}}}) == 2
    assert (
        "saved:train: the Hub does not give this dataset: the folder was saved without splits"
        in capsys.readouterr().err
    )


SPOILED: list[tuple[str, dict[str, Any], str]] = [
    ("asdiv", {"columns": {"Body": "corpus"}}, "asdiv:test: field 'Body': expected a column 'corpus'"),
    ("asdiv", {"columns": {}}, "asdiv:test[0]: field 'Answer': expected the field to be there"),
    ("svamp", {"test": "dev"}, "svamp:dev: the Hub does not give this dataset: Unknown split"),
    ("svamp", {"config": "other"}, "svamp/other:test: the Hub does not give this dataset: "),
    ("gsm8k", {"id": "nobody/nothing"}, "nobody/nothing:train: the Hub does not give this dataset: "),
]


@pytest.mark.parametrize(("name", "change", "message"), SPOILED)
def test_errors_end_cleanly(
    build: Build, tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str, change: dict[str, Any], message: str
) -> None:
    datasets = copies(tmp_path / "hub")
    datasets[name]["hub"] |= change
    wanted = {each: datasets[each] for each in ("gsm8k", name)}
    assert build(source="hub", datasets=wanted) == 2
    said = capsys.readouterr().err
    assert message in said.splitlines()[-1]
    assert "Traceback" not in said and not (tmp_path / "problems").exists()


def test_bbh_from_the_hub_still_needs_upstreams_prompts(
    build: Build, root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    prompts = root / "bbh" / "cot-prompts"
    prompts.rename(root / "elsewhere")
    assert build(source="hub", datasets=copies(tmp_path / "hub")) == 2
    said = capsys.readouterr().err
    assert str(prompts) in said and "cot-prompts, also where the questions come from the Hub" in said
