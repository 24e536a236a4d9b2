"""Starts in local folders are judged before a run begins, so that no teacher is paid for a model that cannot learn.

What comes from the Hugging Face Hub without a revision is named."""

from pathlib import Path

from specialize.core.model_families import check_model_folder
from specialize.core.params.load import Params
from specialize.lineage.write_recipes import raw_root


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
