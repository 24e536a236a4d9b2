"""Fixtures of the tests that sample from a stub."""

from pathlib import Path

import pytest
from provider_stub import Project


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Project:
    """A folder with problems and a cache of its own; no key is set."""
    monkeypatch.setenv("SPECIALIZE_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    return Project(tmp_path, capsys)
