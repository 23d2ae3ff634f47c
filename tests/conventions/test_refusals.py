"""Everything the bar refuses has its answer."""

import ast
import importlib
import pkgutil
from pathlib import Path

import pytest

import domain
import webapp
from domain.errors import Refusal
from webapp.errors import STATUS


def _all_refusals() -> set[type[Refusal]]:
    """Every refusal of the product, wherever it is written."""
    for package in (domain, webapp):
        for module in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
            importlib.import_module(module.name)
    found, to_visit = set(), [Refusal]
    while to_visit:
        for refusal in to_visit.pop().__subclasses__():
            if refusal.__module__.split(".")[0] in ("domain", "webapp"):
                found.add(refusal)
            to_visit.append(refusal)
    return found


REFUSALS = sorted(_all_refusals(), key=lambda refusal: refusal.__name__)


def test_the_refusals_were_found():
    assert len(REFUSALS) >= 12


@pytest.mark.parametrize("refusal", REFUSALS, ids=lambda refusal: refusal.__name__)
def test_the_refusal_has_a_status_that_says_it_was_refused(refusal):
    assert 400 <= STATUS[refusal] < 500


def test_there_is_no_status_for_a_refusal_that_is_gone():
    assert set(STATUS) == set(REFUSALS)


def test_the_bare_refusal_is_never_raised_since_it_has_no_status():
    assert Refusal not in STATUS
    files = [file for package in (domain, webapp) for file in _files_of(package)]
    assert [found for file in files for found in _bare_refusals(file)] == []


def test_a_bare_refusal_would_be_found(tmp_path):
    file = tmp_path / "planted.py"
    file.write_text("raise Refusal\n\nmade = errors.Refusal('No.')\n\nraise SoldOut('tea')\n")
    assert [line for _, line in _bare_refusals(file)] == [1, 3]


def _files_of(package) -> list[Path]:
    return [file for folder in package.__path__ for file in sorted(Path(folder).rglob("*.py"))]


def _bare_refusals(file: Path) -> list[tuple[str, int]]:
    """Where a file raises or makes a Refusal that is none of its kinds."""
    found = []
    for node in ast.walk(ast.parse(file.read_text())):
        made = node.func if isinstance(node, ast.Call) else getattr(node, "exc", None)
        if getattr(made, "id", getattr(made, "attr", None)) == "Refusal":
            found.append((file.name, node.lineno))
    return found
