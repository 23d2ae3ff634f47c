"""The list of what scripts/test --quick runs: the checks and the unit tests, about a minute on two
cores.

tests/conventions/test_quick.py checks that nothing in the list starts the emulator or a browser.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

TESTS = Path(__file__).resolve().parent.parent / "tests"
QUICK = (
    "conventions/test_changelog.py",
    "conventions/test_checks.py",
    "conventions/test_decisions.py",
    "conventions/test_formatting.py",
    "conventions/test_glossary.py",
    "conventions/test_imports.py",
    "conventions/test_names_in_docs.py",
    "conventions/test_order_states.py",
    "conventions/test_quick.py",
    "conventions/test_refusals.py",
    "conventions/test_security_page.py",
    "conventions/test_shims.py",
    "conventions/test_task_tokens.py",
    "conventions/test_templates.py",
    "domain",
    "webapp/drawings",
    "webapp/presenters",
    "webapp/services",
    "workflows/test_definition.py",
    "workflows/test_graph.py",
    "workflows/test_operations.py",
    "workflows/test_policies.py",
)


def paths() -> list[Path]:
    """Returns the files and folders of the quick set."""
    return [TESTS / one for one in QUICK]


def is_quick(file: Path) -> bool:
    """Returns whether a file is in the quick set, or in a folder of the quick set."""
    return any(file == one or one in file.parents for one in paths())


def left_out(folder: Path = TESTS) -> Iterator[str]:
    """Yields the test files outside the quick set, relative to tests/.

    A folder stands for its files where all of them are outside.
    """
    for entry in sorted(folder.iterdir()):
        files = [entry] if entry.is_file() else list(entry.rglob("*.py"))
        tests = [file for file in files if file.name.startswith("test_")]
        missing = [file for file in tests if not is_quick(file)]
        if missing and missing == tests:
            yield str(entry.relative_to(TESTS))
        elif missing:
            yield from left_out(entry)
