"""A secret is good for what it was made for, and for nothing else that hangs on the same key."""

from __future__ import annotations

import re

import pytest

from tests.webapp.routes.conftest import claim
from webapp.services.staff.sign_in import create_link

STAFF, SESSION = "__Host-staff", "__Host-session"


@pytest.fixture
def secrets(app, services, phone, screen, code_path) -> dict[str, str]:
    """One of each kind that the bar hands out, all of them good."""
    app.config["WTF_CSRF_ENABLED"] = True
    page = phone.get(code_path, follow_redirects=True).get_data(as_text=True)
    pairing = app.test_client()
    pairing.get("/main/pair")
    with pairing.session_transaction() as session:
        code, browser = session["pairing"]
    with phone.session_transaction() as session:
        customer = session["customer"]
    return {
        "form token": re.search(r'name="csrf_token" value="([^"]+)"', page)[1],
        "session cookie": phone.get_cookie(SESSION).value,
        "customer's secret": customer,
        "scan code": code_path.rpartition("/")[2],
        "sign-in link": create_link(services, "main", "admin").rpartition("/")[2],
        "pairing code": code,
        "pairing browser": browser,
    }


def test_what_is_signed_for_one_purpose_is_worth_nothing_for_another(app, phone, secrets):
    app.config["WTF_CSRF_ENABLED"] = False
    order = claim(phone, f"/main/scan/{secrets['scan code']}")
    app.config["WTF_CSRF_ENABLED"] = True
    assert phone.get(order).status_code == 200
    for kind, secret in secrets.items():
        stranger = app.test_client()
        stranger.set_cookie(STAFF, secret, domain="localhost")
        assert stranger.get("/main/barista").status_code == 401, kind
        if kind != "session cookie":
            stranger.set_cookie(SESSION, secret, domain="localhost")
            assert stranger.get(order).status_code == 404, kind
        if kind != "form token":
            answer = phone.post(f"{order}/cancel", data={"csrf_token": secret})
            assert answer.status_code == 400, kind
        if kind != "scan code":
            assert phone.get(f"/main/scan/{secret}").status_code == 400, kind


def test_no_secret_but_its_own_opens_a_sign_in_link(app, secrets):
    app.config["WTF_CSRF_ENABLED"] = False
    for kind, secret in secrets.items():
        answer = app.test_client().post(f"/main/sign-in/{secret}")
        assert answer.status_code == (303 if kind == "sign-in link" else 410), kind
