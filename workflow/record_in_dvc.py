"""Let DVC record what Snakemake has just built, so that `dvc repro` after `snakemake` finds nothing to do.

Called when a run of Snakemake ends, and by the next run where it was killed before. A stage is recorded only if every
job of it is fresh by its provenance, so a partial build records what it built and nothing else. Inside a DVC stage, and
where there is no DVC repository, there is nothing to do.

`--save NAME`: keep fresh results as an experiment. `--nothing-built`: no job ran, so the recipes that are right now
may be written first. `--run-cache`: only file what dvc.lock knows in DVC's run cache, before something else takes its
place.
"""

import logging
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from hashlib import md5
from pathlib import Path
from typing import Any

from dvc.config import Config
from dvc.exceptions import DvcException
from dvc.repo import Repo

from specialize.core.errors import SpecializeError
from specialize.core.params.load import Params, load_params
from specialize.lineage.hooks import METRICS, UNRECORDED, in_stage, recipes_hold, remove_stale_report
from specialize.lineage.pruned import PRUNED, write_removed
from specialize.lineage.staleness import Verdict, judge, mark
from specialize.lineage.write_recipes import recipe_texts, write_recipes

FOLDERS = {"data": "problems", "teacher": "completions", "traces": "traces"}


def built_stages(project: Path, params: Params, verdicts: Mapping[Path, Verdict]) -> list[str]:
    """Return the stages of dvc.yaml whose outputs are all there and fresh."""
    fresh_files = {
        path.relative_to(project / "results").as_posix() for path, verdict in verdicts.items() if verdict.fresh
    }

    def fresh(*names: str) -> bool:
        return all(f"{name}provenance.json" in fresh_files for name in names)

    built = [phase for phase, folder in FOLDERS.items() if fresh(f"{folder}/")]
    shards = range(params.teacher.shards)
    for tokenizer in params.traces.tokenizers:
        aligned = [f"traces/aligned/{tokenizer}/part-{shard:05d}." for shard in shards]
        if fresh(f"traces/tokenizers/{tokenizer}/", f"traces/aligned/{tokenizer}/", *aligned):
            built.append(f"align@{tokenizer}")
    built += [f"start@{start}" for start in params.train.starts if fresh(f"starts/{start}/")]
    steps = {"rollouts": "rollouts", "score": "scored", "align-rollouts": "aligned"}
    for name in params.train.rounds:
        built += [f"{stage}@{name}" for stage, folder in steps.items() if fresh(f"starts/{name}/{folder}/")]
    for student in params.train.students:
        if fresh(f"checkpoints/{student}/"):
            built.append(f"train@{student}")
        if fresh(f"predictions/{student}/"):
            built.append(f"generate@{student}")
        if fresh(f"scores/{student}/"):
            built.append(f"evaluate@{student}")
    return [*built, "report"] if fresh("report/") else built


def main(arguments: Sequence[str]) -> None:
    project = Path()
    if not (project / ".dvc").is_dir() or not (project / "dvc.yaml").is_file():
        UNRECORDED.unlink(missing_ok=True)
        return
    if "--run-cache" in arguments:
        fill_run_cache(project)
        return
    if in_stage():
        return
    if "--save" in arguments:
        sys.exit(save_experiment(project, arguments[arguments.index("--save") + 1]))
    try:
        params = load_params(project / "params.yaml")
        texts = recipe_texts(params, project)
        verdicts = judge(project, texts)
        if "--nothing-built" in arguments:
            write_recipes(texts, project / "results" / "recipes")
            remove_stale_report(project, verdicts)
        write_removed(project, params.train.students)
        stages = ["recipes", *built_stages(project, params, verdicts)] if recipes_hold(project, texts) else []
        done = bool(stages) and record(project, stages, texts)
    except (DvcException, SpecializeError, SyntaxError) as error:
        print(f"DVC could not record this run: {error}{_help(project)}", file=sys.stderr)
        return
    if not done:
        print(
            "params.yaml, code or raw files changed during this run: DVC has recorded nothing. Run the same command "
            "again.",
            file=sys.stderr,
        )
        return
    # DVC has written some files anew, with new times.
    mark(project, judge(project, texts))
    UNRECORDED.unlink(missing_ok=True)
    print(f"DVC has recorded {len(stages)} stages in dvc.lock", file=sys.stderr)
    for name in unverified_remotes(project):
        print(
            f"DVC remote '{name}' is believed without a look: whoever can write there can replace results. "
            f"Run `dvc remote modify {name} verify true` (docs/howto/remotes.md)",
            file=sys.stderr,
        )


