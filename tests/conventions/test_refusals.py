"""Everything the bar refuses has its answer."""

import importlib
import pkgutil

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
