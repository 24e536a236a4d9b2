"""A start that cannot be a student is refused by `check` and before a run."""

import json

import pytest

from specialize.__main__ import main
from specialize.core.errors import CheckpointError
from specialize.core.files import write_json
from specialize.core.params.load import parse_params
from specialize.lineage.preflight import check_local_starts


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
    status = main(["check", "params.yaml"])
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
