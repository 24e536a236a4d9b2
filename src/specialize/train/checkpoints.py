"""Checkpoints as they are kept: safetensors, tokenizer, model card, and a manifest written last.

`manifest.json` holds the hash of every file beside it, what made them and with which libraries; its existence means
that the folder is complete. It is small, so Snakemake compares it by content, and everything downstream hangs on it.
The environment stands here and not in the recipe, so that another machine does not retrain without being asked.
"""

import os
import platform
import shutil
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from importlib.metadata import version
from pathlib import Path
from types import MappingProxyType

from transformers import PreTrainedModel, PreTrainedTokenizerBase
from transformers.utils import logging as transformers_logging

from specialize.core.errors import CheckpointError
from specialize.core.files import sha256_file, write_json, write_text
from specialize.core.params.starts import StartRun
from specialize.core.params.train import StudentRun
from specialize.lineage.recipe import recipe_digest
from specialize.records.checkpoints import CheckpointManifest, Manifest, StartManifest
from specialize.records.recipes import Recipe


def export(
    folder: Path, model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase,
    step: int, run: StudentRun, recipe: Recipe, inputs: dict[str, str],
) -> None:  # fmt: skip
    """Write the student after `step` updates to `folder`, complete or not at all. It loads with plain transformers."""
    if (folder / "manifest.json").is_file():
        return
    parameters = model.num_parameters()
    card = model_card(run, step, parameters, recipe, inputs)
    _write(folder, model, tokenizer, card, recipe, inputs, partial(CheckpointManifest, student=run.student, step=step))


def export_start(
    folder: Path, model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase,
    run: StartRun, recipe: Recipe, inputs: dict[str, str], curve: str,
) -> None:  # fmt: skip
    """Write a start that the run pretrained, and its training curve, to `folder`, complete or not at all."""
    card = start_card(run, model.num_parameters(), recipe, inputs)
    manifest_of = partial(StartManifest, start=run.name)
    _write(folder, model, tokenizer, card, recipe, inputs, manifest_of, {"training.csv": curve})


def _write(
    folder: Path, model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, card: str, recipe: Recipe,
    inputs: dict[str, str], manifest_of: Callable[..., Manifest], beside: Mapping[str, str] = MappingProxyType({}),
) -> None:  # fmt: skip
    temporary = folder.with_name(f".{folder.name}.part")
    shutil.rmtree(temporary, ignore_errors=True)
    transformers_logging.disable_progress_bar()
    model.save_pretrained(temporary)
    tokenizer.save_pretrained(temporary)
    for name, text in {"README.md": card, **beside}.items():
        write_text(temporary / name, text)
    manifest = manifest_of(
        parameters=model.num_parameters(),
        recipe=recipe,
        recipe_sha256=recipe_digest(recipe),
        inputs=inputs,
        start_commit=getattr(model.config, "_commit_hash", None),
        files={path.name: sha256_file(path) for path in sorted(temporary.iterdir()) if path.is_file()},
        libraries={name: version(name) for name in ("accelerate", "tokenizers", "torch", "transformers")},
        python=platform.python_version(),
        machine=platform.machine(),
    )
    write_json(temporary / "manifest.json", manifest.model_dump())
    shutil.rmtree(folder, ignore_errors=True)
    temporary.replace(folder)


def publish(made: Path, steps: Sequence[int], output: Path) -> None:
    """Give the finished folders below `made` their place below `output`, instead of whatever was there.

    Links where they can be had, and no move: after a kill in between, everything is still below `made`.
    """
    missing = [step for step in steps if not (made / f"step-{step}" / "manifest.json").is_file()]
    if missing:
        raise CheckpointError(f"{made}: the checkpoints of steps {missing} are missing; run the same command again")
    shutil.rmtree(output, ignore_errors=True)
    for folder in sorted(made.iterdir()):
        shutil.copytree(folder, output / folder.name, copy_function=_link_or_copy)


def model_card(run: StudentRun, step: int, parameters: int, recipe: Recipe, inputs: dict[str, str]) -> str:
    """Return the README.md of a checkpoint."""
    formats = ", ".join(f"{name} {share:g}" for name, share in run.formats.model_dump().items() if share)
    given = "\n".join(f"- `{name}`: sha256 `{digest}`" for name, digest in sorted(inputs.items()))
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
- recipe: sha256 `{recipe_digest(recipe)}` (in full in `manifest.json`)

Made from:
{given}

Ask it in the format that it was trained on, for example `Q: {{question}}\\nLet's think step by step`.
"""


def start_card(run: StartRun, parameters: int, recipe: Recipe, inputs: dict[str, str]) -> str:
    """Return the README.md of a start that the run pretrained."""
    given = "\n".join(f"- `{name}`: sha256 `{digest}`" for name, digest in sorted(inputs.items()))
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
- recipe: sha256 `{recipe_digest(recipe)}` (in full in `manifest.json`)

Made from:
{given}
"""


def _link_or_copy(source: str, target: str) -> None:
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)
