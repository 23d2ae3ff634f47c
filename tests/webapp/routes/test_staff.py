"""Signing in, and what each role may see and do."""

from __future__ import annotations

import re

import pytest

STAFF_PAGES = [
    ("/main/barista", {"barista", "admin"}),
    ("/main/barista/board", {"barista", "admin"}),
    ("/main/barista/sold-out", {"barista", "admin"}),
    ("/main/display", {"display", "admin"}),
    ("/main/display/code", {"display", "admin"}),
    ("/main/display/board", {"display", "admin"}),
    ("/main/admin", {"admin"}),
]


@pytest.mark.parametrize("path, allowed", STAFF_PAGES)
@pytest.mark.parametrize("role", ["admin", "barista", "display"])
def test_a_page_opens_for_its_roles_only(screen, path, allowed, role):
    assert screen(role).get(path).status_code == (200 if role in allowed else 404)


@pytest.mark.parametrize("path, _", STAFF_PAGES)
def test_an_unsigned_screen_is_told_how_to_sign_in(phone, path, _):
    answer = phone.get(path)
    assert answer.status_code == 401
    assert "sign-in link" in answer.get_data(as_text=True)


def test_a_sign_in_link_works_once(app, screen, services):
    from webapp.services.sign_in import create_link

    path = create_link(services, "main", "display").removeprefix(services.public_url)
    assert app.test_client().get(path).status_code == 303
    assert app.test_client().get(path).status_code == 410


def test_the_display_links_to_the_very_address_its_code_encodes(screen, phone):
    page = screen("display").get("/main/display").get_data(as_text=True)
    link = re.search(r'href="([^"]+/scan/[^"]+)"', page)[1]
    assert 'aria-label="Scan to order"' in page
    assert phone.get(link[link.index("/main/") :]).location == "/main/scan"


def test_an_action_on_an_unknown_order_is_a_404(screen):
    assert screen("barista").post("/main/barista/orders/nothing/make").status_code == 404


def test_a_cancel_without_a_reason_of_the_list_is_refused(screen):
    answer = screen("barista").post("/main/barista/orders/x/cancel", data={"reason": "because"})
    assert answer.status_code == 422


def test_opening_and_closing_shows_on_the_board(screen):
    tablet = screen("barista")
    tablet.post("/main/barista/close")
    assert "Open shop" in tablet.get("/main/barista").get_data(as_text=True)
    tablet.post("/main/barista/open")
    assert "Close shop" in tablet.get("/main/barista").get_data(as_text=True)


def test_every_page_carries_a_strict_content_security_policy(screen):
    answer = screen("barista").get("/main/barista")
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy and "unsafe" not in policy
    assert not re.search(r'\s(on\w+|style)="', answer.get_data(as_text=True))
