"""The running bar, started once, for the tests that need the real thing."""

from __future__ import annotations

import pytest

from scripts.local_stack import LocalStack


@pytest.fixture(scope="session")
def stack(tmp_path_factory):
    """The bar as scripts/serve starts it, on free ports."""
    # One window and one drawing of the code, so that none changes under a test's hands.
    hours = 6 * 3600
    with LocalStack(
        data=tmp_path_factory.mktemp("bar"), code_window_seconds=hours, code_seconds=hours,
        scans_per_code=1000,
    ) as running:
        yield running


@pytest.fixture(scope="session")
def quick_stack(tmp_path_factory):
    """A bar whose deadlines pass while one looks on."""
    folder = tmp_path_factory.mktemp("quick-bar")
    with LocalStack(
        data=folder, choose_seconds=4, make_seconds=3, shop_capacity=2, scans_per_code=1000,
        code_seconds=5,
    ) as running:
        yield running
