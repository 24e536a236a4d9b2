"""What happens around a run: stale reports go, stages of DVC refuse to be filed under what they were not built by."""

import json
from pathlib import Path
from typing import Any

import pytest

from specialize.core.errors import SpecializeError
from specialize.core.files import write_json
from specialize.core.locks import LockedError
from specialize.lineage import hooks, run_lock
from specialize.lineage import write_recipes as module
from specialize.lineage.kept_outputs import FOLDER
from specialize.lineage.recipe_snapshot import TIME_NS
from specialize.lineage.write_recipes import write_recipes

Tree = dict[str, Any]


@pytest.fixture
def looking(project: Path, tree: Tree, monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """A project with its params file, as working folder; what would run when the process ends."""
    registered: list[Any] = []
    # The code stands still, also while somebody works on src/.
    monkeypatch.setattr(module, "code_digest", lambda phase, package: f"code of {phase}")
    monkeypatch.setattr(hooks.atexit, "register", lambda call, *args: registered.append(lambda: call(*args)))
    monkeypatch.setattr(hooks.atexit, "unregister", lambda call: registered.clear())
    monkeypatch.delenv(hooks.STAGE_VARIABLE, raising=False)
    monkeypatch.chdir(project)
    save(tree)
    return registered


def save(tree: Tree) -> None:
    Path("params.yaml").write_text(json.dumps(tree))


def opened(builds: bool = True) -> hooks.Run:
    return hooks.open_project(Path(), lambda: builds)


def report_of(run: hooks.Run) -> None:
    """A report made by the recipes of `run`."""
    text = run.texts["report.json"]
    Path("results/report").mkdir(parents=True)
    Path("results/metrics.json").write_text("{}")
    state = {"size": 2, "sha256": "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"}
    provenance = {"phase": "report", "recipe": "results/recipes/report.json", "inputs": {}}
    provenance |= {"recipe_sha256": hooks.sha256_text(text), "outputs": {"results/metrics.json": state}}
    write_json(Path("results/report/provenance.json"), provenance)


def test_a_look_writes_no_recipe_that_a_tool_tracks(looking: list[Any]) -> None:
    run = opened(builds=False)
    for call in looking:
        call()
    assert not Path("results/recipes").exists()
    files = {path.relative_to(run.recipes).as_posix(): path for path in Path(run.recipes).rglob("*.json")}
    assert {name: path.read_text() for name, path in files.items()} == dict(run.texts)
    assert {path.stat().st_mtime_ns for path in files.values()} == {TIME_NS}


def test_the_snapshot_of_a_run_stays_when_params_change(looking: list[Any], tree: Tree) -> None:
    first = opened()
    tree["traces"]["ngram"] = 7
    save(tree)
    second = opened()
    assert first.recipes != second.recipes
    name = "traces.json"
    assert Path(first.recipes, name).read_text() == first.texts[name] != second.texts[name]


def test_recipes_are_written_when_jobs_start(looking: list[Any]) -> None:
    run = opened()
    hooks.begin_run(run, [])
    there = {
        p.relative_to("results/recipes").as_posix(): p.read_text() for p in Path("results/recipes").rglob("*.json")
    }
    assert there == dict(run.texts) and not looking
    assert hooks.UNRECORDED.exists()


def test_a_report_stands_only_while_it_is_of_these_params(looking: list[Any], tree: Tree) -> None:
    run = opened()
    report_of(run)
    hooks.begin_run(opened(), [])
    assert Path("results/metrics.json").exists()
    tree["report"]["title"] = "another"
    save(tree)
    run = opened()
    assert Path("results/metrics.json").exists(), "a look takes nothing away"
    hooks.begin_run(run, [])
    assert not Path("results/metrics.json").exists() and not Path("results/report").exists()


def test_a_stage_does_not_start_under_other_recipes(
    looking: list[Any], tree: Tree, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_recipes(dict(opened().texts), Path("results/recipes"))
    monkeypatch.setenv(hooks.STAGE_VARIABLE, "train@xs")
    opened()
    tree["traces"]["ngram"] = 7
    save(tree)
    with pytest.raises(SpecializeError, match=r"changed \(recipe traces\) since .*without --single-item"):
        opened()


@pytest.mark.parametrize("what", ["params", "recipe"])
def test_a_stage_fails_where_its_recipes_change_and_keeps_what_it_built(
    looking: list[Any], tree: Tree, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    write_recipes(dict(opened().texts), Path("results/recipes"))
    monkeypatch.setenv(hooks.STAGE_VARIABLE, "report")
    run = opened()
    hooks.begin_run(run, [])
    report_of(run)
    hooks.end_run(run)
    if what == "params":
        tree["report"]["title"] = "another"
        save(tree)
    else:
        Path("results/recipes/report.json").write_text("edited")
    with pytest.raises(SpecializeError, match="while this stage ran"):
        hooks.end_run(run)
    assert (FOLDER / "results/report/provenance.json/results/metrics.json").read_text() == "{}"


def test_a_stage_does_not_build_on_what_is_stale(looking: list[Any], tree: Tree) -> None:
    report_of(opened())
    tree["report"]["title"] = "another"
    save(tree)
    with pytest.raises(SpecializeError, match=r"results/report is not what params\.yaml"):
        hooks.begin_run(opened(), ["results/metrics.json"])
    assert not Path("results/metrics.json").exists()


def test_recipes_are_not_written_beside_a_run(project: Path) -> None:
    """`dvc repro` beside a snakemake would remove what that has built and not yet recorded."""
    run_lock.refuse_beside_runs(project)
    run_lock.join_runs(project)
    with pytest.raises(LockedError, match="at work in this folder"):
        run_lock.refuse_beside_runs(project)


def test_what_is_fresh_and_not_recorded_is_kept_before_dvc_runs(looking: list[Any]) -> None:
    report_of(opened())
    run = opened()
    assert all(verdict.fresh for verdict in run.verdicts.values()) and run.verdicts
    hooks.keep_unrecorded(Path(), run.verdicts)
    assert not FOLDER.exists(), "DVC knows everything"
    hooks.UNRECORDED.touch()
    hooks.keep_unrecorded(Path(), run.verdicts)
    assert (FOLDER / "results/report/provenance.json" / "results/metrics.json").read_text() == "{}"
