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
    page = answer.get_data(as_text=True)
    assert "sign-in link" in page
    assert 'content="4;url=/main/pair"' in page


def test_a_sign_in_link_works_once(app, screen, services):
    from webapp.services.staff.sign_in import create_link

    path = create_link(services, "main", "display").removeprefix(services.public_url)
    assert app.test_client().post(path).status_code == 303
    assert app.test_client().post(path).status_code == 410


def test_looking_at_a_sign_in_link_as_a_chats_preview_does_leaves_it_good(app, services):
    from webapp.services.staff.sign_in import create_link

    path = create_link(services, "main", "display").removeprefix(services.public_url)
    for _ in range(3):
        assert app.test_client().get(path).status_code == 200
    assert app.test_client().post(path).location == "/main/display"


def test_a_barista_without_a_name_is_asked_for_it_and_no_name_is_made_up(screen):
    board = screen("barista").get("/main/barista").get_data(as_text=True)
    assert "<bdi>Who are you?</bdi>" in board
    assert "<b>Barista without a name</b>" in screen("admin").get("/main/admin").text


def test_whoever_signs_out_is_out_even_with_a_copy_of_the_cookie(screen):
    admin = screen("admin")
    copied = admin.get_cookie("__Host-staff").value
    assert admin.post("/main/sign-out").status_code == 303
    assert admin.get_cookie("__Host-staff") is None
    admin.set_cookie("__Host-staff", copied)
    assert admin.get("/main/admin").status_code == 401


def test_a_screen_pairs_by_reloading_the_page_with_its_code(app, screen):
    tv, admin = app.test_client(), screen("admin")
    page = tv.get("/main/pair").get_data(as_text=True)
    code = re.search(r'aria-label="Code ([^"]+)"', page)[1]
    assert f"Code {code}" in tv.get("/main/pair").get_data(as_text=True)
    form = {"code": "ZZZ-ZZZ", "role": "display", "name": "TV"}
    assert admin.post("/main/admin/screens", data=form).status_code == 422
    assert admin.post("/main/admin/screens", data=form | {"code": code}).status_code == 303
    assert tv.get("/main/pair").location == "/main/display"
    assert tv.get("/main/display").status_code == 200
    assert tv.get("/main/pair").location == "/main/display"


def test_every_answer_carries_the_headers_that_shut_the_page_in(phone):
    for path in ("/main/", "/main/barista", "/nowhere/at/all", "/healthz"):
        headers = phone.get(path).headers
        policy = headers["Content-Security-Policy"]
        assert "unsafe" not in policy and "*" not in policy
        for part in (
            "default-src 'none'",
            "script-src 'self'",
            "frame-ancestors 'none'",
            "require-trusted-types-for 'script'",
            "base-uri 'none'",
            "form-action 'self'",
        ):
            assert part in policy
        assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
        assert headers["Referrer-Policy"] == "same-origin"
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Cache-Control"] == "no-store"
        assert "max-age" in headers["Strict-Transport-Security"]


@pytest.mark.parametrize("mark", ["Secure", "HttpOnly", "SameSite=Lax", "Path=/"])
def test_cookies_on_https_are_bound_to_this_host(app, services, phone, code_path, mark):
    from webapp.services.staff.sign_in import create_link

    path = create_link(services, "main", "display").removeprefix(services.public_url)
    for answer, name in (
        (app.test_client().post(path), "__Host-staff"),
        (phone.get(code_path), "__Host-session"),
    ):
        cookie = next(c for c in answer.headers.getlist("Set-Cookie") if c.startswith(name))
        assert mark in cookie and "Domain" not in cookie


def test_cookies_on_plain_http_do_without_the_marks_that_need_https(services):
    from webapp import create_app
    from webapp.services.staff.sign_in import create_link
    from webapp.settings import Settings

    app = create_app(Settings(secret_key="k", public_url="http://127.0.0.1:8000"), services)
    app.config["WTF_CSRF_ENABLED"] = False
    path = create_link(services, "main", "display").removeprefix(services.public_url)
    cookie = app.test_client().post(path).headers["Set-Cookie"]
    assert cookie.startswith("staff=") and "HttpOnly" in cookie and "Secure" not in cookie


def test_a_cookie_signed_with_the_key_before_the_last_change_still_works(services, code_path):
    from webapp import create_app
    from webapp.settings import Settings

    def app_with(*keys: str):
        url = services.public_url
        return create_app(Settings(keys[0], url, old_secret_keys=keys[1:]), services)

    old = app_with("old").test_client()
    old.get(code_path)
    cookie = old.get_cookie("__Host-session").value
    for keys, status in ((("new", "old"), 200), (("new",), 403)):
        browser = app_with(*keys).test_client()
        browser.set_cookie("__Host-session", cookie)
        assert browser.get("/main/scan").status_code == status


def test_the_display_links_to_the_very_address_its_code_encodes(screen, phone):
    page = screen("display").get("/main/display").get_data(as_text=True)
    link = re.search(r'href="([^"]+/scan/[^"]+)"', page)[1]
    assert 'aria-label="Scan to order"' in page
    assert "Get my place" in phone.get(link[link.index("/main/") :]).get_data(as_text=True)


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
