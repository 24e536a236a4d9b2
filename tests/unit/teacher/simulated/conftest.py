"""The local teacher, live on loopback."""

import pytest
from live_teacher import Live, live_teacher


@pytest.fixture
def live() -> Live:
    """Serve PROBLEMS with these faults, or these rates of faults; yields a real client and the server."""
    return live_teacher