def unverified_remotes(project: Path) -> list[str]:
    """Return the DVC remotes whose files are not hashed when they are pulled."""
    remotes = Config(str(project / ".dvc"))["remote"]
    return sorted(name for name, remote in remotes.items() if not remote.get("verify"))


def save_experiment(project: Path, name: str) -> int:
    """`dvc exp save` for results that are all fresh; return the exit status.

    A plain `dvc exp save` is refused, since it files whatever stands there (the first stage of dvc.yaml).
    """
    texts = recipe_texts(load_params(project / "params.yaml"), project)
    verdicts = judge(project, texts)
    stale = [path.as_posix() for path, verdict in verdicts.items() if not verdict.fresh]
    if stale or not recipes_hold(project, texts) or not (project / METRICS).is_file():
        what = stale[0] if stale else METRICS
        print(f"{what}: not what params.yaml and the code make now. Run `make` first", file=sys.stderr)
        return 2
    with Repo(str(project)) as repo:
        stages = [stage.addressing for stage in repo.index.stages if not stage.frozen]
    command = [sys.executable, "-m", "dvc", "exp", "save", *(["--name", name] if name else []), *stages]
    return subprocess.run(command, cwd=project, check=False).returncode


def _help(project: Path) -> str:
    lock = project / "dvc.lock"
    if lock.is_file() and b"<<<<<<< " in lock.read_bytes():
        return (
            "\ndvc.lock holds conflict markers of a merge. Remove the file: `rm dvc.lock`, then run `snakemake` again, "
            "which records what is fresh."
        )
    return "\nThe results of finished jobs stay. To record them: PYTHONPATH=src python workflow/record_in_dvc.py"


def record(project: Path, names: Sequence[str], texts: Mapping[str, str]) -> bool:
    """`dvc commit --force`, and an entry in DVC's run cache for each stage, as if `dvc repro` had run it.

    So a later `dvc repro` or `dvc exp run` with the same recipe restores what Snakemake has built (row T8). DVC's own
    command files whatever it reads in the run cache before anybody can look at it; here nothing is filed before that.

    texts: the recipes by which results were found fresh. Where DVC has read another recipe, written at that moment,
    nothing is written, and False is returned. Raises DvcException.
    """
    digests = {f"results/recipes/{name}": md5(text.encode()).hexdigest() for name, text in texts.items()}
    logging.getLogger("dvc").setLevel(logging.WARNING)  # as `dvc commit --quiet`
    with Repo(str(project)) as repo, repo.lock:
        save_run_cache(repo)
        stages = [repo.stage.get_target(name) for name in names]
        for stage in stages:
            stage.save(run_cache=False)
        seen = [(Path(dep.fs_path), dep.hash_info.value) for stage in stages for dep in stage.deps]
        read = [(Path(os.path.relpath(path, project.resolve())).as_posix(), digest) for path, digest in seen]
        if any(digests.get(name, digest) != digest for name, digest in read):
            return False
        for stage in stages:
            stage.commit()
            stage.dump(update_pipeline=False)
            if not has_pruned(stage):
                repo.stage_cache.save(stage)
    return True


def has_pruned(stage: Any) -> bool:
    """Whether an output of a stage holds checkpoints without weights. The run cache keeps the whole ones, so that DVC
    can restore the weights when something has to read them."""
    return any(next(Path(out.fs_path).glob(f"step-*/{PRUNED}"), None) for out in stage.outs)


def fill_run_cache(project: Path) -> None:
    """File every stage of dvc.lock in DVC's run cache: after a pull it has no entry, and would be built again later."""
    logging.getLogger("dvc").setLevel(logging.ERROR)
    try:
        with Repo(str(project)) as repo:
            save_run_cache(repo)
    except DvcException as error:
        print(f"DVC's run cache was not filled: {error}", file=sys.stderr)


def save_run_cache(repo: Repo) -> None:
    """The same, of an open repository. Only stages whose outputs are in the cache, by the hashes of dvc.lock."""
    for stage in repo.index.stages:
        if stage.is_data_source or not stage.outs or any(out.hash_info.value is None for out in stage.outs):
            continue
        if any(dep.hash_info.value is None for dep in stage.deps) or not all(o.use_cache for o in stage.outs):
            continue
        if has_pruned(stage):
            continue
        with suppress(DvcException, OSError):  # a dependency that is not here cannot be part of an entry
            repo.stage_cache.save(stage)


if __name__ == "__main__":
    main(sys.argv[1:])
