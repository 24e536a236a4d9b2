"""The step `generate`: what a student's checkpoints write to the prompts of every benchmark. It knows no judge.

One process takes all checkpoints of the student, so libraries load once; with several threads as many processes share
the checkpoints. Each file is finished in the work folder first, under a name that tells everything that decides it: a
run that was killed goes on with the next file, and one whose recipe changed takes back what the change does not touch.
"""

import argparse
import multiprocessing
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from specialize.core import cli
from specialize.core.errors import SpecializeError
from specialize.core.files import parse_record, read_json, replacing
from specialize.core.log import get_logger
from specialize.core.params.evaluation.generation import GenerationParams
from specialize.lineage.provenance import ProvenanceWriter
from specialize.lineage.recipe import read_recipe
from specialize.records.checkpoints import CheckpointManifest
from specialize.records.problems import ProblemIndex

log = get_logger("evaluate")
SPLITS = ("validation", "test", "exemplars")


@dataclass(frozen=True)
class GenerationPaths:
    """Where a student's predictions come from and go to."""

    manifests: Sequence[Path]
    """manifest.json of every checkpoint."""
    problems: Path
    """results/problems."""
    work: Path
    """Finished files."""
    output: Path
    """results/predictions/{student}."""


def add_parser(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command."""
    parser = commands.add_parser("generate", help="answer every benchmark by each checkpoint of a student")
    cli.add_recipe(parser, "results/recipes/evaluate/generate.json")
    parser.add_argument("--problems", type=Path, required=True, help="results/problems")
    parser.add_argument("--work", type=Path, required=True, help="folder for finished files")
    parser.add_argument("--output", type=Path, required=True, help="results/predictions/{student}")
    parser.add_argument("--threads", type=int, default=1, help="processes side by side, one CPU thread each")
    parser.add_argument("manifests", type=Path, nargs="+", help="manifest.json of each checkpoint")
    parser.set_defaults(command=_run)


def predict_student(params: GenerationParams, paths: GenerationPaths, processes: int) -> None:
    """Write the predictions of every checkpoint for every dataset of results/problems/."""
    own, *others = [paths.manifests[begin::processes] for begin in range(min(processes, len(paths.manifests)))]
    # Spawned, not forked: torch does not survive a fork. No queue between them: a process whose parent was killed ends
    # its share and exits.
    context = multiprocessing.get_context("spawn")
    running = [context.Process(target=_share, args=(params, share, paths)) for share in others]
    for process in running:
        process.start()
    parts = _parts(params, own, paths)
    for process in running:
        process.join()
    if failed := [process for process in running if process.exitcode]:
        raise SpecializeError(f"{len(failed)} of {len(running)} processes failed; the reason stands above")
    _publish(_parts(params, paths.manifests, paths) if running else parts, paths)


def _run(args: argparse.Namespace) -> None:
    recipe, params = read_recipe(args.recipe, "evaluate", GenerationParams)
    asked = [path for path in args.problems.glob("*/*.jsonl") if path.stem in SPLITS]
    inputs = [*args.manifests, args.problems / "index.json", *asked]
    provenance = ProvenanceWriter(args.provenance, recipe, args.recipe, inputs)
    predict_student(params, GenerationPaths(args.manifests, args.problems, args.work, args.output), args.threads)
    provenance.write([args.output])


def _parts(params: GenerationParams, manifests: Sequence[Path], paths: GenerationPaths) -> dict[tuple[int, str], Path]:
    """Return (step, benchmark) → finished file in the work folder, of these checkpoints."""
    from specialize.evaluate.predict import Predictor

    index_path = paths.problems / "index.json"
    index = parse_record(str(index_path), read_json(index_path), ProblemIndex)
    known = {path: parse_record(str(path), read_json(path), CheckpointManifest) for path in paths.manifests}
    predictor = Predictor(params, paths.problems, index, paths.work, known)
    return {(known[path].step, name): part for path in manifests for name, part in predictor.parts(path).items()}


def _share(params: GenerationParams, manifests: Sequence[Path], paths: GenerationPaths) -> None:
    try:
        _parts(params, manifests, paths)
    except SpecializeError as error:
        log.error("%s", error)
        raise SystemExit(2) from None


def _publish(parts: dict[tuple[int, str], Path], paths: GenerationPaths) -> None:
    """Copy the finished files, and remove what params no longer name: as a build from scratch would leave it."""
    wanted = {paths.output / f"step-{step}" / f"{name}.parquet": part for (step, name), part in parts.items()}
    folders = {path.parent for path in wanted}
    for path in sorted(paths.output.glob("step-*")):
        if path not in folders:
            shutil.rmtree(path)
    for path in sorted(paths.output.glob("step-*/*")):
        if path not in wanted:
            path.unlink()
    for path, part in sorted(wanted.items()):
        # Copied, not moved: after a kill in between, the finished files are still there.
        with replacing(path) as temporary:
            shutil.copyfile(part, temporary)
