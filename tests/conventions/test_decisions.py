"""docs/decisions.md: numbers, contents, what replaced what, and references from elsewhere."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "decisions.md").read_text()
_REFERENCE = re.compile(r"\bdecisions? (\d+)(?:(?:, | and )(\d+))*")


def _decisions() -> list[tuple[int, str, str]]:
    """Number, title and text of each, in the page's order."""
    parts = re.split(r"^## (\d+)\. (.+)$", PAGE, flags=re.MULTILINE)[1:]
    return [(int(n), title, text) for n, title, text in zip(parts[::3], parts[1::3], parts[2::3])]


def _statuses() -> dict[int, str]:
    found = {}
    for number, _, text in _decisions():
        line = re.match(r"\n\n\d{4}-\d\d-\d\d · Status: (.+)\n", text)
        assert line, f"decision {number} has no line with its date and status"
        found[number] = line[1]
    return found


def test_numbers_begin_at_one_and_leave_none_out():
    assert [number for number, _, _ in _decisions()] == list(range(1, len(_decisions()) + 1))


def test_none_stands_outside_of_a_number():
    assert re.findall(r"^\*\*20\d\d-.*", PAGE, re.MULTILINE) == [], "give it a number"


def test_dates_never_go_back():
    dates = re.findall(r"^(\d{4}-\d\d-\d\d) · Status", PAGE, re.MULTILINE)
    assert len(dates) == len(_decisions()) and dates == sorted(dates)


def test_the_contents_list_every_decision_by_its_title():
    contents = re.findall(r"^(\d+)\. \[(.+)\]\(#(\S+)\)(?: \(replaced\))?$", PAGE, re.MULTILINE)
    titles = [(str(number), title) for number, title, _ in _decisions()]
    assert [(number, title) for number, title, _ in contents] == titles
    assert [anchor for _, _, anchor in contents] == [_anchor(*one) for one in titles]


def _anchor(number: str, title: str) -> str:
    """As Markdown's readers make it of a heading."""
    return re.sub(r"[^\w\- ]", "", f"{number}. {title}".lower()).replace(" ", "-")


def test_each_has_its_context_its_decision_and_its_consequence():
    for number, _, text in _decisions():
        labels = re.findall(r"^- \*\*(\w+)\.\*\* ", text, re.MULTILINE)
        assert labels == ["Context", "Decision", "Consequence"], number


def test_what_is_replaced_names_a_later_decision_that_says_so_too():
    statuses = _statuses()
    for number, status in statuses.items():
        assert re.match(r"(accepted|replaced( in part)? by \d+)(;|$)", status), number
        if by := re.match(r"replaced(?: in part)? by (\d+)", status):
            later = statuses.get(int(by[1]), "")
            assert int(by[1]) > number
            assert re.search(rf"replaces (.+, )?{number}\b", later), (number, by[1])


def test_what_replaces_another_is_named_there():
    statuses = _statuses()
    for number, status in statuses.items():
        for replaced in re.findall(r"\d+", status.partition("replaces ")[2]):
            assert f" by {number}" in statuses[int(replaced)], (number, replaced)


def test_the_contents_mark_what_no_longer_holds():
    marked = {int(one) for one in re.findall(r"^(\d+)\. \[.+ \(replaced\)$", PAGE, re.MULTILINE)}
    assert marked == {n for n, status in _statuses().items() if status.startswith("replaced by")}


def test_every_decision_that_is_referred_to_exists():
    tracked = subprocess.run(
        ["git", "ls-files", "*.md", "*.py"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split()
    known = {number for number, _, _ in _decisions()}
    named = {
        (name, int(number))
        for name in tracked
        if (ROOT / name).exists()
        for found in _REFERENCE.finditer((ROOT / name).read_text())
        for number in re.findall(r"\d+", found[0])
    }
    assert len(named) > 5
    assert {one for one in named if one[1] not in known} == set()
