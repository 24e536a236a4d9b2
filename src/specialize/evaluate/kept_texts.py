"""What a checkpoint wrote, kept in the work folder: when the judge changes, it is judged again, not generated again."""

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path

import torch
import transformers

from specialize.core.errors import RecordError
from specialize.core.files import read_json, sha256_text, write_json
from specialize.core.log import get_logger
from specialize.evaluate.generate import ORDER, DecodingLimits
from specialize.lineage.code_digest import module_digest

log = get_logger("evaluate")
Written = tuple[list[str], int]
"""The answer to each prompt, and how many questions were cut to fit."""


def texts_key(manifest: str, prompts: Sequence[str], limits: DecodingLimits) -> str:
    """Return a sha256 over everything that decides the texts: the checkpoint's manifest (its sha256), the prompts, the
    limits of the decoding, the code that generates, libraries and device; not the judge."""
    device = torch.cuda.get_device_name() if torch.cuda.is_available() else "cpu"
    libraries = [torch.__version__, transformers.__version__, device]
    code = [ORDER, module_digest("specialize.evaluate.generate")]
    return sha256_text(json.dumps([manifest, list(prompts), asdict(limits), libraries, code]))


def kept_texts(folder: Path, name: str, key: str, write: Callable[[], Written]) -> Written:
    """Return the texts that were kept under `name` with this key, or write and keep them; another key's are deleted."""
    path = folder / f"{name}.{key[:16]}.json"
    if path.is_file() and (kept := _kept(path)) is not None:
        return kept
    texts, cut = write()
    for other in folder.glob(f"{name}.{'?' * 16}.json"):
        other.unlink(missing_ok=True)
    write_json(path, {"texts": texts, "cut": cut, "sha256": _digest(texts, cut)})
    return texts, cut


def _kept(path: Path) -> Written | None:
    """Return what a file holds; None, with a line in the log, where it is not as it was written."""
    try:
        kept = read_json(path)
        if kept["sha256"] == _digest(kept["texts"], kept["cut"]):
            return kept["texts"], kept["cut"]
    except (RecordError, KeyError, TypeError):
        pass
    log.warning("%s: not as it was written; the texts are generated again", path)
    return None


def _digest(texts: list[str], cut: int) -> str:
    return sha256_text(json.dumps([texts, cut]))
