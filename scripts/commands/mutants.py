"""Changes the code in small ways, one at a time, and looks which changes the tests notice.

mutmut makes the changes and runs for each only the tests that reach it. It works in a copy of the
project below .mutants, where a second run goes on: only functions that have changed since, and
changes that no test has noticed, are tried again. A full run of the domain takes a processor for
half an hour and more.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from scripts.environment import ROOT

FOLDER = ROOT / ".mutants"
_KILLED, _SURVIVED, _TIMED_OUT, _UNTESTED = "killed", "survived", "timed out", "untested"
_MEANING = {0: _SURVIVED, 5: _UNTESTED, 33: _UNTESTED, 24: _TIMED_OUT, 36: _TIMED_OUT}
"""What mutmut's exit codes mean. Any other code means that a test failed; None means
not tried yet.
"""
_COPIED = ("domain", "scripts", "templates", "tests", "webapp", "workflows", "pyproject.toml")


@dataclass(frozen=True)
class Part:
    """What is changed, which tests must notice the changes, and the options of pytest for them."""

    source: str
    tests: str
    options: tuple[str, ...] = ()


PARTS = {
    "domain": Part("domain", "tests/domain", ("--noconftest",)),
    "services": Part("webapp/services", "tests/webapp/services"),
}


def main() -> None:
    chosen = _arguments()
    part = PARTS[chosen.part]
    folder = FOLDER / chosen.part
    if chosen.show:
        sys.exit(_mutmut(folder, "show", chosen.show))
    if not chosen.report:
        _copy(part, folder)
        # mutmut returns an error only when a run breaks off, not when no test notices a change.
        if code := _mutmut(folder, "run", "--max-children", str(chosen.jobs), *chosen.mutants):
            sys.exit(code)
    _report(results(folder))


def _copy(part: Part, folder: Path) -> None:
    """Copies the present project for mutmut to work in; mutmut's earlier results stay."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in _COPIED:
        target = folder / name
        if target.is_dir():
            shutil.rmtree(target)
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy2(ROOT / name, target)
    (folder / "setup.cfg").write_text(settings_of(part))


def settings_of(part: Part) -> str:
    """Returns mutmut's settings, which are not in pyproject.toml."""
    top = part.source.split("/")[0]
    copied = [name for name in _COPIED if name not in ("tests", "pyproject.toml", top)]
    options = ["-pno:xdist", "-ptests.mutation_profile", *part.options]
    lists = {
        "source_paths": [top],
        "only_mutate": [f"{part.source}/*"],
        "also_copy": copied,
        "pytest_add_cli_args_test_selection": [part.tests],
        "pytest_add_cli_args": options,
    }
    lines = [f"{key}=\n" + "".join(f"    {one}\n" for one in of) for key, of in lists.items()]
    return "[mutmut]\n" + "".join(lines) + "use_git_change_detection=false\n"


def _mutmut(folder: Path, *words: str) -> int:
    if not folder.is_dir():
        sys.exit(f"Nothing was tried in {folder.name} yet: scripts/mutants {folder.name}")
    command = [sys.executable, "-m", "mutmut", *words]
    return subprocess.run(command, cwd=folder, env=os.environ | {"PYTHONPATH": ""}).returncode


def results(folder: Path) -> dict[str, str | None]:
    """Returns the result of each mutant; None when it was not tried yet."""
    found: dict[str, str | None] = {}
    for file in sorted((folder / "mutants").rglob("*.meta")):
        codes = json.loads(file.read_text())["exit_code_by_key"]
        found |= {
            name: None if code is None else _MEANING.get(code, _KILLED)
            for name, code in codes.items()
        }
    return found


def score(found: dict[str, str | None]) -> float:
    """Returns the share of tried mutants that the tests have noticed, in percent."""
    tried = [one for one in found.values() if one]
    noticed = [one for one in tried if one in (_KILLED, _TIMED_OUT)]
    return 100 * len(noticed) / len(tried) if tried else 0.0


def _report(found: dict[str, str | None]) -> None:
    for name, one in found.items():
        if one in (_SURVIVED, _UNTESTED):
            print(f"{one}: {name}")
    modules: dict[str, dict[str, str | None]] = {}
    for name, one in found.items():
        modules.setdefault(name.rpartition(".")[0], {})[name] = one
    for module, of_module in modules.items():
        print(f"{score(of_module):5.1f} %  {module}")
    counts = Counter(one or "not tried" for one in found.values())
    print(f"{score(found):5.1f} %  of all: {', '.join(f'{n} {one}' for one, n in counts.items())}")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="scripts/mutants",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("part", choices=sorted(PARTS), help="what is changed")
    parser.add_argument(
        "mutants", nargs="*", help="only these, such as 'domain.hours.*' (default: all)"
    )
    parser.add_argument("--jobs", type=int, default=1, help="how many at a time (default: 1)")
    parser.add_argument("--report", action="store_true", help="only print what was found before")
    parser.add_argument("--show", metavar="MUTANT", help="only print one change")
    return parser.parse_args()


if __name__ == "__main__":
    main()
