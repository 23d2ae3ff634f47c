"""Generates docs/events.md, the page of all events, from the code, the samples and the schemas."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterator, Mapping
from pathlib import Path

from domain.detail_types import BUS_NAME, SOURCE, DetailType
from domain.events import EVENT_CLASSES
from domain.orders import TRANSITIONS
from webapp.consumers.registry import CONSUMERS
from webapp.extending import known_names, load

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "events.md"
SAMPLES = ROOT / "tests" / "sample_events"

_COLUMNS = 100
_INTRODUCTION = f"""# Events

Made by `scripts/generate_events` from the code and `tests/sample_events`; a test holds it to them.

All events go over the bus `{BUS_NAME}` with the source `{SOURCE}`.
Names and fields are those of the original Serverlesspresso, whose consumers can read ours:
`eventId` is its word for the shop's id, `TS` is when the step happened and `startedTS` when the
order began, both in milliseconds.

Every event may come twice, late, or before an earlier one. `eventId`, `orderId`, `version` and the
detail-type together name an event: two envelopes with the same four tell the same. No event carries
a phone number, a task token or what is in a QR code.

An event that says `inJourney` is stored in its order's journey by the outbox itself. Without it, it
was recorded elsewhere, and the consumer `journey` stores it when it comes.

`docs/extensions.md` says how to take events with code of your own.

## All of them

Each with the consumers of ours that take it.
"""

_NO_MOVE = {
    DetailType.NEW_ORDER: ["an order begins: a scanned code was good, or a barista took it"],
    DetailType.CONFIG_CHANGED: ["a shop's settings, menu or door were written"],
    DetailType.ALL_EVENTS_STORED: ["an order's journey has every event up to its end"],
}
"""When an event is announced that no move of an order announces."""


def page() -> str:
    """Returns the whole page as Markdown."""
    parts = [_INTRODUCTION, _overview()]
    parts += ["\n".join(_section(name)) for name in sorted(DetailType)]
    return "\n".join(parts)


def takers(name: DetailType) -> tuple[list[str], list[str]]:
    """Returns the core's consumers of an event, and the extensions that may take it."""
    consumers = [one.name for one in CONSUMERS if name in one.detail_types]
    return consumers, [one for one in known_names() if name in load(one).detail_types]


def _overview() -> str:
    return "\n".join([*map(_line, sorted(DetailType)), ""])


def _line(name: DetailType) -> str:
    consumers = ", ".join(takers(name)[0]) or "none of ours"
    told = f"[{name}](#{_anchor(name)}): {EVENT_CLASSES[name].message} *({consumers})*"
    return _wrapped(told, "- ", "  ")


def _section(name: DetailType) -> Iterator[str]:
    consumers, extensions = takers(name)
    yield f"## {name}\n"
    yield f"{EVENT_CLASSES[name].message}\n"
    yield "**Producer:** `webapp/consumers/announce.py`, when\n"
    yield from (_wrapped(cause, "- ", "  ") for cause in _causes(name))
    yield f"\n**Consumers:** {', '.join(consumers) or 'none of ours'}."
    yield f"**Extensions:** {', '.join(extensions) or 'none'}.\n"
    yield f"`detail`, by its [schema](../tests/sample_events/schema/{name}.json):\n"
    yield "| Field | Is | Always there |"
    yield "| --- | --- | --- |"
    yield from _fields(json.loads((SAMPLES / "schema" / f"{name}.json").read_text()))
    sample = json.loads((SAMPLES / f"{name}.json").read_text())
    yield f"\nA [sample](../tests/sample_events/{name}.json) of it:\n"
    yield f"```json\n{_json(sample['detail'])}\n```\n"


def _wrapped(text: str, first: str = "", rest: str = "") -> str:
    return textwrap.fill(
        text,
        _COLUMNS,
        initial_indent=first,
        subsequent_indent=rest,
        break_long_words=False,
        break_on_hyphens=False,
    )


def _json(value: object, indent: str = "", key: str = "") -> str:
    """Returns the value as JSON, with each part on a line of its own if it fits there."""
    line = indent + key + json.dumps(value, ensure_ascii=False)
    is_long = len(line) >= _COLUMNS or (isinstance(value, dict) and not indent)
    if not is_long or not isinstance(value, dict | list):
        return line
    inner = indent + "  "
    if isinstance(value, dict):
        parts = (_json(part, inner, f"{json.dumps(name)}: ") for name, part in value.items())
    else:
        parts = (_json(part, inner) for part in value)
    opens, closes = ("{", "}") if isinstance(value, dict) else ("[", "]")
    return f"{indent}{key}{opens}\n" + ",\n".join(parts) + f"\n{indent}{closes}"


def _causes(name: DetailType) -> list[str]:
    if name in _NO_MOVE:
        return _NO_MOVE[name]
    moves = (
        f"an order goes from {row.source} to {row.target} ({row.action})"
        for row in TRANSITIONS
        if name in row.events
    )
    return list(dict.fromkeys(moves))


def _fields(schema: Mapping) -> Iterator[str]:
    yield from _rows(schema["properties"]["detail"], "")


def _rows(part: Mapping, path: str) -> Iterator[str]:
    for name, field in part["properties"].items():
        always = "yes" if name in part.get("required", ()) else "no"
        yield f"| `{path}{name}` | {_kind(field)} | {always} |"
        inner = field.get("items", field)
        if "properties" in inner:
            yield from _rows(inner, f"{path}{name}{'[]' if 'items' in field else ''}.")


def _kind(field: Mapping) -> str:
    if "const" in field:
        return f"`{json.dumps(field['const'], ensure_ascii=False)}`"
    if "enum" in field:
        return " or ".join(f"`{json.dumps(one, ensure_ascii=False)}`" for one in field["enum"])
    if "items" in field:
        return f"array of {_kind(field['items'])}"
    kind = field.get("type", "anything")
    kind = " or ".join(kind) if isinstance(kind, list) else kind
    if pattern := field.get("pattern"):
        pattern = pattern.replace("|", "\\|")
        return f"{kind}, `{pattern}`"
    return f"{kind}, {field['format']}" if "format" in field else kind


def _anchor(name: str) -> str:
    return name.replace(".", "").lower()


if __name__ == "__main__":
    PAGE.write_text(page())
    print(f"wrote {PAGE.relative_to(ROOT)}")
