"""Workspaces for the tests with real tools."""

import pytest
from workspaces import LEARNING_RATE, Workspace, fresh


@pytest.fixture(scope="session")
def built(tmp_path_factory) -> Workspace:
    """A workspace that one plain `snakemake --cores 2` has built. Do not change it: take `workspace`."""
    workspace = fresh(tmp_path_factory.mktemp("built") / "project")
    workspace.snakemake()
    return workspace


@pytest.fixture
def workspace(built, tmp_path) -> Workspace:
    """A copy of the built workspace, to be changed at will."""
    return built.copy(tmp_path / "project")


@pytest.fixture(scope="session")
def changed(built, tmp_path_factory) -> Workspace:
    """The same with another learning rate, built from scratch: what every other way must arrive at."""
    workspace = fresh(tmp_path_factory.mktemp("changed") / "project")
    workspace.edit("params.yaml", *LEARNING_RATE)
    workspace.snakemake()
    assert workspace.digests() != built.digests()
    return workspace
