"""README.md of a checkpoint: what it was made from, and how to ask it with plain transformers."""

from specialize.core.params.train import StudentRun
from specialize.core.params.training.starts import StartRun
from specialize.core.usage_snippet import snippet
from specialize.train.families.family import Student


def model_card(run: StudentRun, step: int, student: Student, recipe_sha256: str, inputs: dict[str, str]) -> str:
    """Return the card of a student. inputs: name → sha256 of what it is trained from."""
    formats = ", ".join(f"{name} {share:g}" for name, share in run.formats.model_dump().items() if share)
    how = ""
    if run.distribution:
        how = " (" + ", ".join(f"{name} {value}" for name, value in run.distribution.model_dump().items()) + ")"
    start = "random weights" if run.start == "scratch" else f"`{run.start}`"
    if run.on_policy:
        start += " (the last checkpoint of another student of this run, which learns from its own answers)"
    elif run.pretrained:
        start += " (pretrained by the same run)"
    trained = (
        f"LoRA of rank {run.lora.rank}; the weights here are merged, `adapter/` is the adapter" if run.lora else "all"
    )
    return f"""{_head(student, "chain-of-thought, distillation")}
# {run.student}, step {step}

{student.parameters:,} parameters; from {start}, specialised on a teacher's chains of thought
(method: Fu et al., *Specializing Smaller Language Models towards Multi-Step Reasoning*, ICML 2023).

- objective: {run.loss} matching{how}; formats: {formats}; prompts: {run.prompts.style}
- trained: {trained}
- {step} of {run.steps} updates of {run.batch_tokens} tokens, seed {run.seed}
- AdamW, peak learning rate {run.learning_rate:g}, of the embedding {run.embedding_learning_rate:g}
- recipe: sha256 `{recipe_sha256}` (in full in `manifest.json`)

Made from:
{_listed(inputs)}

Ask it in a format that it was trained on; a bare question gets an answer without reasoning, if any:

```python
{snippet(student.encoding, run.formats.model_dump(), run.max_target_tokens)}
```
"""


def start_card(run: StartRun, student: Student, recipe_sha256: str, inputs: dict[str, str]) -> str:
    """Return the card of a start that the run pretrained."""
    learned = run.pretraining
    assert learned is not None
    return f"""{_head(student, "procedural-texts")}
# {run.name}

{student.parameters:,} parameters; from random weights, pretrained on texts of a procedural world:
a start for students.

- objective: {learned.objective.replace("_", " ")}
- {learned.steps} updates of {learned.batch_tokens} tokens, seed {learned.seed}
- AdamW, peak learning rate {learned.learning_rate:g}, of the embedding {learned.embedding_learning_rate:g}
- recipe: sha256 `{recipe_sha256}` (in full in `manifest.json`)

Made from:
{_listed(inputs)}
"""


def _head(student: Student, tags: str) -> str:
    # transformers 5 has no pipeline for encoder-decoders, so their cards name none.
    pipeline = "" if student.encoding.family == "encoder_decoder" else "pipeline_tag: text-generation\n"
    return f"""---
library_name: transformers
{pipeline}tags: [{tags}, {student.model.config.model_type}]
---
"""


def _listed(inputs: dict[str, str]) -> str:
    return "\n".join(f"- `{name}`: sha256 `{digest}`" for name, digest in sorted(inputs.items()))
