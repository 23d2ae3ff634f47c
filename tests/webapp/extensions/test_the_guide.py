"""The extension that docs/extensions.md writes out is one that works."""

import re
import sys
import types
from pathlib import Path

import pytest

GUIDE = Path(__file__).parents[3] / "docs" / "extensions.md"


@pytest.fixture
def written_out(monkeypatch):
    """The guide's two listings: the extension's module and its test's."""
    module, test = re.findall(r"```python\n(.*?)```", GUIDE.read_text(), re.DOTALL)
    made = types.ModuleType("webapp.extensions.loyalty")
    monkeypatch.setitem(sys.modules, made.__name__, made)
    exec(compile(module, "loyalty", "exec"), made.__dict__)
    names: dict = {}
    exec(compile(test, "test_loyalty", "exec"), names)
    return names


@pytest.mark.parametrize("seed", range(3))
def test_its_own_test_is_green(written_out, seed, caplog):
    written_out["test_of_ten_coffees_doubled_and_shuffled_one_is_on_us"](seed, caplog)
