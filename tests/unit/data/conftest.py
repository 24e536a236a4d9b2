"""A small folder of raw files in upstream's layout (rows of our own), recipes, and the door."""

import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from small_sources import ASDIV, ASDIV_PROBLEM, BBH_PROMPT, Build, json_lines, parts

from specialize.data.__main__ import main
from specialize.data.benchmarks.bbh import TASKS
from specialize.lineage.recipe import recipe_text
from specialize.records.recipes import Recipe


@pytest.fixture(autouse=True)
def fresh_log() -> Iterator[None]:
    """The log keeps the stream that was standard error when it was made, which pytest has closed since."""
    logging.getLogger("specialize.data").handlers.clear()
    yield
    logging.getLogger("specialize.data").handlers.clear()


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Four rows per dataset, all well-formed."""
    folder = tmp_path / "raw"
    sums = [
        {"question": f"What is {n} and 2?", "answer": f"{n} + 2 = <<{n}+2={n + 2}>>{n + 2}\n#### {n + 2}"}
        for n in range(8)
    ]
    asdiv = [
        ASDIV_PROBLEM.format(id=f"a-{n}", body=f"Ed has {n} cats.", question="How many?", answer=f"{n} (cats)")
        for n in range(4)
    ]
    files = {
        "gsm8k/train.jsonl": json_lines(sums[:4]),
        "gsm8k/test.jsonl": json_lines(sums[4:]),
        "multiarith/MultiArith.json": json.dumps(
            [{"iIndex": 7, "sQuestion": f" Plus {n}? ", "lSolutions": [n + 0.0]} for n in range(4)]
        ),
        "svamp/SVAMP.json": json.dumps(
            [
                {"ID": f"chal-{n}", "Body": f"Al owns {n} hens", "Question": "How many?", "Answer": n + 0.0}
                for n in range(4)
            ]
        ),
        "asdiv/ASDiv.xml": ASDIV.format(problems="\n".join(asdiv)),
        "exemplars.jsonl": json_lines([{"question": "One and one?", "rationale": "1 + 1 = 2.", "answer": "2"}]),
    }
    for task in TASKS:
        files[f"bbh/bbh/{task}.json"] = json.dumps(
            {"canary": "x", "examples": [{"input": f"Say {task}.", "target": task}]}
        )
        files[f"bbh/cot-prompts/{task}.txt"] = BBH_PROMPT
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


@pytest.fixture
def build(tmp_path: Path, root: Path) -> Build:
    """Write a recipe of the params and run the door on it; the output is `tmp_path/problems`."""

    def run(**params: Any) -> int:
        params = {"source": "files", "datasets": parts(), **params}
        recipe = tmp_path / "data.json"
        recipe.write_text(
            recipe_text(Recipe(phase="data", name="data", params=params, code="", rules="", files={})), encoding="utf-8"
        )
        paths = [
            "--recipe",
            recipe,
            "--root",
            root,
            "--exemplars",
            root / "exemplars.jsonl",
            "--output",
            tmp_path / "problems",
        ]
        return main(["build", *map(str, paths)])

    return run
