"""What scripts/new-extension begins is green from the first minute, and goes wrong in one line."""

import importlib.util
import sys

import pytest

from domain.detail_types import DetailType
from scripts.commands.new_extension import CannotBegin, begin
from webapp import extensions
from webapp.extending import known_names, load


@pytest.fixture
def begun(tmp_path, monkeypatch):
    """Begins an extension in a folder of its own, which the product then knows of."""
    folders = [*extensions.__path__, str(tmp_path / "webapp" / "extensions")]
    monkeypatch.setattr(extensions, "__path__", folders)

    def begun(name: str, *events: str, about: str = "", has_table: bool = False):
        _, test = begin(name, about, list(events), has_table, root=tmp_path)
        spec = importlib.util.spec_from_file_location(f"test_{name}", test)
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return load(name), module

    yield begun
    for module in [one for one in sys.modules if one.startswith("webapp.extensions.probe")]:
        del sys.modules[module]


@pytest.mark.parametrize("seed", range(3))
def test_its_own_test_is_green(begun, seed, caplog):
    extension, test = begun("probe", about="Counts what is done")
    assert extension.about == "Counts what is done." and not extension.has_table
    assert "probe" in known_names()
    test.test_each_of_its_events_is_taken_doubled_and_shuffled(seed, caplog)


@pytest.mark.parametrize("seed", range(3))
def test_with_a_table_its_own_test_is_green_too(begun, seed):
    extension, test = begun("probe2", has_table=True)
    assert extension.has_table and extension.detail_types == {DetailType.ORDER_COMPLETED}
    test.test_events_doubled_and_shuffled_leave_what_each_of_them_once_leaves(seed)


def test_it_takes_the_events_that_were_asked_for(begun, caplog):
    wanted = {DetailType.ORDER_COMPLETED, DetailType.ORDER_CANCELLED}
    extension, test = begun("probe3", *map(str, wanted))
    assert extension.detail_types == wanted
    test.test_each_of_its_events_is_taken_doubled_and_shuffled(0, caplog)


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("Loyalty", "small letters"),
        ("two-words", "small letters"),
        ("../core", "small letters"),
        ("7up", "small letters"),
        ("a" * 21, "small letters"),
        ("", "small letters"),
        ("class", "Python's own"),
    ],
)
def test_a_name_that_will_not_do_is_refused_in_one_line(tmp_path, name, says):
    with pytest.raises(CannotBegin, match=says) as refused:
        begin(name, "", [], False, root=tmp_path)
    assert "\n" not in str(refused.value) and list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("about", "events", "says"),
    [
        ("", ["OrderManager.OrderComplete"], "no event “OrderManager.OrderComplete”"),
        ('Says "hello"', [], "without quotation marks"),
        ("x" * 71, [], "at most 70"),
    ],
)
def test_so_is_what_else_is_wrong(tmp_path, about, events, says):
    with pytest.raises(CannotBegin, match=says):
        begin("loyalty", about, events, False, root=tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_nothing_that_is_there_is_written_over(tmp_path):
    module, _ = begin("loyalty", "", [], False, root=tmp_path)
    module.write_text("mine")
    with pytest.raises(CannotBegin, match="webapp/extensions/loyalty already"):
        begin("loyalty", "", [], True, root=tmp_path)
    assert module.read_text() == "mine"
