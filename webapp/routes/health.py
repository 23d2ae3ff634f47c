"""Whether all parts are up."""

from __future__ import annotations

from collections.abc import Callable

from flask import Blueprint, current_app

from domain.orders import Order
from webapp.access import ANYONE, allow, services

blueprint = Blueprint("health", __name__)


@blueprint.get("/healthz")
@allow(ANYONE)
def healthz():
    """200 "ok", or 503 with a line for each part that does not answer."""
    settings = current_app.extensions["settings"]
    relay = current_app.extensions["live_relay"]
    checks: dict[str, Callable[[], object]] = {
        "tables": lambda: services().shop(settings.default_shop),
        "workflow": lambda: services().executions.is_running(
            Order(settings.default_shop, "health", "", 0, services().now())
        ),
        "event bus": services().bus.check,
    }
    if relay is not None:
        checks["live topics"] = relay.check
    down = []
    for part, check in checks.items():
        try:
            check()
        except Exception:
            current_app.logger.warning("%s: not up", part, exc_info=True)
            down.append(f"{part}: not up")
    if down:
        return "\n".join(down), 503, {"Content-Type": "text/plain"}
    return "ok", 200, {"Content-Type": "text/plain"}
