"""Remove weights that nothing will read any more: python workflow/prune_checkpoints.py --keep selected [--dry-run]

Of every student whose scores are all made, the weights of the checkpoints that validation selected are kept (`--keep
selected`), or those of the last (`--keep last`). Manifests, scores, predictions and adapters stay, and DVC records
what is left. DVC's own copy of the removed weights stays in its cache until `dvc gc` removes it.
"""

import argparse
import sys
from pathlib import Path

import record_in_dvc

from specialize.core.errors import SpecializeError
from specialize.core.files import parse_record, read_json
from specialize.core.params.load import load_params
from specialize.lineage.hooks import recipes_hold
from specialize.lineage.pruned import prune
from specialize.lineage.run_lock import refuse_beside_runs
from specialize.lineage.staleness import judge
from specialize.lineage.write_recipes import recipe_texts
from specialize.records.scores import Selected


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--keep", choices=("selected", "last"), required=True, help="checkpoints that keep their weights"
    )
    parser.add_argument("--dry-run", action="store_true", help="say what would be removed")
    args = parser.parse_args(arguments)
    try:
        project = Path()
        refuse_beside_runs(project)
        params = load_params(project / "params.yaml")
        texts = recipe_texts(params, project)
        if not recipes_hold(project, texts):
            raise SpecializeError("params.yaml or code changed since these results were made: run `snakemake` first")
        verdicts = judge(project, texts)
        fresh = {path.as_posix() for path, verdict in verdicts.items() if verdict.fresh}
        freed, students = 0, 0
        for student in params.train.students:
            scores = Path("results/scores") / student
            steps = params.train.checkpoint_steps
            needed = [Path("results/predictions") / student / "provenance.json", scores / "provenance.json"]
            if missing := [path for path in needed if path.as_posix() not in fresh]:
                print(
                    f"{student}: left as it is, since {missing[0].parent} is not made or not up to date",
                    file=sys.stderr,
                )
                continue
            kept = kept_steps(scores / "selected.json", steps, args.keep)
            if any(each.of == student for each in params.train.rounds.values()):
                kept |= {steps[-1]}  # a round and the students that start from it read the last
            students += 1
            for step in steps:
                if step not in kept:
                    folder = Path("results/checkpoints") / student / f"step-{step}"
                    weights = sum(path.stat().st_size for path in folder.glob("*.safetensors"))
                    freed += weights if args.dry_run else prune(folder)
            print(f"{student}: keeps the weights of {', '.join(f'step {step}' for step in sorted(kept))}")
        done = "would be removed" if args.dry_run else "removed"
        print(f"{freed / 1e9:.3f} GB of weights of {students} students {done}")
    except SpecializeError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    if not args.dry_run:
        record_in_dvc.main([])
        print(
            "DVC's cache still has them, and `dvc repro` restores them when needed. `dvc gc --workspace` frees "
            "that too, and all else that this workspace does not hold, such as results of other commits."
        )
    return 0


def kept_steps(selected: Path, steps: list[int], keep: str) -> set[int]:
    """Return the checkpoints that keep their weights; where none could be selected, the last."""
    if keep == "last":
        return {steps[-1]}
    chosen = parse_record(str(selected), read_json(selected), Selected).by.values()
    return {step for step in chosen if step is not None} or {steps[-1]}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
