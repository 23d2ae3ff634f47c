"""Shows developers the text messages that the emulator keeps instead of sending them.

Only `webapp.local` registers this page; the function on AWS does not have it. The page's address
holds a key that is new at each start and that the launcher prints. The page also answers only a
browser on this machine, so that nobody on the Wi-Fi, behind a proxy or on another site reads
another person's texted code.
"""

from __future__ import annotations

import hmac

from flask import Blueprint, Flask, abort, current_app, request
from flask.typing import ResponseReturnValue

from webapp.access import ANYONE, allow
from webapp.cloud.emulator_texts import EmulatorTexts
from webapp.own_names import IS_HERE
from webapp.routes.page import render_page

blueprint = Blueprint("developer", __name__, url_prefix="/developer")


def register(app: Flask, texts: EmulatorTexts, key: str) -> None:
    """Adds the page to an app that runs on this machine, over this emulator."""
    app.extensions["emulator_texts"] = texts
    app.extensions["developer_key"] = key.encode()
    app.register_blueprint(blueprint)


@blueprint.get("/texts/<key>")
@allow(ANYONE)
def texts(key: str) -> ResponseReturnValue:
    is_known = hmac.compare_digest(key.encode(), current_app.extensions["developer_key"])
    if not is_known or not request.environ.get(IS_HERE):
        abort(404)
    texts = current_app.extensions["emulator_texts"].newest()
    return render_page("developer/texts.html", None, texts=texts)
