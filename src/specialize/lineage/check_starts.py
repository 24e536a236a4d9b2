"""Starts in local folders are judged before a run begins, so that no teacher is paid for a model that cannot learn."""

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
