"""Signing in by phone as a browser meets it: pages, refusals, and that all numbers look alike."""

from __future__ import annotations

import re
from dataclasses import replace
from types import SimpleNamespace

import pytest

from domain.shops import SignIn
from tests.webapp.routes.conftest import claim
from webapp import create_app
from webapp.cloud.emulator_texts import KeptText
from webapp.own_names import IS_HERE
from webapp.routes import developer
from webapp.services.phone import signing_in, text_limits
from webapp.services.phone.requirement import set_sign_in
from webapp.services.shop.editing import change_shop
from webapp.settings import Settings
from webapp.storage.tables import PhoneSignInModel

ANA = "+4915123456789"


@pytest.fixture
def shop(services):
    return set_sign_in(services, "main", "phone", "DE, AT")


@pytest.fixture
def scanned(app, shop, code_path):
    """Opens the code on the screen with a fresh browser: scanned()."""

    def browser(**options):
        client = app.test_client(**options)
        client.get(code_path)
        return client

    return browser


def ask(client, number: str = ANA):
    return client.post("/main/phone", data={"number": number})


def enter(client, code: str):
    return client.post("/main/phone/code", data={"code": code})


def text_of(answer) -> str:
    return answer.get_data(as_text=True)


def test_a_scan_leads_to_the_number_the_number_to_the_code_and_the_code_to_the_place(
    services, scanned
):
    client = scanned()
    assert client.get("/main/scan").location == "/main/phone"
    page = text_of(client.get("/main/phone"))
    assert 'autocomplete="tel"' in page and "+49 / +43" in page
    assert ask(client).location == "/main/phone/code"
    page = text_of(client.get("/main/phone/code"))
    assert 'inputmode="numeric"' in page and 'autocomplete="one-time-code"' in page
    assert "+49 ••• 89" in page and ANA not in page and "23456789" not in page
    cookie_before = client.get_cookie("__Host-session", domain="coffee.example") or _cookies(client)
    assert enter(client, services.texts.code_to(ANA)).location == "/main/scan"
    assert _cookies(client) != cookie_before
    assert "Get my place" in text_of(client.get("/main/scan"))
    for path in ("/main/phone", "/main/phone/code"):
        assert client.get(path).location == "/main/scan"


def _cookies(client) -> str:
    return "; ".join(sorted(str(cookie) for cookie in client._cookies.values()))


def test_without_a_number_the_order_is_not_taken_however_it_is_asked_for(services, scanned):
    client = scanned()
    answer = client.post("/main/scan")
    assert (answer.status_code, answer.location) == (303, "/main/phone")
    assert services.orders.open_orders("main") == []


def test_without_a_scan_there_is_no_form_and_no_text(app, services, shop):
    client = app.test_client()
    for answer in (client.get("/main/phone"), ask(client)):
        assert answer.status_code == 403
        assert "Scan the code first" in text_of(answer)
    assert client.get("/main/phone/code").location == "/main/phone"
    assert services.texts.sent == []


def test_a_number_that_will_not_do_is_said_beside_the_field(services, scanned):
    client = scanned()
    answer = ask(client, '030 1234567"><b>')
    page = text_of(answer)
    assert answer.status_code == 422 and 'aria-invalid="true"' in page
    assert "not a mobile number that starts with +49 / +43" in page
    assert "<b>" not in page.split('name="number"')[1].split(">")[0]
    assert services.texts.sent == []


@pytest.mark.parametrize(
    "content_type, body",
    [
        ("application/json", b'{"number": "0151 23456789"}'),
        ("application/x-www-form-urlencoded", b"number=%ff%fe%00&code=%00" + b"&a=b" * 300),
        ("application/x-www-form-urlencoded", b"number=" + b"+" * 9000 + b"&code=" + b"1" * 900),
        ("multipart/form-data", b"no boundary at all"),
        ("", b"number=0151"),
    ],
)
def test_an_odd_body_is_no_number_and_no_code(services, scanned, content_type, body):
    client = scanned()
    for path in ("/main/phone", "/main/phone/code"):
        answer = client.post(path, data=body, content_type=content_type)
        assert 400 <= answer.status_code < 500, path
    ask(client)
    assert client.post("/main/phone/code", data=body, content_type=content_type).status_code == 422
    assert [int(row.tries) for row in PhoneSignInModel.scan()] == [0]


