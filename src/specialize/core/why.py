"""How a file came to be, for a person: what made it, from what, and whether it would be made again now."""

from collections.abc import Mapping
from pathlib import Path

from specialize.core.contents import Contents
from specialize.core.errors import SpecializeError
from specialize.core.files import sha256_text
from specialize.core.freshness import stale_reasons
from specialize.core.provenance import FileState, Provenance, all_provenance
from specialize.core.recipe import Recipe


def why(file: str, project: Path, recipes: Mapping[str, str]) -> str:
    """Return the story of one file below results/, with its recipe's parameters and the files before it.

    recipes: file name below results/recipes/ → text, as params.yaml and code ask for them now.

    Raises SpecializeError where no job vouches for the file.
    """
    found, _ = all_provenance(project / "results")
    jobs = {path.relative_to(project).as_posix(): one for path, one in found.items()}
    producer = {name: path for path, one in jobs.items() for name in one.outputs} | {path: path for path in jobs}
    if file not in producer:
        raise SpecializeError(
            f"'{file}': no job made this file; name a file (no folder) of results/: make why FILE=results/metrics.json"
        )
    known = {name: state for one in jobs.values() for name, state in one.outputs.items()}
    contents = Contents(project, known, {f"results/recipes/{name}": _state(text) for name, text in recipes.items()})
    chain = _before(producer[file], jobs, producer)
    verdicts = {path: stale_reasons(jobs[path], contents) for path in chain}
    job = jobs[producer[file]]
    lines = [file, f"  made by room '{job.room}' from recipe {job.recipe} (sha256 {job.recipe_sha256[:16]})"]
    lines += _recipe_lines(job, recipes)
    lines.append("  from")
    lines += [f"    {name}  sha256 {state.sha256[:16]}" for name, state in job.inputs.items()] or [
        "    raw files alone"
    ]
    lines.append("  jobs before it, and it")
    lines += [f"    {path}: {'; '.join(verdicts[path]) or 'up to date'}" for path in chain]
    stale = [path for path in chain if verdicts[path]]
    verdict = "would be made again now" if stale else "would not be made again now"
    return "\n".join([*lines, f"  {verdict}", ""])


def _before(job: str, jobs: dict[str, Provenance], producer: dict[str, str]) -> list[str]:
    """Return the jobs that led to one, it last."""
    order: list[str] = []
    waiting = [(job, False)]
    while waiting:
        path, done = waiting.pop()
        if done:
            order.append(path)
        elif path not in order:
            waiting.append((path, True))
            before = {producer[name] for name in jobs[path].inputs if name in producer} - {path}
            waiting += [(other, False) for other in sorted(before) if other not in order]
    return list(dict.fromkeys(order))


def _recipe_lines(job: Provenance, recipes: Mapping[str, str]) -> list[str]:
    """Return params, code and raw files, where the recipe that made the file is the one of today."""
    text = recipes.get(job.recipe.removeprefix("results/recipes/"))
    if text is None or _state(text).sha256 != job.recipe_sha256:
        return ["    params, code or raw files have changed since: git log -p tells the recipe as it was"]
    recipe = Recipe.model_validate_json(text)
    lines = [f"    code sha256 {recipe.code[:16]}, rules sha256 {recipe.rules[:16]}"]
    lines += [f"    {name}: {value}" for name, value in recipe.params.items()]
    return lines + [f"    raw file {name}  sha256 {digest[:16]}" for name, digest in recipe.files.items()]


def _state(text: str) -> FileState:
    return FileState(size=len(text.encode()), sha256=sha256_text(text))
