"""docs/glossary.md: each word once, names that are in the code, and names that are not."""

from __future__ import annotations

import re
import subprocess
import tokenize
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "glossary.md").read_text()


def _rows() -> list[tuple[str, str, str, str]]:
    """Word, meaning, names in code, what not to say."""
    rows = [
        tuple(cell.strip() for cell in line.strip("|").split(" | "))
        for line in PAGE.splitlines()
        if line.startswith("| ") and not line.startswith("| word |")
    ]
    assert all(len(row) == 4 for row in rows), [row for row in rows if len(row) != 4]
    return rows


@cache
def _files() -> tuple[str, ...]:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True)
    return tuple(one for one in listed.stdout.split() if (ROOT / one).exists())


@cache
def _sources() -> str:
    kinds = (".py", ".js", ".html", ".json")
    paths = [one for one in _files() if one.endswith(kinds) and not one.startswith("tests/")]
    return "\n".join((ROOT / one).read_text() for one in paths)


@cache
def _names() -> frozenset[str]:
    """All names in the product's Python, and those of its modules."""
    names = set()
    for one in _files():
        if one.endswith(".py") and one.split("/")[0] in ("domain", "webapp", "workflows"):
            names |= set(one.removesuffix(".py").split("/"))
            with tokenize.open(ROOT / one) as file:
                tokens = tokenize.generate_tokens(file.readline)
                names |= {token.string for token in tokens if token.type == tokenize.NAME}
    return frozenset(names)


def test_each_word_is_explained_once():
    words = [word.strip() for row in _rows() for word in row[0].split(",")]
    assert len(words) > 70
    assert sorted(words) == sorted(set(words))


def test_what_a_word_is_called_in_code_is_there():
    words = set(re.findall(r"[\w-]+", _sources()))
    for word, _, in_code, _ in _rows():
        named = re.findall(r"`([^`]+)`", in_code)
        assert named, word
        for name in named:
            if re.match(r"(domain|webapp|workflows|scripts|templates)/", name):
                assert (ROOT / name).exists(), (word, name)
            else:
                parts = re.findall(r"[\w-]+", name)
                assert all(part.lstrip("-") in words or part in words for part in parts), name


def test_what_something_is_no_longer_called_is_in_no_code():
    gone = {name for row in _rows() for name in re.findall(r"`(\w+)`", row[3])}
    assert len(gone) > 5
    assert gone & _names() == set()
