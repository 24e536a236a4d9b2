"""How a file came to be, for a person: what made it, from what, where, and whether it would be made again now."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from specialize.core.errors import SpecializeError
from specialize.core.files import read_json
from specialize.lineage.file_hashes import Contents
from specialize.lineage.provenance import all_provenance
from specialize.lineage.staleness import recipe_state, stale_reasons
from specialize.lineage.tracked.git_history import recorded
from specialize.records.provenance import Provenance
from specialize.records.recipes import Recipe

LONGEST_LINE = 400
"""Characters of one parameter's line."""


def why(file: str, project: Path, recipes: Mapping[str, str]) -> str:
    """Return the story of one file below results/, with its recipe's parameters and the files before it.

    recipes: file name below results/recipes/ → text, as params.yaml and code ask for them now.

    Raises SpecializeError where no provenance names the file.
    """
    found, _ = all_provenance(project / "results")
    jobs = {path.relative_to(project).as_posix(): one for path, one in found.items()}
    producer = {name: path for path, one in jobs.items() for name in one.outputs} | {path: path for path in jobs}
    if file not in producer:
        raise SpecializeError(
            f"'{file}': no job made this file; name a file (no folder) of results/: make why FILE=results/metrics.json"
        )
    contents = Contents(project, {f"results/recipes/{name}": recipe_state(text) for name, text in recipes.items()})
    chain = _before(producer[file], jobs, producer)
    verdicts = {path: stale_reasons(jobs[path], contents) for path in chain}
    job = jobs[producer[file]]
    lines = [file, f"  made by phase '{job.phase}'", *_recipe_lines(job, project, recipes)]
    lines.append("  from")
    lines += [f"    {name}  sha256 {state.sha256[:16]}" for name, state in job.inputs.items()] or [
        "    raw files alone"
    ]
    lines += _environment_lines(project, [*job.inputs, *job.outputs])
    lines.append("  by way of")
    before = {jobs[path].recipe: jobs[path] for path in chain if jobs[path].recipe != job.recipe}
    lines += [line for one in before.values() for line in _recipe_lines(one, project, recipes)] or ["    nothing else"]
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


def _recipe_lines(job: Provenance, project: Path, recipes: Mapping[str, str]) -> list[str]:
    """Return params, code, raw files and commit of the recipe that made a job's outputs.

    Its text is today's, or an earlier one that Git holds.
    """
    found = recorded(project, job.recipe, job.recipe_sha256)
    text = recipes.get(job.recipe.removeprefix("results/recipes/"))
    if text is None or recipe_state(text).sha256 != job.recipe_sha256:
        text = found.text if found else None
    commit = f"Git commit {found.commit}" if found else "not in Git"
    lines = [f"    {job.recipe}  sha256 {job.recipe_sha256[:16]}  {commit}"]
    if text is None:
        return [*lines, "      params, code or raw files have changed since, and no commit holds that recipe"]
    recipe = Recipe.model_validate_json(text)
    lines.append(f"      code sha256 {recipe.code[:16]}, rules sha256 {recipe.rules[:16]}")
    lines += [f"      {name}: {_shown(value)}" for name, value in recipe.params.items()]
    return lines + [f"      raw file {name}  sha256 {digest[:16]}" for name, digest in recipe.files.items()]


def _environment_lines(project: Path, files: Iterable[str]) -> list[str]:
    """Return where the checkpoints among or before a file were trained, as their manifests tell."""
    told: dict[str, None] = {}
    for name in files:
        if name.endswith("/manifest.json") and (project / name).is_file():
            manifest = read_json(project / name)
            libraries = ", ".join(f"{name} {version}" for name, version in manifest.get("libraries", {}).items())
            told[f"    Python {manifest.get('python')} on {manifest.get('machine')}; {libraries}"] = None
    return ["  trained with", *told] if told else []


def _shown(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= LONGEST_LINE else text[: LONGEST_LINE - 1] + "…"
