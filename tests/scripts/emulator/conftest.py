"""MiniStack's modules and ours in this process, although they live in an environment of their
own."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import pytest

from scripts.environment import python_of


@pytest.fixture(scope="session")
def ministack():
    """Last on the path, so that everything else stays this environment's."""
    (packages,) = (Path(python_of("ministack")).parent.parent / "lib").glob("python*/site-packages")
    sys.path.append(str(packages))
    yield
    sys.path.remove(str(packages))


@pytest.fixture(scope="session")
def untouched(ministack):
    """MiniStack's DynamoDB without our patches."""
    from ministack.services import dynamodb

    spec = importlib.util.spec_from_file_location("untouched_dynamodb", dynamodb.__file__)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def kept(ministack, untouched, tmp_path_factory):
    """MiniStack's DynamoDB as it runs in the bar, and its store."""
    from ministack.services import dynamodb

    from scripts.local.emulator import items, queries
    from scripts.local.emulator.store import open_store

    store = open_store(tmp_path_factory.mktemp("store"))
    items.keep_in(store)
    queries.narrow(store)
    return dynamodb
