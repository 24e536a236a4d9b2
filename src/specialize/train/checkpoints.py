"""Checkpoints as they are kept: safetensors, tokenizer, model card, and a manifest written last.

`manifest.json` holds the hash of every file beside it, what made them and with which libraries; its existence means
that the folder is complete. It is small, so Snakemake compares it by content, and everything downstream depends on it.
The environment is recorded here and not in the recipe, so that another machine does not retrain without being asked.
"""

import os
import platform
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from importlib.metadata import version
from pathlib import Path

from transformers.utils import logging as transformers_logging

from specialize.core.errors import CheckpointError
from specialize.core.files import sha256_file, sha256_text, write_json, write_text
from specialize.core.params.starts import StartRun
from specialize.core.params.train import StudentRun
from specialize.lineage.recipe import recipe_digest
from specialize.records.checkpoints import CheckpointManifest, Manifest, StartManifest
from specialize.records.recipes import Recipe
from specialize.train.families import Student


@dataclass(frozen=True)
class Origin:
    """What a checkpoint is made from."""

    recipe: Recipe
    inputs: dict[str, str]
    """Name → sha256 of each file it is trained from."""

    @property
    def identity(self) -> str:
        """sha256 over all that decides the result."""
        return sha256_text(recipe_digest(self.recipe) + str(sorted(self.inputs.items())))


def export(folder: Path, student: Student, step: int, run: StudentRun, origin: Origin) -> None:
    """Write the student after `step` updates to `folder`, complete or not at all. It loads with plain transformers."""
    if (folder / "manifest.json").is_file():
        return
    texts = {"README.md": model_card(run, step, student.model.num_parameters(), origin)}
    manifest_of = partial(CheckpointManifest, student=run.student, step=step, prompts=run.prompts)
    _write(folder, student, texts, origin, manifest_of)


def export_start(folder: Path, student: Student, run: StartRun, origin: Origin, curve: str) -> None:
    """Write a start that the run pretrained, and its training curve, to `folder`, complete or not at all."""
    texts = {"README.md": start_card(run, student.model.num_parameters(), origin), "training.csv": curve}
    _write(folder, student, texts, origin, partial(StartManifest, start=run.name))


def _write(
    folder: Path, student: Student, texts: Mapping[str, str], origin: Origin, manifest_of: Callable[..., Manifest]
) -> None:
    """texts: file name → text of the files beside the weights; manifest_of: the manifest from what all of them hold."""
    temporary = folder.with_name(f".{folder.name}.part")
    shutil.rmtree(temporary, ignore_errors=True)
    transformers_logging.disable_progress_bar()
    student.model.save_pretrained(temporary)
    student.tokenizer.save_pretrained(temporary)
    for file, text in texts.items():
        write_text(temporary / file, text)
    manifest = manifest_of(
        parameters=student.model.num_parameters(),
        recipe=origin.recipe,
        recipe_sha256=recipe_digest(origin.recipe),
        inputs=origin.inputs,
        start_commit=getattr(student.model.config, "_commit_hash", None),
        files={path.name: sha256_file(path) for path in sorted(temporary.iterdir()) if path.is_file()},
        libraries={name: version(name) for name in ("accelerate", "tokenizers", "torch", "transformers")},
        python=platform.python_version(),
        machine=platform.machine(),
    )
    write_json(temporary / "manifest.json", manifest.model_dump())
    shutil.rmtree(folder, ignore_errors=True)
    temporary.replace(folder)


def publish(made: Path, steps: Sequence[int], output: Path) -> None:
    """Replace `output` by the finished folders below `made`.

    Hard-linked where possible, never moved: after a kill in between, everything is still below `made`.
    """
    missing = [step for step in steps if not (made / f"step-{step}" / "manifest.json").is_file()]
    if missing:
        raise CheckpointError(f"{made}: the checkpoints of steps {missing} are missing; run the same command again")
    shutil.rmtree(output, ignore_errors=True)
    for folder in sorted(made.iterdir()):
        shutil.copytree(folder, output / folder.name, copy_function=_link_or_copy)


def model_card(run: StudentRun, step: int, parameters: int, origin: Origin) -> str:
    """Return the README.md of a checkpoint."""
    formats = ", ".join(f"{name} {share:g}" for name, share in run.formats.model_dump().items() if share)
    given = "\n".join(f"- `{name}`: sha256 `{digest}`" for name, digest in sorted(origin.inputs.items()))
    how = ""
    if run.distribution:
        how = " (" + ", ".join(f"{name} {value}" for name, value in run.distribution.model_dump().items()) + ")"
    start = "random weights" if run.start == "scratch" else f"`{run.start}`"
    start += " (pretrained by the same run)" if run.pretrained else ""
    return f"""---
library_name: transformers
pipeline_tag: text2text-generation
tags: [chain-of-thought, distillation, t5]
---

# {run.student}, step {step}

{parameters:,} parameters; from {start}, specialised on a teacher's chains of thought
(method: Fu et al., *Specializing Smaller Language Models towards Multi-Step Reasoning*, ICML 2023).

- objective: {run.loss} matching{how}; formats: {formats}
- {step} of {run.steps} updates of {run.batch_tokens} tokens, seed {run.seed}
- AdamW, peak learning rate {run.learning_rate:g}, of the embedding {run.embedding_learning_rate:g}
- recipe: sha256 `{recipe_digest(origin.recipe)}` (in full in `manifest.json`)

Made from:
{given}

Ask it in the format that it was trained on, for example `Q: {{question}}\\nLet's think step by step`.
"""


def start_card(run: StartRun, parameters: int, origin: Origin) -> str:
    """Return the README.md of a start that the run pretrained."""
    given = "\n".join(f"- `{name}`: sha256 `{digest}`" for name, digest in sorted(origin.inputs.items()))
    learned = run.pretraining
    assert learned is not None
    return f"""---
library_name: transformers
pipeline_tag: text2text-generation
tags: [t5]
---

# {run.name}

{parameters:,} parameters; from random weights, pretrained on texts of a procedural world: a start for students.

- objective: {learned.objective.replace("_", " ")}
- {learned.steps} updates of {learned.batch_tokens} tokens, seed {learned.seed}
- AdamW, peak learning rate {learned.learning_rate:g}, of the embedding {learned.embedding_learning_rate:g}
- recipe: sha256 `{recipe_digest(origin.recipe)}` (in full in `manifest.json`)

Made from:
{given}
"""


def _link_or_copy(source: str, target: str) -> None:
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)
