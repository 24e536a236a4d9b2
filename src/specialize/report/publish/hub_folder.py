"""The folder that the Hugging Face Hub expects, and its upload."""

import os
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from huggingface_hub import HfApi, get_token
from huggingface_hub.errors import HfHubHTTPError, HFValidationError
from transformers import AutoTokenizer

from specialize.core.encoding import Encoding
from specialize.core.errors import CheckpointError, SpecializeError
from specialize.core.files import read_json, write_json, write_text
from specialize.core.model_families import family_of
from specialize.report.publish.hub_card import Publication, hub_card
from specialize.report.publish.scored_checkpoint import ScoredCheckpoint, read_scored

ENDING = ("README.md", "manifest.json")
MODE = 0o644
"""Of every published file, whatever the umask was: others are meant to read them."""
WITHOUT_GREED = ("temperature", "top_p", "top_k", "typical_p", "min_p")
"""Settings of sampling, about which transformers warns beside greedy decoding."""


def write_folder(checkpoint: Path, results: Path, about: Publication, output: Path) -> ScoredCheckpoint:
    """Write weights, tokenizer, generation config, manifest and card of a checkpoint to `output`.

    Complete or not at all; the same checkpoint makes the same bytes. Raises CheckpointError where scores are missing,
    where they belong to other weights, and for an adapter that the checkpoint has not.
    """
    scored = read_scored(checkpoint, results)
    if output.exists() and not (output / "manifest.json").is_file() and any(output.iterdir()):
        raise SpecializeError(f"{output}: expected no such folder, or one that was published before; name another one")
    about = replace(about, base_model=about.base_model or _base_of(scored))
    part = output.with_name(f".{output.name}.part")
    shutil.rmtree(part, ignore_errors=True)
    for path in _weights_and_tokenizer(scored, about):
        inside = path.relative_to(checkpoint)
        target = part / (inside.name if inside.parts[0] == "adapter" else inside)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)
    config = read_json(checkpoint / "config.json")
    family = family_of(config.get("model_type"), str(checkpoint))
    tokenizer = AutoTokenizer.from_pretrained(checkpoint, local_files_only=True, trust_remote_code=False)
    encoding = Encoding(tokenizer, family, scored.manifest.prompts)
    longest = int(scored.plan.get("max_new_tokens") or 256)
    if about.weights == "adapter":
        adapter = read_json(part / "adapter_config.json")
        write_json(part / "adapter_config.json", adapter | {"base_model_name_or_path": about.base_model})
    else:
        write_json(part / "generation_config.json", _generation_config(checkpoint, tokenizer, longest))
    shutil.copyfile(checkpoint / "manifest.json", part / "manifest.json")
    source = about.name if about.name.count("/") == 1 else "."
    write_text(part / "README.md", hub_card(scored, encoding, about, longest, source))
    for path in part.rglob("*"):
        path.chmod(0o755 if path.is_dir() else MODE)
    shutil.rmtree(output, ignore_errors=True)
    part.rename(output)
    return scored


def upload(folder: Path, name: str, private: bool) -> str:
    """Upload a published folder to the Hub, or to the server of HF_ENDPOINT; return its address.

    Raises SpecializeError without a token, and where the Hub refuses.
    """
    if not (token := get_token()):
        raise SpecializeError(
            "no token of the Hugging Face Hub: run `hf auth login`, or set HF_TOKEN; then the same command"
        )
    api = HfApi(endpoint=os.environ.get("HF_ENDPOINT"), token=token)
    try:
        api.create_repo(name, private=private, exist_ok=True)
        done = api.upload_folder(repo_id=name, folder_path=folder, commit_message="Upload by specialize")
    except (HfHubHTTPError, HFValidationError, OSError) as error:
        reason = " ".join(str(error).split()).replace(token, "…")
        raise SpecializeError(f"the Hub did not take {folder} as '{name}': {reason[:300]}") from None
    return str(done.commit_url)


def _weights_and_tokenizer(scored: ScoredCheckpoint, about: Publication) -> Iterator[Path]:
    """Yield the files of the checkpoint that are published: its manifest names them, so no other can slip in."""
    files = [scored.folder / name for name in scored.manifest.files]
    adapter = [path for path in files if path.parent.name == "adapter"]
    if about.weights == "adapter":
        if not adapter:
            raise CheckpointError(
                f"{scored.folder}: trained without LoRA, so it has no adapter; publish merged weights"
            )
        if not about.base_model:
            raise CheckpointError(f"{scored.folder}: an adapter needs its base model: add --base-model")
        kept = [path for path in files if path.name.startswith(("tokenizer", "special_tokens", "chat_template"))]
        yield from (*adapter, *kept)
        return
    yield from (path for path in files if path not in adapter and path.name not in ENDING)


def _base_of(scored: ScoredCheckpoint) -> str | None:
    """Return the Hub id that training began with; None: a folder, or weights of this project."""
    return str(scored.manifest.recipe.params["start"]) if scored.manifest.start_commit else None


def _generation_config(checkpoint: Path, tokenizer: Any, longest: int) -> dict[str, Any]:
    """Return the model's own with what scoring did: greedy, as long, ended by the tokenizer's end token too."""
    path = checkpoint / "generation_config.json"
    own = read_json(path) if path.is_file() else {}
    ends = own.get("eos_token_id")
    ends = {tokenizer.eos_token_id, *(ends if isinstance(ends, list) else [ends])} - {None}
    kept = {name: value for name, value in own.items() if name not in WITHOUT_GREED}
    return kept | {"do_sample": False, "max_new_tokens": longest, "eos_token_id": sorted(ends)}
