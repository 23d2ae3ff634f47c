"""An event's own look: the stylesheet of its accent colour, and its logo."""

from __future__ import annotations

from flask import Blueprint, Response, abort
from flask.typing import ResponseReturnValue

from domain.colours import read_accent, shades
from domain.errors import SettingInvalid
from domain.logos import KINDS
from webapp.access import ANYONE, allow, services

blueprint = Blueprint("look", __name__, url_prefix="/look")

_FOREVER = "public, max-age=31536000, immutable"


@blueprint.get("/<colour>.css")
@allow(ANYONE)
def accent(colour: str) -> ResponseReturnValue:
    # The name of the stylesheet holds its whole content, so browsers may keep it for ever.
    try:
        read = read_accent(colour)
    except SettingInvalid:
        abort(404)
    if read != "#" + colour:
        abort(404)
    light, dark = shades(read)
    css = f":root{{{_tokens(light)}}}@media (prefers-color-scheme:dark){{:root{{{_tokens(dark)}}}}}"
    return Response(css, mimetype="text/css", headers={"Cache-Control": _FOREVER})


@blueprint.get("/<shop_id>/<name>")
@allow(ANYONE)
def logo(shop_id: str, name: str) -> ResponseReturnValue:
    kind = KINDS.get(name.rpartition(".")[2])
    picture = services().logos.get(shop_id, name) if kind else None
    if picture is None:
        abort(404)
    # These headers make the browser treat the bytes as a picture of this kind only, because an
    # uploaded file could hold a script.
    headers = {"Cache-Control": _FOREVER, "Content-Security-Policy": "default-src 'none'; sandbox"}
    return Response(picture, mimetype=kind, headers=headers)


def _tokens(tokens: dict[str, str]) -> str:
    return ";".join(f"--{name}:{colour}" for name, colour in tokens.items())
