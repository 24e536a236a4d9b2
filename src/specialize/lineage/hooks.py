"""What happens around a run of Snakemake: before its workflow is parsed, when jobs start, and when they have ended.

Parameters, code and raw files are read once, when the run starts. What it builds is recorded under what was read then,
or not at all: inside a stage of DVC, which records whatever is in results/recipes/ at the end, a run refuses to start
under recipes other than those, and fails if they have changed when it ends.
"""

import atexit
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from specialize.core.errors import SpecializeError
from specialize.core.files import sha256_text
from specialize.core.params.load import Params, load_params
from specialize.lineage.file_hashes import file_state
from specialize.lineage.kept_outputs import forget, keep, kept_provenance, take_back
from specialize.lineage.preflight import check_local_starts
from specialize.lineage.provenance import all_provenance
from specialize.lineage.recipe_snapshot import prune_snapshots, take_snapshot
from specialize.lineage.retired import bring_back, put_back, set_aside
from specialize.lineage.run_lock import is_locked, join_runs
from specialize.lineage.staleness import Verdict, judge, mark
from specialize.lineage.write_recipes import recipe_texts, write_recipes

UNRECORDED = Path(".snakemake") / "unrecorded"
"""There from the start of a run until DVC has recorded it."""
REPORT = Path("results") / "report"
METRICS = Path("results") / "metrics.json"
WHILE = "while this stage ran: nothing is recorded, and what was built is kept. Run the same command again"
STAGE_VARIABLE = "DVC_STAGE"
"""Environment variable that DVC sets for the command of a stage."""


@dataclass(frozen=True)
class Run:
    """What one run of Snakemake uses."""

    project: Path
    params: Params
    texts: Mapping[str, str]
    """Recipes: file name below results/recipes/ → text."""
    recipes: str
    """Folder of their snapshot, from which the rules take them."""
    verdicts: Mapping[Path, Verdict]


def open_project(project: Path, builds: Callable[[], object]) -> Run:
    """Read what decides this run, make `project` ready for Snakemake.

    builds: whether this run is one that builds; looking changes nothing that a tool tracks.
    Raises SpecializeError where params.yaml is wrong or names a start that cannot be a student, or where a stage of DVC
    was begun under other recipes.
    """
    if message := join_runs(project):
        print(message, file=sys.stderr)
    params = load_params(project / "params.yaml")
    check_local_starts(params, project)
    texts = recipe_texts(params, project)
    if in_stage():
        _refuse_other_recipes(
            project,
            texts,
            "since results/recipes/ was written: run dvc without --single-item and --downstream",
        )
    brought = bring_back(project, folders_of(params))
    verdicts = judge(project, texts)
    mark(project, verdicts)
    run = Run(project, params, texts, take_snapshot(project, texts), verdicts)
    # Snakemake calls no hook where it finds nothing to do.
    atexit.register(_nothing_to_do, run, brought, builds)
    return run


def begin_run(run: Run, inputs: Iterable[str]) -> None:
    """Jobs start now: results/recipes/ follows, and what became stale must not be taken for a result of these params.

    inputs: files that the jobs of this run read and none of them makes.
    Raises SpecializeError where one of them is not what its recipe makes: another stage has to run first.
    """
    atexit.unregister(_nothing_to_do)
    remove_stale_report(run.project, run.verdicts)
    stale = {
        name: path.relative_to(run.project).parent.as_posix()
        for path, verdict in run.verdicts.items()
        if not verdict.fresh
        for name in verdict.provenance.outputs
    }
    if wrong := sorted({stale[name] for name in inputs if name in stale}):
        raise SpecializeError(
            f"{wrong[0]} is not what params.yaml and the code make now, and this stage does not build it: "
            "run `dvc repro` or `snakemake` without a target"
        )
    keep(
        run.project,
        {
            path: verdict.provenance
            for path, verdict in run.verdicts.items()
            if verdict.before and not verdict.own and path.parent != run.project / REPORT
        },
    )
    prune_snapshots(run.project)
    if not in_stage():
        (run.project / UNRECORDED).touch()
        write_recipes(dict(run.texts), run.project / "results" / "recipes")
        set_aside(run.project, folders_of(run.params))


def end_run(run: Run) -> None:
    """The jobs have ended well. Inside a stage of DVC: refuse to be recorded under other recipes than it was built by.

    Raises SpecializeError there; what was built is kept for the next run of the same recipes.
    """
    if not in_stage():
        bring_report_back(run.project, run.texts)
        forget(run.project)
        return
    try:
        _refuse_other_recipes(run.project, run.texts, WHILE)
        now = recipe_texts(load_params(run.project / "params.yaml"), run.project)
        if now != dict(run.texts):
            raise SpecializeError(_changed(run.texts, now, WHILE))
    except SpecializeError:
        keep_built(run)
        raise


