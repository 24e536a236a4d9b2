"""README.md of a published model: what it gained, what that cost, and how to ask it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from huggingface_hub import EvalResult, ModelCardData

from specialize.core.encoding import Encoding
from specialize.core.usage_snippet import adapter_snippet, snippet, zero_shot_format
from specialize.records.scores import ScoreRow
from specialize.report.publish.scored_checkpoint import Change, ScoredCheckpoint

Weights = Literal["merged", "adapter"]


@dataclass(frozen=True)
class Publication:
    """What no artifact says of a model, so that a person must."""

    name: str
    """Hub id, or a name."""
    license: str
    base_model: str | None
    datasets: Sequence[str]
    weights: Weights
    """`adapter`: the adapter alone, for peft; else the whole weights, with an adapter merged into them."""


def hub_card(scored: ScoredCheckpoint, encoding: Encoding, about: Publication, max_new_tokens: int, source: str) -> str:
    """Return the card. source: what its snippet loads the model from."""
    params = scored.manifest.recipe.params
    ask = adapter_snippet if about.weights == "adapter" else snippet
    code = ask(encoding, params["formats"], max_new_tokens, source)
    percent = f"{100 * float(scored.plan.get('confidence') or 0.95):g}"
    base = f"[{about.base_model}](https://huggingface.co/{about.base_model})" if about.base_model else "random weights"
    teachers = [f"`{name}` ({count:,} traces)" for name, count in scored.teachers.items()]
    weights = {"adapter": "The adapter alone: it needs its base model.", "merged": ""}[about.weights]
    lora = params.get("lora")
    return f"""---
{_metadata(scored, encoding, about)}
---

# {about.name}

{base}, specialised in multi-step reasoning on a teacher's chains of thought. {weights}
Method: Fu et al., *Specializing Smaller Language Models towards Multi-Step Reasoning*, ICML 2023.

## What it gained, and the price

Accuracy on test problems in percent, with {percent} % intervals, before specialisation and after it. Generic
abilities are the price: what specialisation took away.

{_table(scored.changes)}

Greedy decoding, at most {scored.plan.get("max_new_tokens")} new tokens. Intervals speak of the problems, not of the
seed: this is one run.

## How to ask it

In the prompt that it was trained on (`{zero_shot_format(params["formats"])}`); a bare question gets an answer without
reasoning, if any:

```python
{code}
```

## How it was made

- teacher: {", ".join(teachers) or "see the training data"}
- objective: {params["loss"]} matching; formats: {_mix(params["formats"])}; prompts: {scored.manifest.prompts.style}
- trained: {f"LoRA of rank {lora['rank']}" if lora else "all weights"}, seed {params["seed"]},
  {scored.manifest.step:,} of {params["steps"]:,} updates of {params["batch_tokens"]:,} tokens
- {scored.manifest.parameters:,} parameters
- recipe: sha256 `{scored.manifest.recipe_sha256}`, in full in `manifest.json`, with the hashes of all inputs
"""


def _metadata(scored: ScoredCheckpoint, encoding: Encoding, about: Publication) -> str:
    results = [
        EvalResult(
            task_type="text-generation",
            dataset_type=change.benchmark,
            dataset_name=change.benchmark,
            dataset_split="test",
            metric_type="accuracy",
            metric_name=f"accuracy, {change.format.replace('_', ' ')}, {change.reading} reading",
            metric_value=round(100 * change.after.accuracy, 2),
        )
        for change in scored.changes
    ]
    adapter = about.weights == "adapter"
    optional: dict[str, Any] = {}
    # transformers 5 has no pipeline for encoder-decoders.
    if encoding.family == "causal":
        optional["pipeline_tag"] = "text-generation"
    if about.base_model:
        optional["base_model"] = about.base_model
        optional["base_model_relation"] = "adapter" if adapter else "finetune"
    if about.datasets:
        optional["datasets"] = list(about.datasets)
    data = ModelCardData(
        library_name="peft" if adapter else "transformers",
        license=about.license,
        language="en",
        model_name=about.name,
        tags=["chain-of-thought", "distillation", "math"],
        eval_results=results,
        **optional,
    )
    text: str = data.to_yaml()
    return text.strip()


def _table(changes: Sequence[Change]) -> str:
    lines = ["| | benchmark | format | reading | n | before | after |", "|---|---|---|---|---|---|---|"]
    for change in changes:
        role = {"generic": "price", "seed": "trained on"}.get(change.role, change.role.replace("_", " "))
        cells = [role, change.benchmark, change.format.replace("_", " "), change.reading, str(change.after.n)]
        lines.append(f"| {' | '.join([*cells, _percent(change.before), _percent(change.after)])} |")
    return "\n".join(lines)


def _percent(row: ScoreRow) -> str:
    return f"{100 * row.accuracy:.1f} ({100 * row.low:.1f}–{100 * row.high:.1f})"


def _mix(formats: Mapping[str, float]) -> str:
    return ", ".join(f"{name} {share:g}" for name, share in formats.items() if share)
