"""Starts as others publish them, in small: random weights of four families, each with a tokenizer of its kind, and
params of students that start from them. Built on presets/tiny.yaml."""

from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from specialize.data.procedural.datasets import collect
from specialize.data.procedural.standalone import world_params
from tiny_models import CHAT_TEMPLATE, tiny_model
from tiny_tokenizers import make_tokenizer

PROJECT = Path(__file__).resolve().parents[1]
STARTS = {"t5": "metaspace", "t5gemma2": "byte_fallback", "llama": "llama3", "qwen3": "qwen"}
"""Type of the model, its folder below data.root, its start and its tokenizer in params → kind of the tokenizer."""
MATCHED = {"loss": "distribution"}
STUDENTS: dict[str, dict[str, Any]] = {
    **{name: {"start": name} for name in STARTS},
    **{f"{name}-matched": {"start": name, **MATCHED} for name in STARTS},
    "llama-lora": {"start": "llama", "lora": {"rank": 2, "alpha": 4}, **MATCHED},
    "t5gemma2-lora": {"start": "t5gemma2", "lora": {"rank": 2, "alpha": 4}},
    "qwen3-chat": {"start": "qwen3", "prompts": {"style": "chat", "thinking": False}, **MATCHED},
}
"""Every family with both losses, adapters on both kinds of model, a chat template."""


def write_starts(root: Path) -> None:
    """Write a folder with weights and tokenizer for each of STARTS."""
    world = collect(world_params(seed=1, train=80, evaluation=12, largest_number=20, mixture=1), ["world"])["world"]
    texts = [f"Q: {p.question}\nLet's think step by step\n{p.rationale}\nThe answer is {p.answer}" for p in world.train]
    for model_type, kind in STARTS.items():
        tokenizer = make_tokenizer(kind, texts, 460)
        if model_type == "qwen3":
            tokenizer.chat_template = CHAT_TEMPLATE
        # What has no token of its own takes the end's, as the published configs of Llama and Qwen do.
        named = {name: getattr(tokenizer, name) for name in ("pad_token_id", "eos_token_id", "bos_token_id")}
        end = named["eos_token_id"]
        model = tiny_model(
            model_type, len(tokenizer) + 4, {name: end if id is None else id for name, id in named.items()}
        )
        model.save_pretrained(root / model_type)
        tokenizer.save_pretrained(root / model_type)


def family_params(*students: str) -> dict[str, Any]:
    """Return params of these of STUDENTS; `data.root` is ../raw, where `write_starts` has written."""
    params: dict[str, Any] = YAML(typ="safe").load(PROJECT / "presets" / "tiny.yaml")
    params["data"]["root"] = "../raw"
    params["traces"]["tokenizers"] = {name: {"source": name} for name in STARTS}
    params["train"] |= {
        "steps": 4,
        "checkpoint_every": 2,
        "starts": {name: {"source": name, "tokenizer": name} for name in STARTS},
        "students": {name: {"tokenizer": STUDENTS[name]["start"], **STUDENTS[name]} for name in students},
    }
    params["evaluate"] |= {"items": 2, "items_per_task": 1, "generic_formats": ["answer_only"]}
    return params
