"""docs/events.md says what the code does."""

import json

import pytest

from domain.detail_types import DetailType
from scripts.commands.generate_events import PAGE, SAMPLES, page, takers


def test_the_page_is_the_one_that_the_code_makes():
    assert PAGE.read_text() == page(), "run scripts/generate_events, review the diff, commit it"


@pytest.mark.parametrize("name", DetailType, ids=str)
def test_each_event_has_its_part_with_a_producer_and_a_sample(name):
    part = page().split(f"\n## {name}\n")[1].split("\n## ")[0]
    assert "**Producer:** `webapp/consumers/announce.py`, when" in part
    assert "```json" in part and "| `eventId` |" in part


def test_its_lines_fit_the_page_and_its_lists_stand_apart():
    lines = page().splitlines()
    assert [line for line in lines if len(line) > 100] == []
    begins = [n for n, line in enumerate(lines) if line.startswith("- ")]
    assert all(not lines[n - 1] or lines[n - 1].startswith(("- ", "  ")) for n in begins)


@pytest.mark.parametrize("name", DetailType, ids=str)
def test_the_sample_on_the_page_is_the_committed_one(name):
    part = page().split(f"\n## {name}\n")[1].split("```json\n")[1].split("```")[0]
    assert json.loads(part) == json.loads((SAMPLES / f"{name}.json").read_text())["detail"]


def test_extensions_are_named_beside_the_consumers():
    assert takers(DetailType.ORDER_COMPLETED)[1] and takers(DetailType.ORDER_COMPLETED)[0]
