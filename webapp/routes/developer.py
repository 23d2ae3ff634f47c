"""The text messages that the emulator has kept instead of sending them, for whoever develops here.

`webapp.local` registers this and nothing else does: the function on AWS has no such address. Even
here it answers only to this very machine, so nobody on the Wi-Fi reads another's code.
"""

from __future__ import annotations

import re
from ipaddress import ip_address

from flask import Blueprint, Flask, abort, current_app, request

from webapp.access import ANYONE, allow
from webapp.cloud.emulator_texts import EmulatorTexts
from webapp.routes.page import render_page

_OWN_NAME = re.compile(r"(localhost|127(\.\d+){3}|\[::1\])(:\d+)?")

blueprint = Blueprint("developer", __name__, url_prefix="/developer")


def register(app: Flask, texts: EmulatorTexts) -> None:
    """Adds the page to an app that runs on this machine, over this emulator."""
    app.extensions["emulator_texts"] = texts
    app.register_blueprint(blueprint)


@blueprint.get("/texts")
@allow(ANYONE)
def texts():
    # The name too: another site's could be made to lead to this machine.
    if not ip_address(request.remote_addr).is_loopback or not _OWN_NAME.fullmatch(request.host):
        abort(404)
    texts = current_app.extensions["emulator_texts"].newest()
    return render_page("developer/texts.html", None, texts=texts)
