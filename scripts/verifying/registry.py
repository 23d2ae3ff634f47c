"""The list of which function checks which belief, in the order in which the checks run."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module

Check = Callable[..., str]

_MODULES = (
    "address",
    "workflow",
    "orders",
    "events",
    "live",
    "rights",
    "people",
    "operations",
    "counting",
)
CHECKS: dict[str, Check] = {}


def checks(belief: str) -> Callable[[Check], Check]:
    """Declares that a function checks this belief. Raises ValueError for a second function."""

    def declare(function: Check) -> Check:
        if belief in CHECKS:
            raise ValueError(f"{belief} is checked twice")
        CHECKS[belief] = function
        return function

    return declare


def all_checks() -> dict[str, Check]:
    """Returns the checks by belief; checks that only look come before checks that have to wait."""
    for name in _MODULES:
        import_module(f"scripts.verifying.checks.{name}")
    return CHECKS
