"""Says whether all parts of the bar are up."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

from flask import Blueprint, Flask, current_app
from flask.typing import ResponseReturnValue

from domain.orders import Order
from webapp.access import ANYONE, allow

if TYPE_CHECKING:
    from webapp.health import Health

blueprint = Blueprint("health", __name__)


@blueprint.get("/healthz")
@allow(ANYONE)
def healthz() -> ResponseReturnValue:
    """Answers 200 "ok", or 503 with a line for each part that does not answer."""
    down = (current_app.extensions.get("health") or register(current_app)).down()
    if down:
        return "\n".join(f"{part}: not up" for part in down), 503, {"Content-Type": "text/plain"}
    return "ok", 200, {"Content-Type": "text/plain"}


def register(app: Flask, more: Mapping[str, Callable[[], object]] = MappingProxyType({})) -> Health:
    """Registers the parts whose health this app reports.

    more: further parts that only this deployment has, with the call that asks each of them.
    """
    from webapp.health import Health

    services, settings = app.extensions["services"], app.extensions["settings"]
    parts: dict[str, Callable[[], object]] = {
        "tables": lambda: services.shop(settings.default_shop),
        "workflow": lambda: services.executions.is_running(
            Order(settings.default_shop, "health", "", 0, services.now())
        ),
        "event bus": lambda: services.bus.check(),
    }
    app.extensions["health"] = Health({**parts, **more})
    return app.extensions["health"]
