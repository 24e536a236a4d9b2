"""A small project and a small package: recipes and digests are tested on copies, never on the real folders."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

from specialize.lineage.write_recipes import PHASES

# The machines are shared: how long one example takes says nothing.
settings.register_profile("core", deadline=None)
settings.load_profile("core")


@pytest.fixture
def tree() -> dict[str, Any]:
    """A valid params.yaml, decoded; each test gets its own and spoils it as it likes."""
    shape = {"d_model": 8, "d_kv": 4, "d_ff": 8, "num_layers": 1, "num_heads": 2}
    return {
        "data": {
            "source": "files",
            "root": "raw",
            "datasets": {
                "gsm8k": {"role": "seed"},
                "multiarith": {"role": "out_of_distribution", "validation": 2},
            },
        },
        "teacher": {"recorded": ["teacher/recorded.json"]},
        "traces": {"tokenizers": {"words": {}}},
        "train": {
            "steps": 20,
            "checkpoint_every": 10,
            "batch_tokens": 64,
            "formats": {"zero_shot_chain_of_thought": 1.0},
            "starts": {"random": {"tokenizer": "words", "architecture": shape}},
            "students": {
                "xs": {"start": "random", "tokenizer": "words"},
                "s": {"start": "random", "tokenizer": "words"},
            },
        },
        "evaluate": {"formats": ["zero_shot_chain_of_thought"], "generic_formats": ["answer_only"]},
        "report": {},
    }


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project folder with raw files and a rule file per phase."""
    folder = tmp_path / "project"
    for name, text in {
        "raw/gsm8k/train.jsonl": "train\n",
        "raw/gsm8k/test.jsonl": "test\n",
        "raw/multiarith/MultiArith.json": "[]\n",
        "raw/teacher/recorded.json": "[]\n",
        "prompts/maths.jsonl": "{}\n",
        "workflow/common.smk": "PARAMS = 1\n",
        "workflow/names.smk": "STEPS = 1\n",
        **{
            f"workflow/{phase}.smk": f'rule {phase}:\n    shell:\n        "python -m specialize.{phase}"\n'
            for phase in PHASES
        },
    }.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


@pytest.fixture
def small_package(tmp_path: Path) -> Callable[[dict[str, str]], Path]:
    """Make a package of the given modules: name below `specialize` → code."""

    def make(modules: dict[str, str]) -> Path:
        folder = tmp_path / "small" / "specialize"
        for name, code in {"__init__": "", **modules}.items():
            path = folder.joinpath(*name.split(".")).with_suffix(".py")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(code, encoding="utf-8")
        return folder

    return make
