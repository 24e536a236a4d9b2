"""An on-policy round in the DAG: answers, scores, targets and training, the same for Snakemake and DVC."""

import json

import pyarrow.parquet as pq
import pytest
import test_agreement
import test_records_of_a_run as records
from ruamel.yaml import YAML
from workspaces import Workspace

from specialize.records.aligned import aligned_schema
from specialize.records.completions import COMPLETIONS_SCHEMA
from specialize.records.coverage import Coverage
from specialize.records.predictions import Rollout
from specialize.records.traces import TEMPLATE_FIELD, TRACES_SCHEMA

ROUND = {"generate_rollouts": 1, "score_rollouts": 1, "align_rollouts": 1}
STUDENT = {"train_student": 1, "generate_predictions": 1, "score_predictions": 1, "build_report": 1}
STAGES = {"train@nano-op", "generate@nano-op", "evaluate@nano-op", "report"}
FOLDER = "results/starts/first"


def edit(workspace: Workspace, change) -> None:
    """Change the section `train` of params.yaml."""
    path = workspace.folder / "params.yaml"
    params = YAML().load(path)
    change(params["train"])
    YAML().dump(params, path)


def name_the_round(train) -> None:
    train["rounds"] = {"first": {"of": "nano", "tokenizer": "bpe"}}
    train["students"]["nano-op"] = {"start": "first", "tokenizer": "bpe"}


def lower_the_rate(train) -> None:
    train["students"]["nano-op"]["learning_rate"] = 4e-3


def change_the_seed(train) -> None:
    train["rounds"]["first"]["seed"] = 2


@pytest.fixture(scope="module")
def rounds(built, tmp_path_factory) -> tuple[Workspace, dict[str, int]]:
    """The built workspace with a round and a student that starts from it, and the jobs that this took."""
    workspace = built.copy(tmp_path_factory.mktemp("rounds") / "project")
    edit(workspace, name_the_round)
    with workspace.recorded() as jobs:
        workspace.snakemake()
    return workspace, dict(jobs)


def test_a_round_builds_upon_what_is_there_and_leaves_neither_tool_anything_to_do(rounds, built):
    workspace, jobs = rounds
    assert jobs == ROUND | STUDENT, "the student that answers is as it was"
    before = ("results/checkpoints/nano/", "results/scores/nano/", "results/traces/", "results/completions/")
    assert workspace.digests(*before) == built.digests(*before)
    assert workspace.snakemake("-n").nothing_to_do
    assert "up to date" in workspace.dvc("status").text
    assert workspace.dvc("repro").stages == []
    test_agreement.test_a_job_vouches_for_every_input_that_its_rule_names(workspace)
    assert "nano-op" in (workspace.folder / "results" / "report" / "table.txt").read_text()


def test_the_student_begins_where_the_other_ended(rounds):
    checkpoints = rounds[0].folder / "results" / "checkpoints"
    first, last = (
        json.loads((checkpoints / name / "manifest.json").read_text()) for name in ("nano-op/step-0", "nano/step-4")
    )
    assert first["files"]["model.safetensors"] == last["files"]["model.safetensors"]
    trained = json.loads((checkpoints / "nano-op" / "step-4" / "manifest.json").read_text())
    assert trained["files"]["model.safetensors"] != first["files"]["model.safetensors"]


def test_every_file_of_a_round_has_a_record(rounds):
    results = rounds[0].folder / "results"
    folder = rounds[0].folder / FOLDER
    vocabulary = len(json.loads((results / "traces/tokenizers/bpe/tokenizer.json").read_text())["model"]["vocab"])
    schemas = {
        "scored/scored.parquet": COMPLETIONS_SCHEMA,
        "aligned/traces.parquet": TRACES_SCHEMA.append(TEMPLATE_FIELD),
        "aligned/part-00000.parquet": aligned_schema(vocabulary),
    }
    for name, schema in schemas.items():
        assert pq.read_schema(folder / name).equals(schema), name
    records.lines_of(Rollout)(folder / "rollouts/rollouts.jsonl")
    records.json_of(Coverage)(folder / "aligned/coverage.json")
    made = {path.relative_to(folder).as_posix() for path in folder.rglob("*.*") if path.name != "provenance.json"}
    made = {name for name in made if not name.endswith((".gitignore", ".snakemake_timestamp"))}
    assert made == {*schemas, "rollouts/rollouts.jsonl", "aligned/coverage.json"}


