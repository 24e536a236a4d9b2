"""Whether results are what a build from scratch would make, told by content; time stamps follow that verdict.

Snakemake decides by time stamps, but `git clone`, `git switch` and DVC set them as they please, so they can lie in both
ways: call for work that is done, or hide that a score belongs to other parameters. So before every run each job's
`provenance.json` is held against the recipes and files that are there now:

- fresh (same recipe, same inputs, outputs as they were made): outputs older than an input get the present time;
- stale: outputs get a time before all others, so that Snakemake makes them again.

Nothing that decides anything is written but time stamps, and they follow from contents alone, so a dry run decides
nothing for a later run. What is hashed, and what need not be: `lineage.file_hashes`.
"""

import os
import stat
from collections.abc import Mapping, Sequence
from graphlib import TopologicalSorter
from pathlib import Path

from specialize.lineage.file_hashes import LARGE, Contents, Memory
from specialize.lineage.provenance import all_provenance
from specialize.records.provenance import Provenance

MEMORY = Path(".snakemake") / "contents.json"
LONG_AGO_NS = 10**9
"""One second after the epoch: older than any input. (Zero would read as "no time" in places.)"""
UNTIMED = (".safetensors",)
"""Files that no rule names, so that their times do not matter."""


def stale_reasons(provenance: Provenance, contents: Contents) -> list[str]:
    """Return why the outputs are not what they should be; nothing means fresh."""
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


def settle(project: Path) -> dict[Path, list[str]]:
    """Let time stamps below `project`/results follow the contents; return provenance file → reasons (none: fresh)."""
    found, damaged = all_provenance(project / "results")
    known = {name: state for one in found.values() for name, state in one.outputs.items()}
    memory = Memory(project / MEMORY)
    contents = Contents(project, known, memory=memory)
    verdicts = {path: stale_reasons(found[path], contents) for path in found}
    memory.save()
    _stamp(damaged, LONG_AGO_NS)
    order = _in_order(found)
    _make_way(project, [found[path] for path in order if not verdicts[path]])
    for path in order:
        inputs = [project / name for name in (found[path].recipe, *found[path].inputs)]
        outputs = [path, *(project / name for name in found[path].outputs if not name.endswith(UNTIMED))]
        if verdicts[path]:
            _stamp(outputs, LONG_AGO_NS)
            continue
        newest = max((time_ns for file in inputs for time_ns in _times(file)), default=0)
        # Not later than need be: DVC hashes again what has another time, and what follows may be new enough already.
        _stamp([file for file in outputs if min(_times(file), default=newest) < newest], newest)
    return verdicts | {path: [f"{path} cannot be read"] for path in damaged}


def _make_way(project: Path, fresh: Sequence[Provenance]) -> None:
    """Let small files that lead to large ones be no newer than these, so that large ones may keep their times.

    fresh: the fresh jobs, producers first. DVC hashes a file again if its time has moved.
    """
    limits: dict[str, int] = {}
    for job in reversed(fresh):
        for name, state in job.outputs.items():
            times = _times(project / name) if state.size > LARGE and not name.endswith(UNTIMED) else set()
            if times and min(times) > LONG_AGO_NS:
                limits[name] = min(times)
        limit = min((limits[name] for name in job.outputs if name in limits), default=None)
        if limit is None:
            continue
        for name in (job.recipe, *job.inputs):
            if name not in job.inputs or job.inputs[name].size <= LARGE:
                limits[name] = min(limit, limits.get(name, limit))
                if max(_times(project / name), default=0) > limit:
                    _stamp([project / name], limit)


def _in_order(found: Mapping[Path, Provenance]) -> list[Path]:
    """Return the jobs, producers first."""
    producer = {name: path for path, one in found.items() for name in one.outputs}
    graph = {path: {producer[name] for name in one.inputs if name in producer} - {path} for path, one in found.items()}
    return list(TopologicalSorter(graph).static_order())


def _times(file: Path) -> set[int]:
    """Modification times that Snakemake may look at: of a link (DVC's cache may be linked) also its own."""
    try:
        own = file.lstat()
        times = {own.st_mtime_ns}
        if stat.S_ISLNK(own.st_mode):
            own = file.stat()
            times.add(own.st_mtime_ns)
    except OSError:
        return set()
    return times if stat.S_ISREG(own.st_mode) else set()


def _stamp(files: Sequence[Path], time_ns: int) -> None:
    for file in files:
        if _times(file) - {time_ns}:
            os.utime(file, ns=(time_ns, time_ns))
            if file.is_symlink():
                os.utime(file, ns=(time_ns, time_ns), follow_symlinks=False)
