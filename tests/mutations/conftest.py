"""One prepared run for the short mutations."""

import pytest
import tiny_run


@pytest.fixture(scope="session")
def prepared(tmp_path_factory):
    """Data, completions and traces of presets/tiny.yaml, and raw files; no students."""
    folder = tmp_path_factory.mktemp("mutations") / "run"
    folder.mkdir()
    tiny_run.make(folder, whole=False)
    return folder
