"""A start that cannot be a student is refused by `check` and before a run."""

import json
from pathlib import Path

import pytest

from specialize.__main__ import main
from specialize.core.errors import CheckpointError
from specialize.core.files import write_json
from specialize.core.params.load import load_params, parse_params
from specialize.lineage.preflight import check_local_starts, unpinned

PRESET = Path(__file__).resolve().parents[3] / "presets" / "paper.yaml"


@pytest.mark.parametrize(
    ("model_type", "weights", "message"),
    [
        ("bert", "model.safetensors", "train.starts.given.source: model type 'bert' cannot be a student"),
        ("llama", "pytorch_model.bin", "has no *.safetensors. Pickled weights"),
        ("llama", "model.safetensors", None),
    ],
)
def test_local_folders_are_judged_by_their_config(tree, project, capsys, monkeypatch, model_type, weights, message):
    tree["train"]["starts"]["given"] = {"source": "models/given", "tokenizer": "words"}
    folder = project / "raw" / "models" / "given"
    write_json(folder / "config.json", {"model_type": model_type})
    (folder / weights).write_bytes(b"")
    write_json(project / "params.yaml", tree)  # JSON is YAML
    monkeypatch.chdir(project)
    status = main(["check", "--quick", "params.yaml"])
    said = capsys.readouterr()
    if message is None:
        assert status == 0 and said.out.startswith("params.yaml: valid\n  checkpoints: about ")
        return
    assert status == 2 and message in said.err
    with pytest.raises(CheckpointError):
        check_local_starts(parse_params(json.loads(json.dumps(tree)), "params.yaml"), project)


def test_ids_and_folders_that_are_not_here_are_left_to_training(tree, project):
    tree["train"]["starts"]["hub"] = {"source": "google/flan-t5-base", "tokenizer": "words"}
    check_local_starts(parse_params(tree, "params.yaml"), project)


def test_what_the_hub_may_change_is_named(tree, project, capsys, monkeypatch):
    revision = "7bcac572ce56db69c1ea7c8af255c5d7c9672fc2"
    tree["train"]["starts"]["pinned"] = {"source": "google/flan-t5-base", "tokenizer": "words", "revision": revision}
    tree["train"]["starts"]["hub"] = {"source": "google/flan-t5-base", "tokenizer": "words"}
    tree["data"]["datasets"]["gsm8k"] |= {"source": "hub", "hub": {"id": "openai/gsm8k"}}
    keys = ["train.starts.hub", "data.datasets.gsm8k.hub"]
    assert unpinned(parse_params(tree, "params.yaml"), project) == keys
    write_json(project / "params.yaml", tree)
    monkeypatch.chdir(project)
    assert main(["check", "params.yaml"]) == 0
    assert "no revision" in (said := capsys.readouterr().err) and all(key in said for key in keys)


def test_the_papers_preset_pins_all_that_it_loads():
    assert unpinned(load_params(PRESET), PRESET.parents[1]) == []
