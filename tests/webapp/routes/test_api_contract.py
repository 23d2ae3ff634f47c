"""The API against its own document, by a client that was not written here."""

from __future__ import annotations

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.specs.openapi.checks import ignored_auth, positive_data_acceptance

from webapp.services import devices
from webapp.services.devices import SCOPES, create_device
from webapp.services.ports import StaffSession

PATHS = (
    "settings", "menu", "store", "qr-code", "orders", "orders/{order_id}", "my-orders",
    "my-orders/{order_id}", "metrics",
)
NOT_ASKED = [
    # Every call here brings the token; who gets in without one is tested by itself.
    ignored_auth,
    # A code nobody showed or a drink not on the menu is well formed and still refused.
    positive_data_acceptance,
]


@pytest.fixture
def token(services, monkeypatch) -> str:
    # The limit has a test of its own; a client that tries hundreds of calls would meet it.
    endless = devices.limits.Limit("api-calls", 10**9, devices.CALLS.span, "")
    monkeypatch.setattr(devices, "CALLS", endless)
    admin = StaffSession("", "main", "admin", "Admin")
    return create_device(services, admin, "Tester", list(SCOPES))[0]


@pytest.mark.parametrize("path", PATHS)
def test_every_answer_is_one_that_the_document_promises(app, token, path):
    api = schemathesis.openapi.from_wsgi("/api/openapi.json", app)
    operations = [
        found.ok()
        for found in api.get_all_operations()
        if found.ok().path == "/{shop_id}/api/" + path
    ]
    assert operations
    for operation in operations:

        @given(case=operation.as_strategy())
        @settings(
            max_examples=12, deadline=None, database=None, phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        def keeps_its_promise(case):
            case.path_parameters["shop_id"] = "main"
            case.call_and_validate(
                headers={"Authorization": f"Bearer {token}"}, excluded_checks=NOT_ASKED
            )

        keeps_its_promise()
