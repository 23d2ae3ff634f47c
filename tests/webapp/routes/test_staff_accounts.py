"""The pages of named people, as a browser meets them."""

from __future__ import annotations

import re

import pytest
from moto.cognitoidp.models import COGNITO_TOTP_MFA_SECRET

from tests.builders import a_shop
from tests.staff_pool import authenticator_code
from webapp.access import still_staff
from webapp.services.staff import people

RUI, OWN = "rui@example.com", "Correct-Horse-7"


@pytest.fixture
def invited(services):
    """Invites somebody: invited("barista") gives the temporary password."""

    def invite(role: str = "barista", shop: str = "main", email: str = RUI) -> str:
        return people.invite(services, people.TERMINAL, shop, email, "Rui", role).password

    return invite


def sign_in(browser, password: str, email: str = RUI, shop: str = "main"):
    return browser.post(f"/{shop}/staff", data={"email": email, "password": password})


def choose(browser, password: str = OWN):
    return browser.post("/main/staff/password", data={"password": password, "again": password})


def test_a_barista_signs_in_step_by_step_and_comes_to_the_board(app, invited):
    tablet = app.test_client()
    assert sign_in(tablet, invited()).location == "/main/staff/password"
    assert tablet.get("/main/staff/password").status_code == 200
    assert tablet.get("/main/barista").status_code == 401
    done = choose(tablet)
    assert done.location == "/main/barista"
    assert tablet.get("/main/barista").status_code == 200
    assert tablet.get("/main/admin").status_code == 404
    assert tablet.get("/main/staff").location == "/main/barista"


def test_an_admin_scans_a_code_and_finds_the_same_key_after_a_reload(app, invited):
    phone = app.test_client()
    sign_in(phone, invited("admin"))
    assert choose(phone).location == "/main/staff/authenticator"
    page = phone.get("/main/staff/authenticator").get_data(as_text=True)
    key = re.search(r"<code>([^<]+)</code>", page)[1].replace(" ", "")
    assert f"secret={key}" in page and "Code for your authenticator app" in page
    assert phone.get("/main/staff/authenticator").get_data(as_text=True).count(key) == 1
    wrong = phone.post("/main/staff/authenticator", data={"code": "12"})
    assert wrong.status_code == 422 and key in wrong.get_data(as_text=True)
    code = authenticator_code(COGNITO_TOTP_MFA_SECRET)
    code = f"{code[:3]} {code[3:]}"
    assert phone.post("/main/staff/authenticator", data={"code": code}).location == "/main/admin"


def test_each_refusal_of_a_sign_in_is_the_same_page(app, invited, services):
    services.shops.create(a_shop(id="annex"))
    password = invited(shop="annex")
    pages = set()
    for email, tried in ((RUI, "wrong"), ("nobody@example.com", "wrong"), (RUI, password)):
        answer = sign_in(app.test_client(), tried, email)
        assert answer.status_code == 403
        pages.add(re.sub(r'value="[^"]*"', "", answer.get_data(as_text=True)))
    assert len(pages) == 1


def test_a_step_without_its_sign_in_leads_to_the_beginning(app):
    for page in ("password", "code", "authenticator"):
        answer = app.test_client().get(f"/main/staff/{page}")
        assert answer.status_code == 410
        assert "Begin again" in answer.get_data(as_text=True)


def test_a_sign_in_belongs_to_the_browser_that_began_it(app, invited):
    one, other = app.test_client(), app.test_client()
    sign_in(one, invited())
    assert choose(other).status_code == 410
    assert choose(one).status_code == 303


def test_signing_in_makes_a_new_session_ends_the_old_one_and_lasts_a_day(app, screen, invited):
    tablet = screen("barista")
    before = tablet.get_cookie("__Host-staff").value
    sign_in(tablet, invited())
    done = choose(tablet)
    cookie = next(c for c in done.headers.getlist("Set-Cookie") if c.startswith("__Host-staff"))
    assert f"Max-Age={12 * 3600}" in cookie and "HttpOnly" in cookie and "Secure" in cookie
    assert before not in cookie
    tablet.set_cookie("__Host-staff", before)
    assert tablet.get("/main/barista").status_code == 401


