"""Whether the files of a model folder are those that its manifest names."""

from collections.abc import Mapping
from pathlib import Path

from specialize.core.errors import CheckpointError
from specialize.core.files import sha256_file


def check_files(folder: Path, files: Mapping[str, str]) -> None:
    """Raise CheckpointError where a file of the folder is not the one that its manifest names.

    Weights of another run, or with a flipped bit, have the same size and load as well: what is made from them would
    bear this manifest's name. files: name → sha256.
    """
    for name, digest in files.items():
        path = folder / name
        if not path.is_file() or sha256_file(path) != digest:
            raise CheckpointError(f"{path} is not the file that manifest.json names; dvc checkout it, or train again")
