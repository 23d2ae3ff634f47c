"""The API against its own document, by a client that was not written here."""

from __future__ import annotations

import pytest

from tests.webapp.routes.contract import keep_their_promises
from webapp.services.staff import devices
from webapp.services.staff.devices import SCOPES, create_device
from webapp.services.staff.ports import StaffSession

PATHS = (
    "settings",
    "menu",
    "store",
    "qr-code",
    "orders",
    "orders/{order_id}",
    "my-orders",
    "my-orders/{order_id}",
    "metrics",
)


@pytest.fixture
def token(services, monkeypatch) -> str:
    # The limit has a test of its own; a client that tries hundreds of calls would meet it.
    endless = devices.limits.Limit("api-calls", 10**9, devices.CALLS.span, "")
    monkeypatch.setattr(devices, "CALLS", endless)
    admin = StaffSession("", "main", "admin", "Admin")
    return create_device(services, admin, "Tester", list(SCOPES))[0]


@pytest.mark.parametrize("path", PATHS)
def test_every_answer_is_one_that_the_document_promises(app, token, path):
    keep_their_promises(app, path, f"Bearer {token}", {"shop_id": "main"})
