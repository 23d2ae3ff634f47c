"""The admin's page of devices that use the JSON API."""

from __future__ import annotations

from contextlib import suppress

from flask import Blueprint, redirect, request, url_for
from flask.typing import ResponseReturnValue

from domain.errors import ChoiceInvalid, NotFound
from webapp.access import ADMIN, allow, services, team_member
from webapp.presenters.admin import device_view
from webapp.routes.page import render_page
from webapp.services.staff.devices import SCOPES, create_device, devices_of, remove_device

blueprint = Blueprint("devices", __name__, url_prefix="/<shop_id>/admin/devices")


@blueprint.get("")
@allow(ADMIN)
def home(shop_id: str) -> ResponseReturnValue:
    return _page(shop_id)


@blueprint.post("")
@allow(ADMIN)
def create(shop_id: str) -> ResponseReturnValue:
    form = request.form
    try:
        token, device = create_device(
            services(), team_member(), form.get("name", ""), form.getlist("scope")
        )
    except ChoiceInvalid as refused:
        return _page(shop_id, error=refused.sentence), 422
    return _page(shop_id, made={"name": device.name, "token": token})


@blueprint.post("/<device_id>/remove")
@allow(ADMIN)
def remove(shop_id: str, device_id: str) -> ResponseReturnValue:
    # The token is gone already when the admin presses twice. That is what the admin wanted.
    with suppress(NotFound):
        remove_device(services(), shop_id, device_id)
    return redirect(url_for("devices.home", shop_id=shop_id), 303)


def _page(shop_id: str, error: str = "", made: dict | None = None) -> str:
    shop, now = services().shop(shop_id), services().now()
    return render_page(
        "admin/devices.html",
        shop,
        error=error,
        made=made,
        devices=[
            device_view(shop, device, SCOPES, now)
            | {"remove_url": url_for("devices.remove", shop_id=shop_id, device_id=device.id)}
            for device in devices_of(services(), shop_id)
        ],
        scopes=SCOPES,
        name="" if made else request.form.get("name", "")[:24],
        chosen=[] if made else request.form.getlist("scope"),
        action=url_for("devices.create", shop_id=shop_id),
        home_url=url_for("admin.home", shop_id=shop_id),
        document_url=url_for("api.openapi"),
    )
