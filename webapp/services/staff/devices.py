"""Devices that use the JSON API: a printer, a till, a robot. Each has a token with scopes.

A token is shown once, when it is made, and stored as a hash. An admin can take it away at any
moment.
"""

from __future__ import annotations

import secrets
from datetime import timedelta

from domain.errors import ChoiceInvalid, NotFound
from domain.people import NAME_LENGTH
from domain.texts import clean_text
from webapp.services.limits import limits
from webapp.services.staff.bundle import StaffServices
from webapp.services.staff.ports import Device, StaffSession

SCOPES = {
    "orders:read": "See the shop's orders",
    "orders:act": "Make, complete, release, collect and cancel orders",
    "orders:place": "Scan the code and order, as one customer",
    "orders:counter": "Order for people at the counter",
    "codes:read": "Show the QR code",
    "shop:read": "Read settings and menu",
    "shop:write": "Open and close the shop",
    "metrics:read": "Read the figures of a day",
    "printouts:print": "Print labels and the like, with the names on them",
}
"""The scopes of tokens, as the admin's page words them."""

TOKEN_LIFETIME = timedelta(days=365)
SEEN_EVERY = timedelta(minutes=5)
CALLS = limits.Limit(
    "api-calls", 600, timedelta(minutes=1), "This device asks too often. Wait a little."
)


def create_device(
    services: StaffServices, admin: StaffSession, name: str, scopes: list[str]
) -> tuple[str, Device]:
    """Makes a device of the admin's shop; returns its token and the device.

    Raises ChoiceInvalid.
    """
    named = clean_text(name, NAME_LENGTH)
    if not named:
        raise ChoiceInvalid("Give the device a name, such as “Label printer”.")
    chosen = frozenset(scopes)
    if not chosen or not chosen <= SCOPES.keys():
        raise ChoiceInvalid("Choose at least one thing that the device may do.")
    token = f"bar_{secrets.token_urlsafe(32)}"
    now = services.now()
    device = Device(secrets.token_hex(8), admin.shop_id, named, chosen, began_at=now)
    services.devices.create(token, device, now + TOKEN_LIFETIME)
    return token, device


def device_of(services: StaffServices, token: str, shop_id: str) -> Device | None:
    """Returns the device of a token, or None when the token is unknown; counts the call.

    Raises NotFound when the device belongs to another shop, and TooManyRequests.
    """
    now = services.now()
    device = services.devices.get(token, now)
    if device is None:
        return None
    if device.shop_id != shop_id:
        raise NotFound("There is nothing of this shop at this address.")
    limits.take_of(services, CALLS, device.id)
    if device.seen_at is None or device.seen_at + SEEN_EVERY <= now:
        services.devices.touch(token, now)
    return device


def devices_of(services: StaffServices, shop_id: str) -> list[Device]:
    """Returns the shop's devices, by name."""
    found = services.devices.of_shop(shop_id, services.now())
    return sorted(found, key=lambda device: (device.name.casefold(), device.id))


def remove_device(services: StaffServices, shop_id: str, device_id: str) -> None:
    """Removes a device, so that its next call is refused. Raises NotFound."""
    if not services.devices.remove(shop_id, device_id):
        raise NotFound("There is no such device any more.")


def customer_of(device: Device) -> str:
    """Returns the customer id for a device's orders: a device counts as one customer."""
    return f"device-{device.id}"
