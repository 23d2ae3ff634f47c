"""The findings as lines for a terminal, and as a report that can be sent to others.

A report contains no account, person, address of the bar or secret: everything that looks like one
is left out, wherever it came from.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path

from scripts.verifying.beliefs import Belief
from scripts.verifying.rehearsal import MARK
from scripts.verifying.verdicts import Finding, Verdict

_MARKS = {Verdict.RIGHT: "✓", Verdict.WRONG: "✗", Verdict.NOT_CHECKED: "–"}
_LEFT_OUT = (
    (re.compile(r"https?://\S+|wss?://\S+"), "(address)"),
    (re.compile(r"[\w.+-]+@[\w-]+\.[\w.-]+"), "(e-mail)"),
    (re.compile(r"\barn:[\w-]+:([\w-]+):\S*"), r"(ARN of \1)"),
    (re.compile(r"\b[a-z]{2}(-[a-z]+)+-\d_\w{6,}"), "(pool)"),
    (re.compile(r"(?<![\w.])\+?\d{7,}(?![\w.])"), "(number)"),
    (re.compile(r"\b(?:\d{1,3}\.){3}\d{1,3}(:\d+)?\b"), "(address)"),
    (re.compile(r"\b(AKIA|ASIA|AROA|AIDA)[A-Z0-9]{8,}"), "(key)"),
)
_LONG_WORD = re.compile(r"[\w+/=-]{20,}")


def harmless(text: str, secrets: Iterable[str] = ()) -> str:
    """Returns a text without everything that looks like an
    account, a person, an address or a secret.
    """
    for secret in filter(None, secrets):
        text = text.replace(secret, "…")
    # Our own marks are kept, because they name things that may have to be found and removed.
    parts = re.split(f"({MARK.pattern})", text)
    return "".join(part if place % 2 else _scrubbed(part) for place, part in enumerate(parts))


def _scrubbed(text: str) -> str:
    for pattern, instead in _LEFT_OUT:
        text = pattern.sub(instead, text)
    return _LONG_WORD.sub(_word, text)


def _word(found: re.Match) -> str:
    """Keeps a name that is made of words; anything else of this length may be a key."""
    word = found[0]
    is_name = re.fullmatch(r"[A-Z]?[a-z]+([A-Z][a-z]+|[-/_][a-z]+)*", word)
    return word if is_name else "…"


def line(finding: Finding, belief: Belief) -> str:
    """Returns the line of one belief for a terminal."""
    said = harmless(finding.said)
    mark = _MARKS[finding.verdict]
    return f"{mark} {finding.verdict:<11} {belief.id}: {belief.sentence} → {said}"


def summary(findings: Iterable[Finding]) -> str:
    """Returns the last line, which counts the verdicts."""
    counts = Counter(finding.verdict for finding in findings)
    return ", ".join(f"{counts[verdict]} {verdict}" for verdict in Verdict)


def write(
    file: Path, findings: list[Finding], beliefs: Mapping[str, Belief], about: Mapping[str, str]
) -> list[Path]:
    """Writes the report as Markdown, and as JSON beside it; returns both files."""
    at = f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC"
    rows = [
        {
            "belief": one.belief,
            "sentence": beliefs[one.belief].sentence,
            "verdict": one.verdict.value,
            "said": harmless(one.said),
            "seconds": round(one.seconds, 1),
        }
        for one in findings
    ]
    data = {"at": at, **about, "summary": summary(findings), "findings": rows}
    lines = [
        "# What this account says about our beliefs",
        "",
        f"{at}; {', '.join(f'{name} {value}' for name, value in about.items())}.",
        "",
        f"{summary(findings)}.",
        "",
        "| | belief | what was answered | s |",
        "|---|---|---|---|",
        *(
            f"| {row['verdict']} | `{row['belief']}` {row['sentence']} |"
            f" {row['said'].replace('|', '/')} | {row['seconds']} |"
            for row in sorted(rows, key=lambda row: row["verdict"] != Verdict.WRONG)
        ),
    ]
    markdown = file if file.suffix else file.with_suffix(".md")
    as_json = markdown.with_suffix(".json")
    markdown.write_text("\n".join(lines) + "\n")
    as_json.write_text(json.dumps(data, indent=2, ensure_ascii=False) + "\n")
    return [markdown, as_json]
