"""The extension that docs/extensions.md writes out is one that works."""

import sys
import types

import pytest

from tests.extensions import listing


@pytest.fixture
def written_out(monkeypatch):
    """The names in the guide's listing of the test, over its listing of the module."""
    made = types.ModuleType("webapp.extensions.loyalty")
    monkeypatch.setitem(sys.modules, made.__name__, made)
    exec(compile(listing("EXTENSION = Extension("), "loyalty", "exec"), made.__dict__)
    names: dict = {}
    exec(compile(listing("def test_"), "test_loyalty", "exec"), names)
    return names


@pytest.mark.parametrize("seed", range(3))
def test_its_own_test_is_green(written_out, seed, caplog):
    written_out["test_of_ten_coffees_doubled_and_shuffled_one_is_on_us"](seed, caplog)