def test_a_wrong_code_says_how_many_tries_are_left_and_the_fifth_that_it_is_over(services, scanned):
    client = scanned()
    ask(client)
    wrong = f"{(int(services.texts.code_to(ANA)) + 1) % 10**6:06}"
    for words in ("one: 4", "one: 3", "one: 2", "one: 1"):
        answer = enter(client, wrong)
        assert answer.status_code == 422 and words in text_of(answer)
    answer = enter(client, wrong)
    assert answer.status_code == 410 and "This code is over" in text_of(answer)
    assert 'id="again"' in text_of(answer)


def test_a_code_where_none_was_asked_for_leads_to_the_number(scanned):
    answer = enter(scanned(), "123456")
    assert answer.status_code == 410 and 'href="/main/phone"' in text_of(answer)


def test_asking_again_too_soon_says_when(services, scanned, clock):
    client = scanned()
    ask(client)
    answer = client.post("/main/phone/code/again")
    assert answer.status_code == 429 and "0:30" in text_of(answer)
    assert 'href="/main/phone/code"' in text_of(answer) and "at <bdi>" not in text_of(answer)
    clock.pass_seconds(30)
    assert client.post("/main/phone/code/again").location == "/main/phone/code"
    assert len(services.texts.sent) == 2


def test_when_the_hours_texts_are_used_up_the_page_says_until_when(services, scanned, monkeypatch):
    monkeypatch.setattr(text_limits, "_shop_limit", lambda shop: text_limits._OF_SHOP)
    answer = ask(scanned())
    page = text_of(answer)
    assert answer.status_code == 429
    assert "Ask at the counter" in page and "at <bdi>10:00</bdi>" in page


# No number looks different


def _known(services, scanned, clock):
    client = scanned()
    ask(client)
    enter(client, services.texts.code_to(ANA))


def _had_its_texts(services, scanned, clock):
    for _ in range(3):
        ask(scanned())


def _had_ten_wrong_codes(services, scanned, clock):
    for _ in range(2):
        client = scanned()
        ask(client)
        wrong = f"{(int(services.texts.code_to(ANA)) + 1) % 10**6:06}"
        for _ in range(5):
            enter(client, wrong)


@pytest.mark.parametrize("history", [_known, _had_its_texts, _had_ten_wrong_codes])
def test_a_number_with_a_history_is_answered_like_one_never_seen(services, scanned, clock, history):
    def conversation(number: str) -> list[tuple]:
        client = scanned()
        answers = [ask(client, number), client.get("/main/phone/code")]
        answers += [enter(client, f"{n:06}") for n in (111111, 111112, 111113, 111114, 111115)]
        answers += [client.post("/main/phone/code/again"), client.get("/main/phone/code")]
        return [_seen(answer) for answer in answers]

    history(services, scanned, clock)
    sent = len(services.texts.sent)
    assert conversation(ANA) == conversation("+4915155550089")
    texted = [number for number, _ in services.texts.sent[sent:]]
    assert (ANA in texted) == (history is _known)


def _seen(answer) -> tuple:
    """All that a browser sees, but for what is drawn anew each time."""
    body = re.sub(r'(name="csrf_token" value=)"[^"]*"', r"\1", text_of(answer))
    headers = {k: v for k, v in answer.headers if k not in ("Set-Cookie", "Content-Length")}
    return answer.status_code, headers, body


@pytest.mark.parametrize("sent", [True, False])
def test_no_answer_comes_before_the_time_that_all_take(services, scanned, app, monkeypatch, sent):
    """The pause ends at one moment after the beginning, whatever was done in between."""
    from dataclasses import replace

    slept = []
    moments = iter([100.0, 100.25])
    watch = SimpleNamespace(monotonic=lambda: next(moments), sleep=slept.append)
    monkeypatch.setattr(signing_in, "time", watch)
    app.extensions["services"] = replace(services, least_seconds=1.0)
    services.texts.fails = not sent
    ask(scanned())
    assert slept == [0.75]


# Signed in, signed out


