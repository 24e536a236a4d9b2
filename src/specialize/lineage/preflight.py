"""What can be told before a run is started: whether local starts can be students, which of the names that the Hub may
change have no revision, and how much disk checkpoints take.

Weights decide the disk: each checkpoint of a student holds all of them in fp32, and DVC's cache holds a copy (unless it
is set to links, `dvc config cache.type`). While a student trains, two resumable states stand in results/work/ besides,
each with the weights and the optimizer's state.
"""

import json
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from math import prod
from pathlib import Path

from specialize.core.model_families import check_model_folder, family_of
from specialize.core.params.load import Params
from specialize.core.params.traces import TokenizerParams
from specialize.core.params.train import checkpoint_steps
from specialize.core.params.training.starts import Architecture, StartParams
from specialize.lineage.write_recipes import raw_root

BYTES_A_WEIGHT = 4
VOCABULARY = 512
"""Tokens of a learned tokenizer where params name no number (traces.tokenizers)."""
STATE_BYTES = {"adamw": 8, "adafactor": 0, "adamw_8bit": 2}
"""Bytes of the optimizer's state a weight; Adafactor's is small beside the weights."""
SAVED_STATES = 2
LONGEST_HEADER = 100_000_000
"""Bytes; safetensors itself reads no longer one."""


def check_local_starts(params: Params, project: Path) -> None:
    """Raises CheckpointError where the folder of a start holds no model of a known family with safetensors.

    A Hugging Face id, or a folder that this machine lacks (results may have been pulled), is not judged here;
    `workflow/check_starts.py` judges those too.
    """
    root = raw_root(params, project)
    for name, start in params.train.starts.items():
        if start.source != "scratch" and (root / start.source).is_dir():
            check_model_folder(root / start.source, f"train.starts.{name}.source")


def unpinned(params: Params, project: Path) -> list[str]:
    """Return the keys whose Hugging Face id has no revision: what they name may move between two runs."""
    root = raw_root(params, project)
    sources = {f"train.starts.{name}": (one.source, one.revision) for name, one in params.train.starts.items()}
    sources |= {
        f"traces.tokenizers.{name}": (one.source, one.revision) for name, one in params.traces.tokenizers.items()
    }
    for name, dataset in params.data.datasets.items():
        if dataset.hub:
            sources[f"data.datasets.{name}.hub"] = (dataset.hub.id, dataset.hub.revision)
    return [
        key
        for key, (source, revision) in sources.items()
        if source not in ("scratch", "learned") and revision is None and not (root / source).is_dir()
    ]


@dataclass(frozen=True)
class DiskEstimate:
    """Bytes; students of unknown size are left out of the sums."""

    checkpoints: int
    working: int
    """Of the largest student, while it trains."""
    unknown: list[str]
    """Students whose start is neither here nor described in params."""

    def lines(self) -> list[str]:
        """Return what to print."""
        sum_, state = _size(self.checkpoints), _size(self.working)
        said = [f"checkpoints: about {sum_}, and as much again for DVC's copy; up to {state} while one student trains"]
        if self.unknown:
            names = ", ".join(self.unknown)
            said.append(f"size unknown here: {names} (`python workflow/check_starts.py` asks the Hub)")
        return said


def disk_estimate(params: Params, project: Path, known: Mapping[str, int] | None = None) -> DiskEstimate:
    """Return the estimate. known: start → weights, of starts that were looked up elsewhere."""
    root = raw_root(params, project)
    checkpoints, working, unknown = 0, 0, []
    for name, student in params.train.students.items():
        run = params.train.run_of(name)
        first = params.train.first_start(name)
        tokenizer = params.traces.tokenizers[student.tokenizer]
        weights = (known or {}).get(first) or weights_of(params.train.starts[first], tokenizer, root)
        if weights is None:
            unknown.append(name)
            continue
        checkpoints += weights * BYTES_A_WEIGHT * len(checkpoint_steps(run))
        state = 0 if run.lora else STATE_BYTES[run.optimizer]
        working = max(working, weights * (BYTES_A_WEIGHT + state) * SAVED_STATES)
    return DiskEstimate(checkpoints, working, unknown)


def weights_of(start: StartParams, tokenizer: TokenizerParams, root: Path) -> int | None:
    """Return the number of weights of a start, and so of its students; None where nothing here tells it."""
    if start.architecture is not None:
        learned = (tokenizer.vocabulary or VOCABULARY) + 2 * tokenizer.whole_numbers
        return _drawn(start.architecture, learned) if tokenizer.source == "learned" else None
    return _stored(root / start.source)


def _drawn(shape: Architecture, vocabulary: int) -> int:
    """Weights of a model drawn at random, norms and position biases left out."""
    attention, feed_forward = 4 * shape.d_model * shape.d_kv * shape.num_heads, 3 * shape.d_model * shape.d_ff
    embedding = vocabulary * shape.d_model
    if family_of(shape.family, "architecture.family") == "causal":
        return embedding + shape.num_layers * (attention + feed_forward)
    # T5's encoder and decoder share an embedding, those of T5Gemma each have their own.
    tables = 2 if shape.family == "t5gemma" else 1
    return tables * embedding + shape.num_layers * (3 * attention + 2 * feed_forward)


def _stored(folder: Path) -> int | None:
    """Return the weights in a folder's safetensors files, from their headers alone; None where a header is damaged."""
    files = sorted(folder.glob("*.safetensors")) if folder.is_dir() else []
    try:
        return sum(_in_file(path) for path in files) or None
    except (OSError, struct.error, ValueError, TypeError, KeyError):
        return None


def _in_file(path: Path) -> int:
    with path.open("rb") as stream:
        (length,) = struct.unpack("<Q", stream.read(8))
        header = json.loads(stream.read(min(length, LONGEST_HEADER)))
    return sum(prod(tensor["shape"]) for name, tensor in header.items() if name != "__metadata__")


def _size(size: int) -> str:
    for unit, bytes_ in (("TB", 10**12), ("GB", 10**9), ("MB", 10**6)):
        if size >= bytes_:
            return f"{size / bytes_:.1f} {unit}"
    return f"{size / 1000:.0f} kB"
