"""Let DVC record what Snakemake has just built, so that `dvc repro` after `snakemake` finds nothing to do.

Called when a run of Snakemake ends well. A stage is recorded only if every job of it is fresh by its provenance, so a
partial build records what it built and nothing else. Inside a DVC stage, and where there is no DVC repository, there is
nothing to do.
"""

import os
import subprocess
import sys
from pathlib import Path

from specialize.core.freshness import settle
from specialize.core.params.tree import load_params
from specialize.core.recipe_writer import recipe_texts

ROOMS = {"data": "problems", "teacher": "completions", "traces": "traces", "report": "report"}


def built_stages(project: Path) -> list[str]:
    """Return the stages of dvc.yaml whose outputs are all there and fresh."""
    params = load_params(project / "params.yaml")
    verdicts = {path.relative_to(project / "results").as_posix(): why for path, why in settle(project).items()}

    def fresh(*names: str) -> bool:
        return all(verdicts.get(f"{name}provenance.json") == [] for name in names)

    built = [room for room, folder in ROOMS.items() if fresh(f"{folder}/")]
    shards = range(getattr(params.teacher, "shards", 1))
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
    return built


def recipes_hold(project: Path) -> bool:
    """Whether the recipes are still those that params.yaml and code ask for: DVC would vouch for the new ones."""
    folder = project / "results" / "recipes"
    texts = recipe_texts(load_params(project / "params.yaml"), project)
    return all((folder / name).is_file() and (folder / name).read_text() == text for name, text in texts.items())


def main() -> None:
    project = Path()
    is_repository = (project / ".dvc").is_dir() and (project / "dvc.yaml").is_file() and (project / ".git").exists()
    if not is_repository or "DVC_STAGE" in os.environ:
        return
    if not recipes_hold(project):
        print(
            "Params or code changed during this run: DVC has recorded nothing. Run the same command again.",
            file=sys.stderr,
        )
        return
    stages = ["recipes", *built_stages(project)]
    command = [sys.executable, "-m", "dvc", "commit", "--quiet", "--force", *stages]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        message = (done.stderr.strip().splitlines() or ["no message"])[-1]
        print(
            f"DVC has not recorded this run: {message}\nThe results are there and safe. To record them: "
            "PYTHONPATH=src python workflow/record.py",
            file=sys.stderr,
        )
    else:
        print(f"DVC has recorded {len(stages)} stages in dvc.lock", file=sys.stderr)


if __name__ == "__main__":
    main()