def test_what_would_run_after_a_change(rounds, tmp_path):
    workspace = rounds[0].copy(tmp_path / "project")
    edit(workspace, change_the_seed)
    assert set(workspace.snakemake("-n").rules) == {*ROUND, *STUDENT, "all"}
    workspace.edit("params.yaml", "seed: 2", "seed: 1")
    assert workspace.snakemake("-n").nothing_to_do
    edit(workspace, lower_the_rate)
    assert set(workspace.snakemake("-n").rules) == {*STUDENT, "all"}


def test_without_a_round_nothing_of_it_is_there(built):
    assert not list((built.folder / "results").glob("**/rounds")) and not (built.folder / FOLDER).exists()
    stages = built.dvc("stage", "list", "--name-only").text.split()
    assert "train@nano" in stages and not {name.partition("@")[0] for name in stages} & {"rollouts", "score"}


@pytest.mark.slow
def test_another_rate_trains_that_student_again_and_scores_nothing_again(rounds, tmp_path):
    workspace = rounds[0].copy(tmp_path / "project")
    before = workspace.digests(FOLDER, "results/checkpoints/nano/")
    edit(workspace, lower_the_rate)
    with workspace.recorded() as jobs:
        assert set(workspace.dvc("repro").stages) == {"recipes", *STAGES}
    assert jobs == STUDENT and workspace.digests(FOLDER, "results/checkpoints/nano/") == before
    assert workspace.snakemake("-n").nothing_to_do and "up to date" in workspace.dvc("status").text


@pytest.mark.slow
def test_another_seed_asks_scores_aligns_and_trains_again_in_either_tool(rounds, tmp_path):
    one, other = (rounds[0].copy(tmp_path / name) for name in ("one", "other"))
    for workspace in (one, other):
        edit(workspace, change_the_seed)
    with one.recorded() as jobs:
        one.snakemake()
    assert jobs == ROUND | STUDENT
    stages = {"rollouts@first", "score@first", "align-rollouts@first", *STAGES}
    assert set(other.dvc("repro").stages) == {"recipes", *stages}
    assert one.digests() == other.digests() != rounds[0].digests()
    assert one.dvc("repro").stages == [] and other.snakemake("-n").nothing_to_do


@pytest.mark.slow
def test_a_pulled_clone_has_nothing_to_do_and_a_round_that_is_no_longer_named_disturbs_nobody(rounds, built, tmp_path):
    workspace = rounds[0].copy(tmp_path / "project")
    clone = test_agreement.pulled_clone(workspace, tmp_path)
    assert clone.snakemake("-n").nothing_to_do and "up to date" in clone.dvc("status").text
    edit(clone, lambda train: (train.pop("rounds"), train["students"].pop("nano-op")))
    with clone.recorded() as jobs:
        clone.snakemake()
    assert jobs == {"build_report": 1}
    metrics = "results/metrics.json"
    assert (clone.folder / metrics).read_bytes() == (built.folder / metrics).read_bytes()


@pytest.mark.slow
def test_pruning_keeps_the_checkpoint_that_a_round_begins_with(rounds, tmp_path):
    workspace = rounds[0].copy(tmp_path / "project")
    workspace.run("env", "PYTHONPATH=src", "python", "workflow/prune_checkpoints.py", "--keep", "selected")
    assert (workspace.folder / "results/checkpoints/nano/step-4/model.safetensors").is_file()
    edit(workspace, lower_the_rate)
    assert "train_student nano-op" in (ran := workspace.snakemake()).text and "train_student nano " not in ran.text
