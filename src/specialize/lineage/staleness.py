"""Whether results are what a build from scratch would make, judged by content.

Snakemake decides by time stamps, but `git clone`, `git switch` and DVC set them freely, so they can be wrong in both
ways: ask for work that is done, or hide that a score belongs to other parameters. Here each job's `provenance.json` is
compared with the recipes of this run and the files that are there:

- fresh: same recipe, same inputs, outputs as they were made, and every job before it is fresh;
- stale: anything else, with the reasons.

Snakemake learns the verdict from the times of a job's recipe and of provenance files, its own and those of the jobs
before it, which are its inputs. A stale provenance is older than any recipe, a fresh one is newer, and newer than those
before it. All data are `ancient` in the rules: their times decide nothing and are never touched, so links into DVC's
cache may share them. A dry run that sets these times decides nothing for a later run: they follow from contents alone.
"""

import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

from specialize.core.errors import RecipeError
from specialize.core.files import replacing, sha256_text
from specialize.lineage.file_hashes import Contents, Memory
from specialize.lineage.provenance import all_provenance
from specialize.lineage.pruned import Removed, removed_weights, to_restore
from specialize.records.provenance import FileState, Provenance

MEMORY = Path(".snakemake") / "contents.json"
SECOND_NS = 10**9
STALE_NS = 1 * SECOND_NS
"""A stale provenance has a time in this second, which is before every recipe's (`recipe_snapshot.TIME_NS`)."""
FRESH_NS = 10 * SECOND_NS
"""A fresh one has a time in the second so many after this as there are jobs in a row before it."""


@dataclass(frozen=True)
class Verdict:
    """Whether one job's outputs are fresh, and why not."""

    provenance: Provenance
    own: tuple[str, ...]
    """Why they are not what the recipe and the inputs that are there would make; empty: they are."""
    before: tuple[str, ...]
    """Stale jobs that this one builds upon, by their provenance files."""

    depth: int
    """Length of the longest chain of jobs before it."""

    @property
    def fresh(self) -> bool:
        return not self.own and not self.before


def stale_reasons(provenance: Provenance, contents: Contents) -> list[str]:
    """Return why the outputs are not what their recipe and present inputs would make; nothing: they are."""
    reasons = []
    recipe = contents.state(provenance.recipe)
    if recipe is None or recipe.sha256 != provenance.recipe_sha256:
        reasons.append(f"{provenance.recipe} is not the recipe that made this")
    for name, state in provenance.inputs.items():
        now = contents.state(name)
        if now is None:
            reasons.append(f"{name}, an input, is missing")
        elif now != state:
            reasons.append(f"{name} is not the input that this was made from")
    for name, state in provenance.outputs.items():
        now = contents.state(name)
        if now is None:
            reasons.append(f"{name} is missing")
        elif now != state:
            reasons.append(f"{name} is not as it was made")
    return reasons


def judge(project: Path, texts: Mapping[str, str]) -> dict[Path, Verdict]:
    """Return provenance file → verdict for every job below `project`/results, producers first.

    texts: the recipes to judge by, file name below results/recipes/ → text. Damaged provenances are not among them.
    """
    removed = removed_weights(project)
    verdicts = _judge(project, texts, removed)
    again = to_restore(removed, {path: verdict.fresh for path, verdict in verdicts.items()})
    return _judge(project, texts, [one for one in removed if one.student not in again]) if again else verdicts


def _judge(project: Path, texts: Mapping[str, str], removed: Sequence[Removed]) -> dict[Path, Verdict]:
    """removed: weights that count as if they were there."""
    found, _ = all_provenance(project / "results")
    recipes: dict[str, FileState | None] = {one.recipe: None for one in found.values()}
    recipes |= {f"results/recipes/{name}": recipe_state(text) for name, text in texts.items()}
    recipes |= {name: state for one in removed for name, state in one.files.items()}
    memory = Memory(project / MEMORY)
    contents = Contents(project, recipes, memory)
    verdicts: dict[Path, Verdict] = {}
    before = _jobs_before(found)
    for path in _in_order(before):
        own = tuple(stale_reasons(found[path], contents))
        stale = sorted(each for each in before[path] if not verdicts[each].fresh)
        names = tuple(each.relative_to(project).as_posix() for each in stale)
        depth = 1 + max((verdicts[each].depth for each in before[path]), default=-1)
        verdicts[path] = Verdict(found[path], own, names, depth)
    memory.save()
    return verdicts


def mark(project: Path, verdicts: Mapping[Path, Verdict]) -> None:
    """Set the times of the provenance files by their verdicts; damaged ones count as stale."""
    for path in sorted((project / "results").rglob("*provenance.json")):
        verdict = verdicts.get(path)
        second = FRESH_NS + verdict.depth * SECOND_NS if verdict is not None and verdict.fresh else STALE_NS
        # No two contents share a time: DVC takes a file of the same inode, size and time for the one it knows.
        share = int(sha256_text(path.read_text(encoding="utf-8", errors="replace"))[:12], 16) % SECOND_NS
        if path.is_symlink() or _time_of(path) != second + share:
            _stamp(path, second + share)


def recipe_state(text: str) -> FileState:
    """Return what a recipe of this text is to a provenance."""
    return FileState(size=len(text.encode("utf-8")), sha256=sha256_text(text))


def _jobs_before(found: Mapping[Path, Provenance]) -> dict[Path, set[Path]]:
    """Return job → the jobs whose outputs it reads."""
    producer = {name: path for path, one in found.items() for name in one.outputs}
    return {path: {producer[name] for name in one.inputs if name in producer} - {path} for path, one in found.items()}


def _in_order(before: Mapping[Path, set[Path]]) -> list[Path]:
    """Return the jobs, producers first."""
    try:
        return list(TopologicalSorter(before).static_order())
    except CycleError as error:  # only files that were put together by hand say so
        raise RecipeError(f"{error.args[1][0]}: provenance files name each other as inputs; remove one") from None


def _time_of(path: Path) -> int:
    """Modification time that Snakemake looks at: of a link its own."""
    try:
        return path.lstat().st_mtime_ns
    except OSError:
        return 0


def _stamp(path: Path, time_ns: int) -> None:
    """Set a file's time. A link into DVC's cache, or a file of somebody else, is replaced by a copy first."""
    try:
        if path.is_symlink():  # Snakemake looks at the time of the target, too
            raise PermissionError
        os.utime(path, ns=(time_ns, time_ns))
    except PermissionError:
        with replacing(path) as own:
            shutil.copyfile(path, own)
        os.utime(path, ns=(time_ns, time_ns))
