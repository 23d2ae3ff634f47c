"""Puts styles and scripts into the page itself, so that a phone's first page is one request.

Each file would need one more call of the function, at the moment when all customers come at once. A
new AWS account may run only ten calls at a time. The page's policy allows the styles and scripts by
their hashes.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
from collections.abc import Mapping
from pathlib import Path

from flask import Flask, g
from markupsafe import Markup


def register(app: Flask, folder: Path, names: Mapping[str, str]) -> None:
    """Makes `inlined` known to the templates.

    names: from a file's plain name to its built one, which lies packed in the folder.
    """
    known: dict[str, tuple[Markup, str]] = {}

    def inlined(name: str) -> Markup:
        """Returns the element that holds a file's content."""
        if name not in known:
            known[name] = _read(folder / f"{names[name]}.gz")
        element, source = known[name]
        kind = "styles" if name.endswith(".css") else "scripts"
        g.setdefault("inlined", {}).setdefault(kind, {})[source] = None
        return element

    app.add_template_global(inlined)


def sources(kind: str) -> str:
    """Returns the hashes to add to the page's policy for its `styles` or `scripts`."""
    return "".join(f" {source}" for source in g.get("inlined", {}).get(kind, ()))


def _read(file: Path) -> tuple[Markup, str]:
    content = gzip.decompress(file.read_bytes())
    if b"</" in content:
        raise ValueError(f"{file.name} cannot stand in a page: it holds what could end it.")
    digest = base64.b64encode(hashlib.sha256(content).digest()).decode()
    tag = "style" if ".css" in file.suffixes else "script"
    return Markup(f"<{tag}>{content.decode()}</{tag}>"), f"'sha256-{digest}'"
