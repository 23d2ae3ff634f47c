"""Begins an extension: writes its module and a passing test, and adds its name to
docs/events.md.
"""

from __future__ import annotations

import argparse
import json
import keyword
import sys
from pathlib import Path
from string import Template

from domain.detail_types import DetailType
from scripts.environment import ROOT
from webapp.settings import EXTENSION_NAME

_LONGEST_ABOUT = 70


class CannotBegin(Exception):
    """The text is one line that says what is wrong and what to do."""


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="scripts/new-extension",
        description="Begin an extension: a module in webapp/extensions and a test that is green."
        " docs/extensions.md says how to go on.",
    )
    parser.add_argument("name", metavar="NAME", help="small letters and digits, such as loyalty")
    parser.add_argument("--table", action="store_true", help="with a table of its own")
    parser.add_argument(
        "--event",
        action="append",
        metavar="EVENT",
        help="an event that it takes, such as OrderManager.OrderCompleted (the default);"
        " may be given several times, docs/events.md lists them",
    )
    parser.add_argument("--about", default="", metavar="TEXT", help="what it does, in one sentence")
    chosen = parser.parse_args()
    try:
        made = begin(chosen.name, chosen.about, chosen.event or [], chosen.table)
    except CannotBegin as error:
        print(error, file=sys.stderr)
        return 1
    _name_it_among_the_takers()
    for file in made:
        print(f"wrote {file.relative_to(ROOT)}")
    print("wrote docs/events.md, which names it beside the events that it takes")
    print(f"\nIts test:    scripts/test {made[1].relative_to(ROOT)}")
    print(f"Switched on: EXTENSIONS={chosen.name} scripts/serve")
    return 0


def begin(
    name: str, about: str, events: list[str], has_table: bool, root: Path = ROOT
) -> tuple[Path, Path]:
    """Writes the module and its test and returns both paths.

    Raises CannotBegin before anything is written.
    """
    if not EXTENSION_NAME.fullmatch(name) or keyword.iskeyword(name):
        raise CannotBegin(
            f"“{name}” cannot be its name: a letter, then at most 19 more small letters and digits,"
            " and no word of Python's own."
        )
    module = root / "webapp" / "extensions" / name / "__init__.py"
    test = root / "tests" / "webapp" / "extensions" / f"test_{name}.py"
    for path in (module.parent, test):
        if path.exists():
            raise CannotBegin(f"There is {path.relative_to(root)} already; choose another name.")
    filled = {"name": name, "about": _sentence(name, about), "events": _members(events)}
    module.parent.mkdir(parents=True)
    module.write_text((_WITH_TABLE if has_table else _MODULE).substitute(filled))
    test.parent.mkdir(parents=True, exist_ok=True)
    test.write_text((_TEST_OF_TABLE if has_table else _TEST).substitute(filled))
    return module, test


def _members(events: list[str]) -> str:
    """Returns the events as Python source; several events take one line each."""
    known = {one.value: one.name for one in DetailType}
    for event in events:
        if event not in known:
            raise CannotBegin(f"There is no event “{event}”; docs/events.md lists them all.")
    names = dict.fromkeys(known[event] for event in events) or [DetailType.ORDER_COMPLETED.name]
    members = [f"DetailType.{name}" for name in names]
    if len(members) == 1:
        return members[0]
    return "".join(f"\n        {one}," for one in members) + "\n    "


def _sentence(name: str, about: str) -> str:
    about = " ".join(about.split()) or f"What {name} does, in one sentence."
    if len(about) > _LONGEST_ABOUT or json.dumps(about, ensure_ascii=False) != f'"{about}"':
        raise CannotBegin(
            f"Say what it does in at most {_LONGEST_ABOUT} characters,"
            " without quotation marks or backslashes."
        )
    return about if about.endswith(".") else about + "."


def _name_it_among_the_takers() -> None:
    from scripts.commands.generate_events import PAGE, page

    PAGE.write_text(page())


_MODULE = Template('''\
"""$about"""

from __future__ import annotations

import logging

from domain.detail_types import DetailType
from webapp.extension_kit import Arrival, Extension, Kit

log = logging.getLogger(__name__)


def react(kit: Kit, arrival: Arrival) -> None:
    """Says in the log that the event came."""
    log.info("$name took %s", arrival.event.detail_type)


EXTENSION = Extension(
    about="$about",
    detail_types=frozenset({$events}),
    run=react,
)
''')

_WITH_TABLE = Template('''\
"""$about"""

from __future__ import annotations

from datetime import timedelta

from domain.detail_types import DetailType
from webapp.extension_kit import Arrival, Extension, Kit

_KEPT = timedelta(days=1)


def react(kit: Kit, arrival: Arrival) -> None:
    """Keeps that the event came, once however often it comes."""
    event = arrival.event
    kit.table.add(event.shop_id, arrival.id, {"event": event.detail_type}, kit.now() + _KEPT)


EXTENSION = Extension(
    about="$about",
    detail_types=frozenset({$events}),
    run=react,
    has_table=True,
)
''')

_TEST = Template('''\
"""$about"""

import logging

import pytest

from tests.extensions import a_kit, replay
from webapp.extensions.$name import EXTENSION


@pytest.mark.parametrize("seed", range(3))
def test_each_of_its_events_is_taken_doubled_and_shuffled(seed, caplog):
    caplog.set_level(logging.INFO)
    replay(EXTENSION, a_kit(EXTENSION), seed)
    assert set(caplog.messages) == {f"$name took {one}" for one in EXTENSION.detail_types}
''')

_TEST_OF_TABLE = Template('''\
"""$about"""

import pytest

from tests.extensions import a_kit, replay, sample_arrivals
from webapp.extensions.$name import EXTENSION


@pytest.mark.parametrize("seed", range(3))
def test_events_doubled_and_shuffled_leave_what_each_of_them_once_leaves(seed):
    once, replayed = a_kit(EXTENSION), a_kit(EXTENSION)
    for arrival in sample_arrivals(EXTENSION):
        EXTENSION.run(once, arrival)
    replay(EXTENSION, replayed, seed)
    assert once.table.items
    assert replayed.table.items == once.table.items
''')


if __name__ == "__main__":
    sys.exit(main())
