"""Settings and fixtures for all tests."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from reference_data import SHARED

# No deadline: the machines that run this are slow and shared, and a flaky failure teaches nothing.
settings.register_profile(
    "default",
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
settings.load_profile("default")

# It needs a fuzzer that its own session installs.
collect_ignore = ["fuzzing.py"]


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of reference data beside the project, where it exists."""
    if not SHARED.is_dir():
        pytest.skip("no reference data beside the project")
    return SHARED