def test_a_temporary_password_is_on_one_page_only_and_in_no_address(screen):
    admin = screen("admin")
    form = {"email": RUI, "name": "Rui", "role": "barista"}
    answer = admin.post("/main/admin/people", data=form)
    password = re.search(r'aria-label="Temporary password">([^<]+)<', answer.get_data(True))[1]
    assert answer.headers["Cache-Control"] == "no-store" and "Location" not in answer.headers
    assert password not in admin.get("/main/admin/people").get_data(as_text=True)
    again = admin.post("/main/admin/people", data=form)
    assert again.status_code == 422 and "has an account here already" in again.get_data(True)


def test_locking_shows_on_the_next_request_of_the_person(app, services, screen, invited):
    admin, tablet = screen("admin"), app.test_client()
    sign_in(tablet, invited())
    choose(tablet)
    assert "here now" in admin.get("/main/admin/people").get_data(as_text=True)
    rui = services.staff_pool.find(RUI)
    assert admin.post(f"/main/admin/people/{rui.id}/lock").status_code == 303
    assert tablet.get("/main/barista").status_code == 401
    assert sign_in(app.test_client(), OWN).status_code == 403
    assert "locked" in admin.get("/main/admin/people").get_data(as_text=True)
    admin.post(f"/main/admin/people/{rui.id}/unlock")
    assert sign_in(app.test_client(), OWN).location == "/main/barista"


def test_a_shared_screen_and_a_person_are_told_apart_in_the_list(app, screen, invited):
    admin, tablet = screen("admin"), app.test_client()
    screen("barista")
    sign_in(tablet, invited())
    choose(tablet)
    page = admin.get("/main/admin").get_data(as_text=True)
    assert f"Barista · <bdi>{RUI}</bdi>" in page and "Tablet · since" in page


def test_an_account_of_every_bar_shows_no_buttons_to_an_admin_of_one(screen, services):
    people.invite(services, people.TERMINAL, "*", "ana@example.com", "Ana", "admin")
    page = screen("admin").get("/main/admin/people").get_data(as_text=True)
    assert "of every bar" in page and "Change Ana" not in page


def test_too_many_tries_say_when_to_come_back(app, invited):
    invited()
    for _ in range(10):
        sign_in(app.test_client(), "Wrong-Horse-7")
    answer = sign_in(app.test_client(), OWN)
    assert answer.status_code == 429 and "tried many times" in answer.get_data(as_text=True)


def test_strangers_keep_nobody_out_of_the_browser_that_they_always_use(app, invited):
    tablet, stranger = app.test_client(), app.test_client()
    sign_in(tablet, invited())
    choose(tablet)
    tablet.post("/main/sign-out")
    for _ in range(11):
        refused = sign_in(stranger, "Wrong-Horse-7")
    assert refused.status_code == 429
    assert sign_in(tablet, OWN).location == "/main/barista"
    # What makes a browser known is worth nothing for another e-mail, nor when it is made up.
    name, value = _known(tablet)
    assert RUI not in name + value
    stranger.set_cookie(name, "made-up.signature", secure=True)
    assert sign_in(stranger, OWN).status_code == 429


def _known(browser) -> tuple[str, str]:
    [cookie] = [one for one in browser._cookies.values() if "known-" in one.key]
    return cookie.key, cookie.value


def test_colleagues_who_share_a_tablet_are_both_known_there(app, invited):
    tablet, stranger = app.test_client(), app.test_client()
    for email in (RUI, "ana@example.com"):
        sign_in(tablet, invited(email=email), email)
        choose(tablet)
        tablet.post("/main/sign-out")
    for _ in range(11):
        sign_in(stranger, "Wrong-Horse-7")
    assert sign_in(tablet, OWN).location == "/main/barista"


def test_a_new_password_makes_every_browser_unknown(app, services, invited):
    tablet, stranger = app.test_client(), app.test_client()
    sign_in(tablet, invited())
    choose(tablet)
    tablet.post("/main/sign-out")
    services.session_epochs.renew(RUI)
    for _ in range(11):
        sign_in(stranger, "Wrong-Horse-7")
    assert sign_in(tablet, OWN).status_code == 429


def test_the_open_stream_of_a_locked_person_is_not_carried_on(app, services, invited):
    tablet = app.test_client()
    sign_in(tablet, invited())
    choose(tablet)
    cookie = tablet.get_cookie("__Host-staff").value
    with app.test_request_context(headers={"Cookie": f"__Host-staff={cookie}"}):
        still_signed_in = still_staff()
    with app.app_context():
        assert still_signed_in()
        rui = services.staff_pool.find(RUI)
        people.set_enabled(services, people.TERMINAL, "main", rui.id, False)
        assert not still_signed_in()
