"""What a remote without `verify` may bring is not believed."""

import json
from hashlib import md5
from pathlib import Path

import pytest

from specialize.lineage.tracked.dvc_cache import misnamed

TRUE, FALSE = b'{"outputs": 1}', b'{"outputs": 2}'
FOLDER = "results/scores/nano"


class Project:
    """A folder with dvc.lock, a cache and one provenance file, as `dvc pull` leaves it."""

    def __init__(self, folder: Path, cache: str = ".dvc/cache") -> None:
        self.folder, self.cache = folder, folder / cache / "files" / "md5"
        self.provenance = folder / FOLDER / "provenance.json"
        self.provenance.parent.mkdir(parents=True)
        (folder / ".dvc").mkdir(exist_ok=True)
        listing = json.dumps([{"md5": md5(TRUE).hexdigest(), "relpath": "provenance.json"}]).encode()
        self.listing = f"{md5(listing).hexdigest()}.dir"
        self.file = md5(TRUE).hexdigest()
        self.put(self.listing, listing)
        self.pull(TRUE)
        entry = f"    - path: {FOLDER}\n      hash: md5\n      md5: {self.listing}\n      size: 3\n"
        (folder / "dvc.lock").write_text(f"schema: '2.0'\nstages:\n  evaluate@nano:\n    outs:\n{entry}")

    def put(self, digest: str, data: bytes) -> None:
        path = self.cache / digest[:2] / digest[2:]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)

    def pull(self, data: bytes) -> None:
        """As from a remote that has `data` under the hash of the true file."""
        self.put(self.file, data)
        self.provenance.write_bytes(data)

    def misnamed(self) -> set[Path]:
        return misnamed(self.folder, [self.provenance])


def test_what_the_lock_names_is_believed_and_so_is_what_was_built_here(tmp_path: Path) -> None:
    project = Project(tmp_path)
    assert project.misnamed() == set()
    project.provenance.write_bytes(b"built since")
    assert project.misnamed() == set()
    (tmp_path / "dvc.lock").unlink()
    assert project.misnamed() == set()


@pytest.mark.parametrize("cache", [".dvc/cache", "shared"])
def test_another_file_under_its_hash(tmp_path: Path, cache: str) -> None:
    project = Project(tmp_path, cache)
    (tmp_path / ".dvc" / "config").write_text("[core]\n    analytics = false\n")
    if cache == "shared":
        (tmp_path / ".dvc" / "config.local").write_text("[cache]\n    dir = ../shared\n")
    project.pull(FALSE)
    assert project.misnamed() == {project.provenance}
    project.provenance.write_bytes(TRUE)
    assert project.misnamed() == set(), "made again"


def test_another_listing_under_the_hash_of_a_folder(tmp_path: Path) -> None:
    project = Project(tmp_path)
    other = md5(FALSE).hexdigest()
    project.put(project.listing, json.dumps([{"md5": other, "relpath": "provenance.json"}]).encode())
    project.put(other, FALSE)
    project.provenance.write_bytes(FALSE)
    assert project.misnamed() == {project.provenance}


@pytest.mark.parametrize("listing", [b"", b"{}", b"[1]", b'[{"md5": "a"}]', b"\xff"])
def test_a_listing_that_is_none(tmp_path: Path, listing: bytes) -> None:
    project = Project(tmp_path)
    project.put(project.listing, listing)
    assert project.misnamed() == set()
