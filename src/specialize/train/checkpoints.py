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
from specialize.core.params.train import StudentRun
from specialize.core.params.training.starts import StartRun
from specialize.lineage.recipe import recipe_digest
from specialize.records.checkpoints import CheckpointManifest, Manifest, StartManifest
from specialize.records.problems import Problem
from specialize.records.recipes import Recipe
from specialize.train.callbacks.finite_check import ADVICE, refuse_non_finite
from specialize.train.families.family import Student
from specialize.train.model_card import model_card, start_card
from specialize.train.replay import REPLAY_FILE


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
    texts = {"README.md": model_card(run, step, student, recipe_digest(origin.recipe), origin.inputs)}
    manifest_of = partial(CheckpointManifest, student=run.student, step=step, prompts=run.prompts)
    _write(folder, student, texts, origin, manifest_of)


def export_start(
    folder: Path, student: Student, run: StartRun, origin: Origin, curve: str, generic: Sequence[Problem]
) -> None:
    """Write a start that the run pretrained, with its training curve and the generic problems that it learned from (for
    replay), to `folder`, complete or not at all."""
    card = start_card(run, student, recipe_digest(origin.recipe), origin.inputs)
    texts = {"README.md": card, "training.csv": curve}
    if generic:
        texts[REPLAY_FILE] = "".join(f"{problem.model_dump_json(exclude_none=True)}\n" for problem in generic)
    _write(folder, student, texts, origin, partial(StartManifest, start=run.name))


def _write(
    folder: Path, student: Student, texts: Mapping[str, str], origin: Origin, manifest_of: Callable[..., Manifest]
) -> None:
    """texts: file name → text of the files beside the weights; manifest_of: the manifest from what all of them hold.

    Raises TrainingError where a weight is not finite.
    """
    refuse_non_finite(student.model, folder.name, ADVICE)
    temporary = folder.with_name(f".{folder.name}.part")
    shutil.rmtree(temporary, ignore_errors=True)
    transformers_logging.disable_progress_bar()
    model = student.model
    if model is not student.bare_model:
        from specialize.train.lora import merged, save_adapter

        params = origin.recipe.params
        save_adapter(model, temporary / "adapter", params["start"], params["revision"])
        model = merged(model)
    model.save_pretrained(temporary)
    # Whether HF_HUB_OFFLINE was set: no part of a tokenizer, and bytes must not depend on it.
    student.tokenizer.init_kwargs.pop("local_files_only", None)
    student.tokenizer.save_pretrained(temporary)
    for file, text in texts.items():
        write_text(temporary / file, text)
    manifest = manifest_of(
        parameters=model.num_parameters(),
        recipe=origin.recipe,
        recipe_sha256=recipe_digest(origin.recipe),
        inputs=origin.inputs,
        start_commit=getattr(model.config, "_commit_hash", None),
        files={
            path.relative_to(temporary).as_posix(): sha256_file(path)
            for path in sorted(temporary.rglob("*"))
            if path.is_file()
        },
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


def _link_or_copy(source: str, target: str) -> None:
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)
