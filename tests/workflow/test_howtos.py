"""The how-tos from a start to a served model: every command on the page, with a tiny model and a server of the same API."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import datasets
import pytest
from ruamel.yaml import YAML
from workspaces import BIN, PROJECT, Workspace, fresh

from specialize.core.files import write_records
from specialize.data.procedural.datasets import collect
from specialize.data.procedural.standalone import world_params
from specialize.teacher.simulated.teacher import MODEL
from tiny_starts import write_starts

pytestmark = [pytest.mark.slow, pytest.mark.timeout(3600)]
PAGES = ("qwen3_gsm8k", "serve")
SMALL = {
    "traces": {"ngram": None},  # all problems of the procedural world share their phrases
    "teacher": {"samples": 2, "max_tokens": 96, "shards": 1, "base_url": None},
    "train": {
        "steps": 4,
        "checkpoint_every": 2,
        "batch_tokens": 1000,
        "gradient_accumulation_steps": 2,
        "warmup_steps": 1,
    },
    "evaluate": {"items": 2, "max_new_tokens": 8, "batch_size": 8},
}
"""What a test cannot wait for; all else is as the page has it."""


def blocks(page: str, language: str) -> list[str]:
    text = (PROJECT / "docs" / "howto" / f"{page}.md").read_text(encoding="utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


def commands(page: str) -> list[str]:
    return [line.replace("step-2000", "step-4") for block in blocks(page, "bash") for line in block.splitlines()]


@pytest.fixture(scope="module")
def followed(tmp_path_factory):
    """The first page, followed to its end: the workspace and what each command said."""
    folder = tmp_path_factory.mktemp("howto")
    workspace, raw = fresh(folder / "project"), folder / "shared" / "data"
    world = collect(world_params(seed=1, train=24, evaluation=30, largest_number=20, mixture=1), ["world"])["world"]
    # The same ids, as folders: the Hub's copies are not to be had in a test.
    rows = {
        split: [{"question": p.question, "answer": f"{p.rationale}\n#### {p.answer}"} for p in problems]
        for split, problems in (("train", world.train), ("test", world.evaluation))
    }
    datasets.DatasetDict({name: datasets.Dataset.from_list(some) for name, some in rows.items()}).save_to_disk(
        str(raw / "openai" / "gsm8k")
    )
    write_starts(folder / "made")
    (raw / "Qwen").mkdir(parents=True)
    (folder / "made" / "qwen3").rename(raw / "Qwen" / "Qwen3-0.6B-Base")
    write_records(folder / "problems.jsonl", world.train)
    (page,) = blocks("qwen3_gsm8k", "yaml")
    params = YAML(typ="safe").load(page)
    serve = [sys.executable, "-m", "specialize.teacher", "serve", "--port", "0", "--with-parent", "--problems"]
    environment = os.environ | {"PYTHONPATH": str(PROJECT / "src")}
    with subprocess.Popen(
        [*serve, str(folder / "problems.jsonl")], env=environment, text=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
    ) as server:  # fmt: skip
        url = re.search(r"http://\S+", server.stdout.readline()).group()
        for section, sizes in SMALL.items():
            params[section] |= sizes
        params["teacher"] |= {"base_url": url, "model": MODEL}  # as this server names it
        params["data"]["datasets"]["gsm8k"]["validation"] = 4
        YAML().dump(params, workspace.folder / "params.yaml")
        said = {line: run(workspace, line) for line in commands("qwen3_gsm8k")}
        server.stdin.close()
    return workspace, said


def run(workspace: Workspace, line: str) -> str:
    environment = os.environ | {
        "PATH": f"{BIN}:{os.environ['PATH']}",
        "PYTHONPATH": "src",
        "SPECIALIZE_CACHE": str(workspace.folder / "cache"),
    }
    ran = subprocess.run(
        ["bash", "-c", line], cwd=workspace.folder, env=environment, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, f"{line}\n{(ran.stdout + ran.stderr)[-5000:]}"
    return ran.stdout + ran.stderr


def test_the_way_from_a_start_to_a_published_model(followed):
    workspace, said = followed
    text = "\n".join(said.values())
    assert "params.yaml: valid" in text and "Qwen/Qwen3-0.6B-Base: causal" in text and "-> " in text
    published = workspace.folder / "published" / "qwen3-gsm8k"
    assert json.loads((published / "config.json").read_text())["model_type"] == "qwen3"
    assert "datasets:\n- openai/gsm8k" in (published / "README.md").read_text()
    assert workspace.snakemake("-n").nothing_to_do, "weights of unselected checkpoints are gone, and nothing needs them"


def test_it_is_asked_and_served(followed, capsys, monkeypatch):
    workspace, _ = followed
    (workspace.folder / "questions.txt").write_text("What is 3 + 4?\nWhat is 5 + 6?\n")
    said = [run(workspace, line) for line in commands("serve")]
    assert said[1].count("-> ") == 2
    monkeypatch.chdir(workspace.folder)
    (code,) = blocks("serve", "python")
    exec(code, {})
    assert capsys.readouterr().out.strip()


def test_no_command_of_the_pages_is_left_out():
    assert {page: len(commands(page)) for page in PAGES} == {"qwen3_gsm8k": 9, "serve": 3}
    assert Path(PROJECT / "docs" / "howto" / "serve.md").is_file()
