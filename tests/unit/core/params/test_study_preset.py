"""The committed report of the first laptop study stands beside the parameters that made it, and nothing else."""

import hashlib
import json
from pathlib import Path

import pytest
from ruamel.yaml import YAML

PROJECT = Path(__file__).resolve().parents[4]
STUDY = PROJECT / "docs" / "study" / "first"


def params_digest(path: Path) -> str:
    """Return the digest of what a params file says, whatever its comments and layout."""
    said = YAML(typ="safe").load(path.read_text(encoding="utf-8"))
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()


def test_the_report_is_of_these_params():
    origin = json.loads((STUDY / "origin.json").read_text(encoding="utf-8"))
    assert origin["params"] == params_digest(STUDY / "params.yaml"), (
        "docs/study/first/params.yaml is not what the report beside it is of"
    )


@pytest.mark.parametrize("name", ["index.html", "table.txt", "verdicts.json"])
def test_every_file_is_the_one_that_the_run_left(name):
    origin = json.loads((STUDY / "origin.json").read_text(encoding="utf-8"))
    assert origin["files"][name] == hashlib.sha256((STUDY / name).read_bytes()).hexdigest()
