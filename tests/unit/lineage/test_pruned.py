"""Which removed weights count as there."""

import pytest

from specialize.core.files import read_json, sha256_file, write_json
from specialize.lineage.provenance import all_provenance
from specialize.lineage.pruned import PRUNED, WEIGHTS, prune, removed_weights, write_removed
from specialize.lineage.staleness import judge
from specialize.records.checkpoints import CheckpointManifest
from specialize.records.provenance import FileState, Provenance
from specialize.records.recipes import Recipe

RECIPE = '{"of": "all"}'
NAMES = {"train/nano.json": RECIPE, "evaluate/generate.json": RECIPE, "evaluate.json": RECIPE}


def state(path) -> FileState:
    return FileState(size=path.stat().st_size, sha256=sha256_file(path))


def job(project, where: str, recipe: str, inputs: list[str], outputs: list[str]) -> None:
    from specialize.lineage.staleness import recipe_state

    made = Provenance(
        phase="train", recipe=f"results/recipes/{recipe}", recipe_sha256=recipe_state(RECIPE).sha256,
        inputs={name: state(project / name) for name in inputs}, outputs={name: state(project / name) for name in outputs},
    )  # fmt: skip
    write_json(project / where, made.model_dump())


@pytest.fixture
def scored(tmp_path):
    """One student, two checkpoints, predictions of both, a score."""
    (tmp_path / ".snakemake").mkdir()
    student, outputs = "results/checkpoints/nano", []
    for step in (0, 2):
        folder = tmp_path / student / f"step-{step}"
        (folder / "adapter").mkdir(parents=True)
        for name in ("model.safetensors", "config.json", "adapter/adapter_model.safetensors"):
            (folder / name).write_text(f"{name} {step}")
        files = {
            path.relative_to(folder).as_posix(): sha256_file(path)
            for path in sorted(folder.rglob("*"))
            if path.is_file()
        }
        recipe = Recipe(phase="train", name="train/nano", params={}, code="c", rules="r", files={})
        manifest = CheckpointManifest(
            parameters=1, recipe=recipe, recipe_sha256="0", inputs={}, start_commit=None, files=files, libraries={},
            python="3", machine="m", student="nano", step=step,
        )  # fmt: skip
        write_json(folder / "manifest.json", manifest.model_dump())
        outputs += [f"{student}/step-{step}/{name}" for name in (*files, "manifest.json")]
    job(tmp_path, f"{student}/provenance.json", "train/nano.json", [], outputs)
    predictions = [f"results/predictions/nano/step-{step}/world.parquet" for step in (0, 2)]
    for name in predictions:
        write_json(tmp_path / name, {})
    manifests = [f"{student}/step-{step}/manifest.json" for step in (0, 2)]
    job(tmp_path, "results/predictions/nano/provenance.json", "evaluate/generate.json", manifests, predictions)
    write_json(tmp_path / "results/scores/nano/step-0/world.json", {})
    score = ["results/scores/nano/step-0/world.json"]
    job(tmp_path, "results/scores/nano/provenance.json", "evaluate.json", predictions, score)
    return tmp_path


def stale(project) -> list[str]:
    verdicts = judge(project, NAMES)
    return [path.relative_to(project / "results").as_posix() for path, verdict in verdicts.items() if not verdict.fresh]


def test_nothing_is_stale_while_nothing_reads_them(scored):
    folder = scored / "results/checkpoints/nano/step-0"
    assert prune(folder) == len("model.safetensors 0") and prune(folder) == 0
    assert not (folder / "model.safetensors").exists() and (folder / "adapter" / "adapter_model.safetensors").exists()
    assert stale(scored) == []


@pytest.mark.parametrize(
    "why", ["predictions gone", "predictions edited", "recipe", "manifest edited", "pruned.json damaged"]
)
def test_weights_that_would_be_read_are_missing(scored, why):
    folder, answers = scored / "results/checkpoints/nano/step-0", scored / "results/predictions/nano"
    prune(folder)
    names = dict(NAMES)
    if why == "predictions gone":
        (answers / "provenance.json").unlink()
    elif why == "predictions edited":
        (answers / "step-2" / "world.parquet").write_text("[]")
    elif why == "manifest edited":
        (folder / "manifest.json").write_text("{}")
    elif why == "pruned.json damaged":
        (folder / PRUNED).write_text("{")
    else:
        names["evaluate/generate.json"] = '{"of": "another"}'
    verdicts = judge(scored, names)
    assert not verdicts[scored / "results/checkpoints/nano/provenance.json"].fresh


def test_what_was_removed_is_told_of_each_student_and_of_no_other(scored):
    folder = scored / "results/checkpoints/nano/step-0"
    weights = (folder / "model.safetensors").read_text()
    prune(folder)
    write_json(scored / WEIGHTS / "gone.json", {"removed": []})
    write_removed(scored, ["nano", "pico"])
    told = {path.stem: read_json(path) for path in (scored / WEIGHTS).iterdir()}
    name = "results/checkpoints/nano/step-0/model.safetensors"
    assert told == {"nano": {"removed": [name]}, "pico": {"removed": []}}
    (folder / "model.safetensors").write_text(weights)
    write_removed(scored, ["nano"])
    assert read_json(scored / WEIGHTS / "nano.json") == {"removed": []}, "it is there again"


def test_another_judge_reads_no_weights(scored):
    prune(scored / "results/checkpoints/nano/step-0")
    verdicts = judge(scored, NAMES | {"evaluate.json": '{"of": "another judge"}'})
    found = [path.parts[-3] for path, verdict in verdicts.items() if not verdict.fresh]
    assert found == ["scores"]


def test_a_kill_between_the_note_and_the_removal_does_no_harm(scored, monkeypatch):
    folder = scored / "results/checkpoints/nano/step-0"
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr("pathlib.Path.unlink", lambda *a, **k: (_ for _ in ()).throw(KeyboardInterrupt))
        prune(folder)
    assert stale(scored) == []
    assert prune(folder) > 0 and removed_weights(scored)[0].files and stale(scored) == []
    assert len(all_provenance(scored / "results")[0]) == 3
