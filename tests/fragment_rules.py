"""What a pushed fragment may be made of: things to look at, nothing that acts or leads anywhere.

The browser keeps the same rules: webapp/static/src/js/inert.js.
"""

from __future__ import annotations

import re
from xml.etree.ElementTree import Element

import html5lib
from html5lib.html5parser import ParseError

_SVG = "{http://www.w3.org/2000/svg}"
TAGS = {
    "b",
    "bdi",
    "div",
    "h1",
    "h2",
    "hr",
    "i",
    "li",
    "ol",
    "output",
    "p",
    "progress",
    "section",
    "small",
    "span",
    *(_SVG + tag for tag in ("circle", "ellipse", "g", "line", "path", "rect", "svg", "use")),
}
_DATA = (
    "at",
    "bar",
    "buzz",
    "elapsed",
    "form",
    "look",
    "next",
    "note",
    "now",
    "order",
    "phase",
    "say",
    "since",
    "state",
    "tile",
    "until",
    "version",
    "window",
)
ATTRIBUTES = {
    "class",
    "hidden",
    "id",
    "lang",
    "aria-current",
    "aria-hidden",
    "aria-label",
    "aria-labelledby",
    *(f"data-{name}" for name in _DATA),
}
OF_TAG = {
    "progress": {"max", "value"},
    _SVG + "use": {"href"},
}
OF_SVG = {
    "cx",
    "cy",
    "d",
    "fill",
    "height",
    "r",
    "rx",
    "ry",
    "stroke",
    "stroke-linecap",
    "stroke-linejoin",
    "stroke-width",
    "transform",
    "viewBox",
    "width",
    "x",
    "x1",
    "x2",
    "y",
    "y1",
    "y2",
}
_PLAIN_DRAWING = re.compile(r"[\w\s.,#()%+-]*")


def elements(html: str) -> list[Element]:
    """The elements of a fragment as a browser reads it. Raises ParseError where it had to guess."""
    parser = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False)
    root = parser.parseFragment(html)
    return list(root.iter())[1:]


def broken_rules(html: str) -> list[str]:
    """What is wrong with a pushed fragment; nothing, as a rule."""
    try:
        found = elements(html)
    except ParseError as error:
        return [f"not well-formed: {error}"]
    broken = [f"a comment: {one.text}" for one in found if not isinstance(one.tag, str)]
    for element in (one for one in found if isinstance(one.tag, str)):
        if element.tag not in TAGS:
            broken.append(f"<{element.tag}>")
        broken += [
            f"{name}={value!r} of <{element.tag}>"
            for name, value in element.attrib.items()
            if not _is_allowed(element.tag, name, value)
        ]
    return broken


def _is_allowed(tag: str, name: str, value: str) -> bool:
    if name in ATTRIBUTES:
        return True
    if name == "href":
        # A drawing of this very page; never an address.
        return tag == _SVG + "use" and re.fullmatch(r"#[a-z0-9-]+", value) is not None
    if tag.startswith(_SVG) and name in OF_SVG:
        return _PLAIN_DRAWING.fullmatch(value) is not None
    return name in OF_TAG.get(tag, ())
