"""CHANGELOG.md has the form of Keep a Changelog, and its newest release is this version."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

from scripts.version import version

PAGE = (Path(__file__).parents[2] / "CHANGELOG.md").read_text()
_RELEASE = re.compile(r"\[(\d+)\.(\d+)\.(\d+)\] - (\d{4}-\d\d-\d\d)")


def _headings() -> list[str]:
    return re.findall(r"^## (.+)$", PAGE, re.MULTILINE)


def _releases() -> list[tuple[tuple[int, int, int], date]]:
    found = [_RELEASE.fullmatch(heading) for heading in _headings()[1:]]
    assert all(found), "a heading is [1.2.3] - 2026-01-31"
    return [((int(one[1]), int(one[2]), int(one[3])), date.fromisoformat(one[4])) for one in found]


def test_what_is_not_released_yet_comes_first():
    assert _headings()[0] == "[Unreleased]"


def test_releases_go_from_new_to_old_by_number_and_by_date():
    numbers = [number for number, _ in _releases()]
    dates = [day for _, day in _releases()]
    assert numbers and numbers == sorted(set(numbers), reverse=True)
    assert dates == sorted(dates, reverse=True)


def test_the_newest_release_is_the_version_of_the_project():
    assert ".".join(map(str, _releases()[0][0])) == version()


def test_each_release_says_something():
    for part in re.split(r"^## \[\d", PAGE, flags=re.MULTILINE)[1:]:
        assert re.search(r"^- ", part, re.MULTILINE)
