"""One emulator for the tests of deployment."""

import pytest

from tests.emulator import Emulator


@pytest.fixture(scope="session")
def emulator(tmp_path_factory):
    with Emulator(tmp_path_factory.mktemp("emulator")) as running:
        yield running
