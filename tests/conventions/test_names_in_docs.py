"""What the documentation names is there: files, addresses, settings, names and log lines."""

from __future__ import annotations

import ast
import re
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path, PurePosixPath

import pytest

from webapp import create_app
from webapp.settings import Settings
from workflows.signals import Signal

ROOT = Path(__file__).parents[2]
PAGES = tuple(sorted((*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md"))))
ARCHITECTURE = (ROOT / "docs" / "architecture.md").read_text()
RUNBOOK = (ROOT / "docs" / "runbook.md").read_text()
HISTORY = {"CHANGELOG.md", "decisions.md", "glossary.md"}
"""They also name what is no longer there."""
EXAMPLES = {"webapp/extensions/loyalty/__init__.py", "webapp/translations/pt.po"}
"""What a reader is to make."""
AWS_OWN = {"DeleteMessage", "ChangeMessageVisibility", "putItem"}
AT_RUN_TIME = {"first_page_ratio", "all_clients_ratio", "phone_page_ratio", "WorkflowOrdersTable"}
"""Names that the code puts together."""

_CODE = re.compile(r"`([^`\n]+)`")
_FILE_NAME = re.compile(r"[\w.*-]+\.(py|js|css|json|md|toml|txt|html|po|log|db)")
_SHOP = "<shop>"
_FRAGMENT_LENGTH = 4


@cache
def _tracked() -> tuple[str, ...]:
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return tuple(one for one in listed.stdout.split() if (ROOT / one).exists())


@cache
def _sources() -> str:
    """All that is no documentation, as one text."""
    paths = (ROOT / one for one in _tracked() if not one.endswith((".md", ".png")))
    return "\n".join(path.read_text(errors="ignore") for path in paths)


@cache
def _words() -> frozenset[str]:
    return frozenset(re.findall(r"\w+", _sources()))


def _names(pattern: str, pages=PAGES) -> Iterator[tuple[str, str]]:
    """Page and name of all that stands in backticks and is like the pattern."""
    for page in pages:
        for name in _CODE.findall(page.read_text()):
            if re.fullmatch(pattern, name):
                yield page.name, name


def _now(names: Iterator[tuple[str, str]]) -> set[tuple[str, str]]:
    return {(page, name) for page, name in names if page not in HISTORY}


def test_every_file_of_the_project_that_is_named_exists():
    tops = {one.split("/")[0] for one in _tracked() if "/" in one}
    named = _now(_names(rf"({'|'.join(map(re.escape, tops))})/[\w.*<>/-]*"))
    assert len(named) > 60
    assert {(page, name) for page, name in named if not _is_there(name)} == set()


def _is_there(name: str) -> bool:
    if name in EXAMPLES or (ROOT / name).exists():
        return True
    pattern = re.sub(r"<\w+>", "*", name)
    return "*" in pattern and any(PurePosixPath(one).match(pattern) for one in _tracked())


def test_every_bare_file_name_is_a_file_or_one_that_the_code_writes():
    ours = {one.rpartition("/")[2] for one in _tracked()}
    named = {one for one in _now(_names(_FILE_NAME.pattern)) if "*" not in one[1]}
    assert named
    unknown = {one for one in named if one[1] not in ours and one[1] not in _sources()}
    assert unknown == set()


def test_every_setting_and_constant_that_is_named_is_in_the_code():
    named = _now(_names(r"[A-Z][A-Z0-9]+(_[A-Z0-9]+)+"))
    assert len(named) > 20
    assert {one for one in named if one[1] not in _words()} == set()


def test_every_name_in_code_that_is_named_is_in_the_code():
    named = _now(_names(r"[A-Za-z]\w*(\.\w+)*(\(\))?"))
    words = {(page, name.rstrip("()").split(".")[-1]) for page, name in named}
    words = {one for one in words if "_" in one[1] or re.search("[a-z][A-Z]", one[1])}
    unknown = {one for one in words if one[1] not in _words()}
    assert {one for one in unknown if one[1] not in AWS_OWN | AT_RUN_TIME} == set()


@pytest.fixture(scope="module")
def addresses():
    """All rules, with the shop as the pages write it."""
    app = create_app(Settings("k" * 32, "http://localhost"))
    return {rule.rule.replace("<shop_id>", _SHOP) for rule in app.url_map.iter_rules()}


def test_every_address_that_is_named_has_a_route(addresses):
    shapes = {re.sub(r"<[^>]*>", "<>", one.replace(_SHOP, "")) for one in addresses}
    named = _now(_names(r"/(<shop>|main|healthz|api)(/[\w<>./-]+)?"))
    assert named
    for page, name in named:
        shape = re.sub(r"<[^>]*>", "<>", re.sub(r"^/(<shop>|main)/", "//", name))
        assert shape in shapes or _is_an_extensions_page(shape, shapes), (page, name)


def _is_an_extensions_page(shape: str, shapes: set[str]) -> bool:
    """An address may name one of what the rule leaves open."""
    return any(re.fullmatch(one.replace("<>", r"[\w-]+"), shape) for one in shapes)


# What programs say


@cache
def _sentences() -> str:
    """All texts of the code, with … for each value that is put in."""
    names = [one for one in _tracked() if re.match(r"(scripts|webapp)/.*\.py$", one)]
    nodes = (node for name in names for node in ast.walk(ast.parse((ROOT / name).read_text())))
    texts = (_text(node) for node in nodes if isinstance(node, (ast.Constant, ast.JoinedStr)))
    return "\n".join(" ".join(text.split()) for text in texts)


def _text(node: ast.AST) -> str:
    if isinstance(node, ast.JoinedStr):
        return "".join(_text(value) for value in node.values)
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else "…"


def _unsaid(quoted: str) -> list[str]:
    """The parts of a line that no program says. Programs put values and clauses together."""
    parts = (part.strip(" .") for part in re.split(r"…|, |: |\d+|[()]", quoted))
    return [part for part in parts if len(part) >= _FRAGMENT_LENGTH and part not in _sentences()]


def test_each_line_of_the_terminal_that_the_runbook_explains_is_said():
    part = RUNBOOK.split("## What the terminal of a laptop says")[1].split("\n## ")[0]
    lines = [
        line
        for row in re.findall(r"^\| (\".*?) \|", part, re.MULTILINE)
        for line in re.findall(r'"([^"]+)"', row)
    ]
    assert len(lines) > 30
    assert {line: _unsaid(line) for line in lines if _unsaid(line)} == {}


def test_each_message_of_the_log_that_the_architecture_explains_is_logged():
    part = ARCHITECTURE.split("## Logs")[1].split("\n## ")[0]
    rows = re.findall(r"^\| ((?:logger|the same logger).*?) \|", part, re.MULTILINE)
    messages = [one for row in rows for one in _CODE.findall(row) if " " in one]
    loggers = [one for row in rows for one in _CODE.findall(row) if one.startswith("webapp.")]
    assert len(messages) >= 6 and len(loggers) >= 5
    assert {one: _unsaid(one) for one in messages if _unsaid(one)} == {}
    modules = {one.removesuffix(".py").replace("/", ".") for one in _tracked()}
    modules = {one.removesuffix(".__init__") for one in modules}
    assert {one for one in loggers if one not in modules} == set()


def test_the_runbook_has_a_section_for_each_alarm_and_for_nothing_else():
    template = (ROOT / "workflows" / "operations.py").read_text()
    part = RUNBOOK.split("\n## Alarms\n")[1].split("\n## ")[0]
    sections = re.findall(r"^### (.+)$", part, re.MULTILINE)
    assert sections == re.findall(r'_Alarm\(\s*"([a-z-]+)"', template)


def test_the_runbook_says_which_signals_the_log_counts():
    assert {one.value for one in Signal} == set(re.findall(r'counted = "(\w+)"', RUNBOOK))