def keep_built(run: Run) -> None:
    """Keep what is as these recipes make it: DVC removes the outputs of a stage that failed when it tries again."""
    found, _ = all_provenance(run.project / "results")
    digests = {f"results/recipes/{name}": sha256_text(text) for name, text in run.texts.items()}
    keep(run.project, {path: one for path, one in found.items() if digests.get(one.recipe) == one.recipe_sha256})


def remove_stale_report(project: Path, verdicts: Mapping[Path, Verdict]) -> None:
    """Remove metrics.json and the report unless present params and code would make them."""
    verdict = verdicts.get(project / REPORT / "provenance.json")
    if verdict is not None and verdict.fresh:
        return
    if verdict is not None and all((project / name).is_file() for name in verdict.provenance.outputs):
        keep(project, {project / REPORT / "provenance.json": verdict.provenance})
    (project / METRICS).unlink(missing_ok=True)
    shutil.rmtree(project / REPORT, ignore_errors=True)


def bring_report_back(project: Path, texts: Mapping[str, str]) -> None:
    """Put back a report that was removed because a job before it had to run, and that is right after all.

    The jobs of a run for a target, or after a kill, may give the same scores again, and do not build the report.
    """
    path = REPORT / "provenance.json"
    if (project / path).exists() or not (kept := kept_provenance(project, path)):
        return
    stale = {name for v in judge(project, texts).values() if not v.fresh for name in v.provenance.outputs}
    inputs = {name: file_state(project / name) for name in kept.inputs if (project / name).is_file()}
    if not stale & kept.inputs.keys() and kept.recipe_sha256 == sha256_text(texts["report.json"]):
        take_back(path, kept.recipe_sha256, inputs)


def in_stage() -> bool:
    """Whether this process is the command of a stage of DVC, or part of it."""
    return STAGE_VARIABLE in os.environ


def folders_of(params: Params) -> dict[str, Iterable[str]]:
    """Return the folders below results/ that hold one folder a name → the names that params know (`retired`)."""
    students, tokenizers = list(params.train.students), list(params.traces.tokenizers)
    return {
        **dict.fromkeys(("checkpoints", "predictions", "scores"), students),
        **dict.fromkeys(("traces/aligned", "traces/tokenizers"), tokenizers),
    }


def _nothing_to_do(run: Run, brought: Sequence[str], builds: Callable[[], object]) -> None:
    """The process ends and no job has started: it was a dry run, or everything was up to date."""
    if is_locked(run.project):  # a run beside this one decides what stands here, and records it when it ends
        return
    if not builds():
        put_back(run.project, brought)
    elif not in_stage() and (run.project / ".dvc").is_dir() and _is_unrecorded(run):
        environment = os.environ | {"PYTHONPATH": str(run.project / "src")}
        command = [sys.executable, str(run.project / "workflow" / "record_in_dvc.py"), "--nothing-built"]
        subprocess.run(command, cwd=run.project, env=environment, check=False)


def _is_unrecorded(run: Run) -> bool:
    """Whether dvc.lock may lack what is here, or results/recipes/ is not what all the fresh results are of."""
    lock = run.project / "dvc.lock"
    if (run.project / UNRECORDED).exists() or not lock.is_file() or b"<<<<<<< " in lock.read_bytes():
        return True
    return not recipes_hold(run.project, run.texts) and all(verdict.fresh for verdict in run.verdicts.values())


def recipes_hold(project: Path, texts: Mapping[str, str]) -> bool:
    """Whether results/recipes/ holds these recipes."""
    return _recipes_there(project, texts) == dict(texts)


def _recipes_there(project: Path, names: Iterable[str]) -> dict[str, str]:
    """Return file name below results/recipes/ → text; an empty one where none can be read."""
    there = {}
    for name in names:
        try:
            there[name] = (project / "results" / "recipes" / name).read_text(encoding="utf-8")
        except (OSError, ValueError):
            there[name] = ""
    return there


def _refuse_other_recipes(project: Path, texts: Mapping[str, str], when: str) -> None:
    there = _recipes_there(project, texts)
    if there != dict(texts):
        raise SpecializeError(_changed(texts, there, when))


def _changed(before: Mapping[str, str], after: Mapping[str, str], when: str) -> str:
    """Return what to say of recipes that differ."""
    names = sorted(name for name in {*before, *after} if before.get(name) != after.get(name))
    return f"params.yaml, code or raw files changed (recipe {names[0].removesuffix('.json')}) {when}"
