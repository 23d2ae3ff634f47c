"""Who may import whom: the contracts of [tool.importlinter] in pyproject.toml, and two more."""

import ast
import subprocess
import sys
import tomllib
from pathlib import Path

import grimp
import pytest

ROOT = Path(__file__).parents[2]
OURS = {"domain", "workflows", "webapp"}


@pytest.fixture(scope="module")
def graph() -> grimp.ImportGraph:
    return grimp.build_graph(*sorted(OURS), include_external_packages=True, cache_dir=None)


def _outside(graph: grimp.ImportGraph, package: str) -> set[str]:
    """The packages outside this one that its modules import."""
    modules = {package} | graph.find_descendants(package)
    imported = set().union(*(graph.find_modules_directly_imported_by(one) for one in modules))
    return {name.split(".")[0] for name in imported} - {package}


def test_the_import_contracts_are_kept():
    # In a process of its own: it changes the logging of the one it runs in.
    done = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache"],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout


def test_the_contracts_are_all_there():
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
    assert set(settings["root_packages"]) >= OURS
    assert len(settings["contracts"]) >= 4


def test_nothing_outside_the_tests_imports_the_tests():
    folders = ("domain", "scripts", "webapp", "workflows")
    files = [file for folder in folders for file in (ROOT / folder).rglob("*") if _is_python(file)]
    named = {file.relative_to(ROOT).as_posix() for file in files}
    assert named >= {"scripts/bench", "scripts/commands/cost.py"}
    assert [file for file in files if "tests" in _imported_by(file)] == []


def _is_python(file: Path) -> bool:
    if not file.is_file() or file.is_symlink():
        return False
    with file.open("rb") as opened:
        return file.suffix == ".py" or b"python" in opened.readline()[:40]


def _imported_by(file: Path) -> set[str]:
    """The packages that a file names anywhere in its import statements."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module.split(".")[0])
    return found


def test_the_domain_imports_the_standard_library_only(graph):
    imported = _outside(graph, "domain")
    assert "datetime" in imported
    assert imported <= sys.stdlib_module_names


def test_the_workflows_import_the_domain_and_troposphere_only(graph):
    imported = _outside(graph, "workflows")
    assert imported - sys.stdlib_module_names == {"domain", "troposphere"}
