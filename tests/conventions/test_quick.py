"""The quick set is one that a person lets run before every commit."""

from __future__ import annotations

from collections.abc import Iterator
from types import CodeType, FunctionType

from scripts import quick_tests

_STARTERS = {"LocalStack", "Emulator", "Team", "Containers", "sync_playwright", "chromium"}
"""What starts the emulator or a browser."""


def _names_in(code: CodeType) -> set[str]:
    inner = [one for one in code.co_consts if isinstance(one, CodeType)]
    return set(code.co_names).union(*(_names_in(one) for one in inner))


def _functions_behind(item) -> Iterator[FunctionType]:
    """The test, the fixtures it gets, and the functions of its file."""
    yield item.function
    for definitions in item._fixtureinfo.name2fixturedefs.values():
        yield from (one.func for one in definitions if isinstance(one.func, FunctionType))
    for value in vars(item.module).values():
        if isinstance(value, FunctionType) and value.__module__ == item.module.__name__:
            yield value


def _starters_of(item) -> set[str]:
    used = set().union(*(_names_in(one.__code__) for one in _functions_behind(item)))
    return used & _STARTERS


def test_nothing_in_the_quick_set_starts_the_emulator_or_a_browser(request):
    # All that this run has collected: the whole set, whether it is the quick run or the full one.
    collected = [item for item in request.session.items if quick_tests.is_quick(item.path)]
    slow = {item.nodeid: used for item in collected if (used := _starters_of(item))}
    assert slow == {}


def test_a_test_that_starts_the_emulator_is_noticed(request):
    root = quick_tests.TESTS / "conftest.py"
    plugin = request.config.pluginmanager.get_plugin(str(root))
    assert _names_in(plugin.stack._get_wrapped_function().__code__) & _STARTERS == {"LocalStack"}


def test_each_path_of_the_quick_set_is_there():
    assert [str(path) for path in quick_tests.paths() if not path.exists()] == []


def test_what_is_left_out_is_said_in_short():
    told = list(quick_tests.left_out())
    assert {"deployment", "e2e", "package", "webapp/routes", "workflows/test_template.py"} <= {
        *told
    }
    assert not any(one.startswith(("domain", "webapp/services")) for one in told)