def test_a_signed_in_phone_sees_its_number_masked_and_may_sign_out(services, scanned):
    client = scanned()
    ask(client)
    enter(client, services.texts.code_to(ANA))
    assert "Signed in with" in text_of(client.get("/main/"))
    assert client.post("/main/phone/sign-out").location == "/main/"
    assert "Signed in with" not in text_of(client.get("/main/"))
    assert client.get("/main/phone").status_code == 403


def test_after_thirty_days_the_number_is_asked_for_again(services, scanned, clock, app):
    client = scanned()
    ask(client)
    enter(client, services.texts.code_to(ANA))
    assert client.get("/main/phone").location == "/main/scan"
    clock.pass_seconds(30 * 24 * 3600)
    assert client.get("/main/phone").status_code == 403


def test_guests_never_see_the_form(app, services, phone, code_path):
    assert services.shop("main").sign_in is SignIn.GUEST
    assert claim(phone, code_path)
    assert app.test_client().get("/main/phone").location == "/main/scan"


# What the team sees


def test_an_admin_chooses_how_customers_sign_in(services, screen):
    admin = screen("admin")
    assert "/main/admin/customer-sign-in" in text_of(admin.get("/main/admin"))
    path = "/main/admin/customer-sign-in"
    refused = admin.post(path, data={"sign_in": "phone", "countries": ""})
    assert refused.status_code == 422 and "Choose the countries" in text_of(refused)
    assert services.shop("main").sign_in is SignIn.GUEST
    admin.post(path, data={"sign_in": "phone", "countries": "de at"})
    assert services.shop("main").phone_countries == ("DE", "AT")
    page = text_of(admin.get(path))
    assert 'value="DE, AT"' in page and "0 of 96 texts sent in this hour" in page


# The developer's page

KEY = "key-of-this-start"


class OneText:
    def newest(self):
        return [KeptText(ANA, "123456 is your code <b>")]


@pytest.fixture
def local_app(services):
    app = create_app(
        Settings(secret_key=services.secret_keys[0], public_url=services.public_url), services
    )
    developer.register(app, OneText(), KEY)
    return app


def test_the_texts_are_shown_here_with_the_key_of_the_start_and_to_nobody_else(local_app):
    def get(address: str, key: str = KEY, is_here: bool = True, **environ):
        environ |= {"REMOTE_ADDR": address, IS_HERE: is_here}
        return local_app.test_client().get(f"/developer/texts/{key}", environ_overrides=environ)

    here = get("127.0.0.1")
    assert "123456 is your code &lt;b&gt;" in text_of(here)
    assert "Developer page" in text_of(here)
    others = (
        get("192.168.1.20", is_here=False),
        # Through a proxy of this very computer, whatever it says.
        get("127.0.0.1", is_here=False),
        get("127.0.0.1", key="another"),
        get("127.0.0.1", key="ä"),
        local_app.test_client().get("/developer/texts"),
    )
    for other in others:
        assert other.status_code == 404 and "123456" not in text_of(other)
    # A site whose name was made to lead to this very computer, in its own browser.
    rebound = get("127.0.0.1", HTTP_HOST="site.example:8000")
    assert rebound.status_code == 400 and "123456" not in text_of(rebound)


def test_the_app_that_lambda_serves_has_no_such_page(app, scanned, services):
    """create_app is all that the function runs; only webapp.local adds the page."""
    assert not any("developer" in rule.rule for rule in app.url_map.iter_rules())
    answer = app.test_client().get(
        "/developer/texts", environ_overrides={"REMOTE_ADDR": "127.0.0.1"}
    )
    assert answer.status_code == 404
    client = scanned()
    ask(client)
    assert "/developer/" not in text_of(client.get("/main/phone/code")).lower()


def test_the_text_comes_in_the_language_that_the_phone_reads(services, scanned):
    change_shop(services, "main", lambda shop: replace(shop, languages=("en", "de")))
    client = scanned()
    client.get("/main/phone?lang=de")
    ask(client)
    ((_, text),) = services.texts.sent
    assert "ist dein Code für die Kaffeebar" in text
    assert enter(client, text[:6]).location == "/main/scan"
    assert '<html lang="de"' in text_of(client.get("/main/scan")), "signing in keeps the language"
