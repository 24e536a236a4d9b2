"""Let DVC record what Snakemake has just built, so that `dvc repro` after `snakemake` finds nothing to do.

Called when a run of Snakemake ends, and by the next run where it was killed before. A stage is recorded only if every
job of it is fresh by its provenance, so a partial build records what it built and nothing else. Inside a DVC stage, and
where there is no DVC repository, there is nothing to do.
"""

import logging
import os
import sys
from collections.abc import Mapping, Sequence
from hashlib import md5
from pathlib import Path

from dvc.exceptions import DvcException
from dvc.repo import Repo

from specialize.core.errors import SpecializeError
from specialize.core.params.load import load_params
from specialize.lineage.hooks import UNRECORDED
from specialize.lineage.staleness import settle
from specialize.lineage.write_recipes import recipe_texts

PHASES = {"data": "problems", "teacher": "completions", "traces": "traces"}


def built_stages(project: Path) -> list[str]:
    """Return the stages of dvc.yaml whose outputs are all there and fresh."""
    params = load_params(project / "params.yaml")
    verdicts = {path.relative_to(project / "results").as_posix(): why for path, why in settle(project).items()}

    def fresh(*names: str) -> bool:
        return all(verdicts.get(f"{name}provenance.json") == [] for name in names)

    built = [phase for phase, folder in PHASES.items() if fresh(f"{folder}/")]
    shards = range(params.teacher.shards)
    for tokenizer in params.traces.tokenizers:
        aligned = [f"traces/aligned/{tokenizer}/part-{shard:05d}." for shard in shards]
        if fresh(f"traces/tokenizers/{tokenizer}/", f"traces/aligned/{tokenizer}/", *aligned):
            built.append(f"align@{tokenizer}")
    built += [f"start@{start}" for start in params.train.starts if fresh(f"starts/{start}/")]
    for student in params.train.students:
        if fresh(f"checkpoints/{student}/"):
            built.append(f"train@{student}")
        steps = [f"scores/{student}/step-{step}/" for step in params.train.checkpoint_steps]
        if fresh(f"scores/{student}/", *steps):
            built.append(f"evaluate@{student}")
    return [*built, "report"] if fresh("report/") else built


def recipes_hold(project: Path, texts: Mapping[str, str]) -> bool:
    """Whether the recipes are still those that params.yaml and code ask for: DVC would vouch for the new ones."""
    folder = project / "results" / "recipes"
    return all((folder / name).is_file() and (folder / name).read_text() == text for name, text in texts.items())


def main() -> None:
    project = Path()
    is_repository = (project / ".dvc").is_dir() and (project / "dvc.yaml").is_file() and (project / ".git").exists()
    if not is_repository or "DVC_STAGE" in os.environ:
        UNRECORDED.unlink(missing_ok=True)
        return
    try:
        texts = recipe_texts(load_params(project / "params.yaml"), project)
        stages = ["recipes", *built_stages(project)] if recipes_hold(project, texts) else []
        done = bool(stages) and record(project, stages, texts)
    except (DvcException, SpecializeError, SyntaxError) as error:
        print(
            f"DVC has not recorded this run: {error}\nThe results are there and safe. To record them: "
            "PYTHONPATH=src python workflow/record_in_dvc.py",
            file=sys.stderr,
        )
        return
    if not done:
        print(
            "Params or code changed during this run: DVC has recorded nothing. Run the same command again.",
            file=sys.stderr,
        )
        return
    # DVC has written some files anew, with new times.
    settle(project)
    UNRECORDED.unlink(missing_ok=True)
    print(f"DVC has recorded {len(stages)} stages in dvc.lock", file=sys.stderr)


def record(project: Path, stages: Sequence[str], texts: Mapping[str, str]) -> bool:
    """`dvc commit --force`, and an entry in DVC's run cache for each stage, as if `dvc repro` had run it.

    So a later `dvc repro` or `dvc exp run` with the same recipe restores what Snakemake has built (row T8).

    texts: the recipes by which results were found fresh. A dry run beside this may lend others at any moment: where DVC
    has read another, dvc.lock is as it was, and False is returned. Raises DvcException.
    """
    lock = project / "dvc.lock"
    before = lock.read_bytes() if lock.is_file() else None
    digests = {f"results/recipes/{name}": md5(text.encode()).hexdigest() for name, text in texts.items()}
    logging.getLogger("dvc").setLevel(logging.WARNING)  # as `dvc commit --quiet`
    with Repo(str(project)) as repo:
        committed = [stage for name in stages for stage in repo.commit(name, force=True)]
        seen = [(Path(dep.fs_path), dep.hash_info.value) for stage in committed for dep in stage.deps]
        names = [(Path(os.path.relpath(path, project.resolve())).as_posix(), digest) for path, digest in seen]
        if any(digests.get(name, digest) != digest for name, digest in names):
            lock.unlink() if before is None else lock.write_bytes(before)
            return False
        with repo.lock:
            for stage in committed:
                repo.stage_cache.save(stage)
    return True


if __name__ == "__main__":
    main()
