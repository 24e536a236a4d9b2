"""A finished run without the work: every file that the rules name, with a provenance that vouches for it.

What it costs to see that nothing is to be done depends on the number of jobs and files, not on what is in them. The
jobs are read from a dry run, so they are those of the rule files as they are. Files are sparse: they take no phase, and
reading and hashing them costs what it costs for any other.
"""

import hashlib
import json
import re
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

BIN = Path(sys.executable).parent
SIZES = {".parquet": 100_000, ".json": 2_000, ".jsonl": 200_000, ".csv": 20_000, ".svg": 60_000, ".html": 200_000}
"""Bytes of a file of each kind."""
CHECKPOINT = {"config.json": 1_500, "tokenizer.json": 2_400_000, "generation_config.json": 150, "README.md": 900}
"""Files beside a checkpoint's manifest and weights; the tokenizer is as large as T5's."""


@dataclass
class Job:
    """One job of the dry run."""

    rule: str
    inputs: list[str] = field(default_factory=list)
    outputs: list[str] = field(default_factory=list)
    wildcards: dict[str, str] = field(default_factory=dict)


def planned_jobs(project: Path) -> list[Job]:
    """Return the jobs of a dry run, in its order."""
    said = subprocess.run(
        [BIN / "snakemake", "-n", "-p", "--cores", "1"], cwd=project, capture_output=True, text=True, check=True
    )
    jobs: list[Job] = []
    for line in (said.stdout + said.stderr).splitlines():
        if rule := re.match(r"(?:local)?rule (\w+):$", line):
            jobs.append(Job(rule.group(1)))
        elif part := re.match(r"    (input|output|wildcards): (.+)$", line):
            values = part.group(2).split(", ")
            if part.group(1) == "wildcards":
                jobs[-1].wildcards = dict(value.split("=", 1) for value in values)
            else:
                setattr(jobs[-1], f"{part.group(1)}s", values)
    return [job for job in jobs if job.outputs]


def fake(project: Path, weights: int, large: Mapping[str, int] | None = None) -> list[Job]:
    """Make every job's outputs in `project`, checkpoints with `weights` bytes of weights; return the jobs.

    large: file → bytes, where the usual size of its kind will not do.
    """
    jobs = planned_jobs(project)
    subprocess.run([sys.executable, "-m", "specialize", "recipes"], cwd=project, check=True, stdout=subprocess.DEVNULL)
    states: dict[str, dict[str, object]] = {}
    waiting = list(jobs)
    while waiting:
        produced = {name for job in waiting for name in job.outputs}
        ready = [job for job in waiting if not produced & set(job.inputs)]
        for job in ready:
            _make(project, job, weights, large or {}, states)
        waiting = [job for job in waiting if job not in ready]
    return jobs


def bare_snakefile(jobs: list[Job]) -> str:
    """Return a Snakefile of the same rules, jobs and files, and nothing else."""
    targets = sorted({name for job in jobs for name in job.outputs} - {name for job in jobs for name in job.inputs})
    parts = [f"rule all:\n    input: {targets!r}\n"]
    for rule in dict.fromkeys(job.rule for job in jobs):
        job = next(job for job in jobs if job.rule == rule)
        inputs, outputs = (_pattern(names, job.wildcards) for names in (job.inputs, job.outputs))
        parts.append(f"rule {rule}:\n    input: {inputs!r}\n    output: {outputs!r}\n    shell: 'true'\n")
    constraints = sorted({name for job in jobs for name in job.wildcards})
    rules = "".join(
        f"    {name}={'[0-9]+' if name in ('step', 'shard') else '[a-z0-9_-]+'!r},\n" for name in constraints
    )
    return (f"wildcard_constraints:\n{rules}\n" if rules else "") + "\n".join(parts)


def _pattern(names: list[str], wildcards: dict[str, str]) -> list[str]:
    for key, value in wildcards.items():
        names = [re.sub(rf"(?<=[/-]){re.escape(value)}(?=[/.]|$)", f"{{{key}}}", name) for name in names]
    return names


def _make(
    project: Path, job: Job, weights: int, large: Mapping[str, int], states: dict[str, dict[str, object]]
) -> None:
    provenance = next(name for name in job.outputs if name.endswith("provenance.json"))
    made = {name: large.get(name, SIZES.get(Path(name).suffix, 1_000)) for name in job.outputs if name != provenance}
    for name in [name for name in made if name.endswith("manifest.json")]:
        folder = name.removesuffix("manifest.json")
        made |= {folder + other: size for other, size in CHECKPOINT.items()} | {f"{folder}model.safetensors": weights}
    for name, size in made.items():
        path = project / name
        path.parent.mkdir(parents=True, exist_ok=True)
        start = b"{}" if path.suffix == ".json" else b""  # DVC reads metrics.json
        with path.open("wb") as stream:
            stream.write(start.ljust(size if start else 0))
            stream.truncate(size)
        states[name] = {"size": size, "sha256": _sha256(start, size)}
    (recipe,) = [name for name in job.inputs if name.startswith("results/recipes/")]
    text = (project / recipe).read_bytes()
    content = {
        "phase": json.loads(text)["phase"],
        "recipe": recipe,
        "recipe_sha256": hashlib.sha256(text).hexdigest(),
        "inputs": {name: states[name] for name in job.inputs if name != recipe},
        "outputs": {name: states[name] for name in made},
    }
    (project / provenance).write_text(json.dumps(content, indent=2, sort_keys=True) + "\n")


@cache
def _sha256(start: bytes, size: int) -> str:
    """Hash of a file that `start` and blanks fill, or nothing but zeros where it is empty."""
    digest = hashlib.sha256(start.ljust(size) if start else b"")
    for begin in range(0, 0 if start else size, 1 << 20):
        digest.update(bytes(min(1 << 20, size - begin)))
    return digest.hexdigest()
