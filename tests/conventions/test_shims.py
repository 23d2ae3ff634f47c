"""What is there for earlier versions says until when, and goes when that version is reached.

Such code carries a comment of one form: Remove after 2.0, a colon, the reason.
"""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from scripts.version import version

ROOT = Path(__file__).parents[2]
_SHIM = re.compile(r"(?:#|//|\{#-?) Remove after (\d+)\.(\d+): (\S.+)")
_LIKE_A_SHIM = re.compile(r"remove (?:it |this )?(?:after|in|with|from|when) ", re.IGNORECASE)
_OF_AN_EARLIER_VERSION = re.compile(
    r"(?:an|the) (?:earlier|older|previous) version\b(?! of (?:the function|this page))"
    r"|earlier versions of|version before|before an update",
    re.IGNORECASE,
)
_LINES_NEAR = 12
_HEAD = 6
"""A comment within the first lines of a file is about all of it."""


def _lines() -> list[tuple[str, int, str]]:
    """Every line of the product's code, with its file and number."""
    listed = subprocess.run(
        ["git", "ls-files", "domain", "workflows", "webapp", "templates", "scripts"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    code = [one for one in listed if one.endswith((".py", ".js", ".html", ".css"))]
    return [
        (name, number, line)
        for name in code
        if (ROOT / name).exists()
        for number, line in enumerate((ROOT / name).read_text().splitlines(), 1)
    ]


def _shims() -> list[tuple[str, int, tuple[int, int], str]]:
    found = []
    for name, number, line in _lines():
        if shim := _SHIM.search(line):
            found.append((name, number, (int(shim[1]), int(shim[2])), shim[3]))
    return found


def _overdue(now: str) -> list[str]:
    reached = tuple(map(int, now.split(".")[:2]))
    return [f"{name}:{number}" for name, number, until, _ in _shims() if until <= reached]


def test_there_is_nothing_left_for_a_version_that_has_been_reached():
    assert _overdue(version()) == [], "take it away, and its tests; say so in CHANGELOG.md"


@pytest.mark.parametrize("reached", ["2.0.0", "10.1.3"])
def test_a_shim_is_overdue_when_its_version_is_reached(reached):
    assert len(_overdue(reached)) == len(_shims()) > 5


def test_every_such_comment_has_the_one_form():
    like = [
        f"{name}:{number}"
        for name, number, line in _lines()
        if _LIKE_A_SHIM.search(line) and re.search(r"#|//", line) and not _SHIM.search(line)
    ]
    assert like == []


def test_whatever_speaks_of_an_earlier_version_says_until_when():
    marked = {(name, number) for name, number, _, _ in _shims()}
    whole_files = {name for name, number in marked if number <= _HEAD}
    silent = [
        f"{name}:{number}"
        for name, number, line in _lines()
        if _OF_AN_EARLIER_VERSION.search(line)
        and name not in whole_files
        and not any((name, number + off) in marked for off in range(-_LINES_NEAR, _LINES_NEAR))
    ]
    assert silent == []


def test_the_changelog_says_which_versions_take_something_away():
    page = (ROOT / "CHANGELOG.md").read_text()
    for until in {until for _, _, until, _ in _shims()}:
        assert "Version {}.{} ".format(*until) in page
