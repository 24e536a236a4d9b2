"""README.md of a checkpoint: what it was made from, and how to ask it. Its snippet runs with plain transformers."""

from specialize.core.params.starts import StartRun
from specialize.core.params.train import StudentRun
from specialize.core.prompt_formats import FORMATS, prompt
from specialize.train.families.family import Student

CLASSES = {"encoder_decoder": "AutoModelForSeq2SeqLM", "causal": "AutoModelForCausalLM"}
TASKS = {"encoder_decoder": "text2text-generation", "causal": "text-generation"}


def model_card(run: StudentRun, step: int, student: Student, recipe_sha256: str, inputs: dict[str, str]) -> str:
    """Return the card of a student. inputs: name → sha256 of what it is trained from."""
    formats = ", ".join(f"{name} {share:g}" for name, share in run.formats.model_dump().items() if share)
    how = ""
    if run.distribution:
        how = " (" + ", ".join(f"{name} {value}" for name, value in run.distribution.model_dump().items()) + ")"
    start = "random weights" if run.start == "scratch" else f"`{run.start}`"
    start += " (pretrained by the same run)" if run.pretrained else ""
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
{snippet(run, student)}
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


def snippet(run: StudentRun, student: Student) -> str:
    """Return Python that asks the checkpoint in the folder "." one question as scoring would."""
    tokenizer, family = student.tokenizer, student.encoding.family
    shares = run.formats.model_dump()
    zero_shot = [name for name in FORMATS if name.startswith("zero_shot") and shares[name]]
    format = "zero_shot_chain_of_thought" if not zero_shot else zero_shot[0]
    text = prompt(format, "Tom has 3 apples and gets 4 more. How many has he?")
    lines = [
        f"from transformers import {CLASSES[family]}, AutoTokenizer",
        "",
        f'model, tokenizer = {CLASSES[family]}.from_pretrained("."), AutoTokenizer.from_pretrained(".")',
        f"prompt = {text!r}",
    ]
    special = ""
    if run.prompts.style == "chat":
        system = [{"role": "system", "content": run.prompts.system}] if run.prompts.system else []
        thinking = "" if run.prompts.thinking is None else f", enable_thinking={run.prompts.thinking}"
        lines.append(f'messages = {system!r} + [{{"role": "user", "content": prompt}}]')
        lines.append(
            f"prompt = tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True{thinking})"
        )
        special = ", add_special_tokens=False"
    elif family == "causal":
        lines[-1] = f"prompt = {text + chr(10) if not text.endswith(':') else text!r}"
        ends = tokenizer("a")["input_ids"][-1:] == [tokenizer.eos_token_id]
        special = ", add_special_tokens=False" if ends else ""  # no end token before the answer
    lines += [
        f'ids = tokenizer(prompt, return_tensors="pt"{special})["input_ids"]',
        f"written = model.generate(input_ids=ids, max_new_tokens={run.max_target_tokens}, do_sample=False)[0]",
        "print(tokenizer.decode(written"
        + ("[ids.shape[1] :]" if family == "causal" else "")
        + ", skip_special_tokens=True))",
    ]
    return "\n".join(lines)


def _head(student: Student, tags: str) -> str:
    return f"""---
library_name: transformers
pipeline_tag: {TASKS[student.encoding.family]}
tags: [{tags}, {student.model.config.model_type}]
---
"""


def _listed(inputs: dict[str, str]) -> str:
    return "\n".join(f"- `{name}`: sha256 `{digest}`" for name, digest in sorted(inputs.items()))
