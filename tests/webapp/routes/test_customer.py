"""What a phone is answered, asked properly and otherwise."""

from __future__ import annotations

import base64
import gzip
import hashlib
import re
from dataclasses import replace

import pytest

from domain.orders import OrderState, admit
from tests.builders import a_shop
from tests.tables import workflow_writes
from tests.webapp.routes.conftest import claim
from webapp.routes import customer as customer_pages
from webapp.services.shop import switches


@pytest.fixture
def admitted(phone, services, code_path, clock):
    """The path of an order that may choose; the workflow's part is played by the test."""
    path = claim(phone, code_path)
    _admit(services, path, clock())
    return path


def _admit(services, path, now) -> None:
    from webapp.storage.tables import OrderModel

    order = services.order("main", path.rsplit("/", 1)[1])
    after = admit(order, 300, now)
    OrderModel("main", order.id).update(
        actions=[
            OrderModel.state.set(after.state.value),
            OrderModel.version.set(after.version),
            OrderModel.admitted_at.set(after.admitted_at),
            OrderModel.choose_seconds.set(300),
        ]
    )


def _order(services, path):
    return services.order("main", path.rsplit("/", 1)[1])


def test_opening_a_scanned_link_takes_nothing(phone, services, code_path):
    bucket_before = _bucket(services)
    for _ in range(3):
        assert phone.get(code_path).status_code == 200
        assert phone.get("/main/scan").status_code == 200
    assert _bucket(services) == bucket_before


def test_the_scanned_links_page_names_its_address_without_the_code(services, phone, code_path):
    _change(services, languages=("en", "de"))
    page = phone.get(code_path).get_data(as_text=True)
    assert "Get my place" in page
    assert '<link rel="canonical" href="/main/scan">' in page
    assert 'href="/main/scan?lang=de"' in page
    assert code_path.rpartition("/")[2] not in page


def test_a_scanned_link_loaded_again_after_its_code_has_died_leads_to_the_place(
    app, phone, code_path, clock
):
    phone.get(code_path)
    clock.pass_seconds(30)
    answer = phone.get(code_path)
    assert (answer.status_code, answer.location) == (303, "/main/scan")
    assert phone.get("/main/scan").status_code == 200
    assert app.test_client().get(code_path).status_code == 410
    clock.pass_seconds(180)
    assert phone.get(code_path).status_code == 410


def test_a_scan_of_a_full_bar_leads_to_where_its_pass_is_tried_again(
    app, phone, services, code_path
):
    first = _order(services, claim(app.test_client(), code_path))
    workflow_writes("AdmitOrder", first, services.now())
    _change(services, capacity=1)
    answer = phone.get(code_path)
    assert answer.status_code == 409
    assert 'href="/main/scan"' in answer.get_data(as_text=True)
    _change(services, capacity=3)
    assert phone.get("/main/scan").status_code == 200


def _change(services, **changes) -> None:
    shop = services.shop("main")
    services.shops.save(shop, replace(shop, version=shop.version + 1, **changes))


def _bucket(services):
    from webapp.services.intake.qr_codes import current_code

    return current_code(services, services.shop("main")).bucket


def test_the_same_form_sent_twice_leads_to_the_same_order(phone, services, code_path):
    phone.get(code_path)
    answers = [phone.post("/main/scan") for _ in range(2)]
    assert answers[0].location == answers[1].location
    assert _bucket(services).taken == 1


@pytest.mark.parametrize(
    "tampered", ["/main/scan/zzz", "/main/scan/5b-1-AAAAAAAAAAAAAAAAAAAAAA", "{}x"]
)
def test_a_tampered_code_is_refused_in_words(phone, code_path, tampered):
    answer = phone.get(tampered.format(code_path))
    assert answer.status_code == 400
    assert "not a code of this bar" in answer.get_data(as_text=True)


def test_an_old_code_is_refused_in_words(phone, code_path, clock):
    clock.pass_seconds(20)
    answer = phone.get(code_path)
    assert answer.status_code == 410
    assert "too old" in answer.get_data(as_text=True)


def test_a_used_up_code_says_when_the_next_one_comes(app, code_path):
    for _ in range(3):
        claim(app.test_client(), code_path)
    phone = app.test_client()
    claim(phone, code_path)
    answer = app.test_client().get(code_path)
    text = answer.get_data(as_text=True)
    assert answer.status_code == 409
    assert "used up" in text and "New code on the screen" in text


def test_a_closed_shop_is_told_and_nothing_is_taken(phone, services, code_path):
    switches.set_open(services, "main", False)
    answer = phone.get(code_path)
    assert answer.status_code == 409
    assert "closed" in answer.get_data(as_text=True)
    phone.post(code_path)
    assert _bucket(services).taken == 0


def test_a_second_order_is_refused_with_a_link_to_the_first(phone, services, code_path):
    path = claim(phone, code_path)
    answer = phone.get(code_path)
    assert answer.status_code == 409
    assert path in answer.get_data(as_text=True)


@pytest.mark.parametrize(
    "path", ["/main/orders/" + "0" * 32, "/main/orders/x/panel", "/nowhere/", "/main/nothing"]
)
def test_what_does_not_exist_is_a_helpful_404(phone, path):
    answer = phone.get(path)
    assert answer.status_code == 404
    assert "<h1" in answer.get_data(as_text=True)


def test_somebody_elses_order_looks_like_one_that_does_not_exist(app, phone, admitted):
    stranger = app.test_client()
    unknown = "/main/orders/" + "0" * 32
    for suffix in ("", "/panel"):
        foreign_page = stranger.get(admitted + suffix)
        assert foreign_page.status_code == 404
        assert foreign_page.data == stranger.get(unknown + suffix).data
    assert stranger.post(admitted + "/cancel").status_code == 404


@pytest.mark.parametrize(
    "form, status, sentence",
    [
        ({}, 422, "Choose a drink first"),
        ({"drink": "beer"}, 422, "not on the menu"),
        ({"drink": "latte", "milk": "camel"}, 422, "not offered"),
        ({"drink": "latte", "sugar": "no"}, 422, "nothing called"),
    ],
)
def test_a_choice_that_cannot_be_made_changes_nothing(
    phone, services, admitted, form, status, sentence
):
    before = _order(services, admitted)
    answer = phone.post(admitted + "/submit", data=form)
    assert answer.status_code == status
    assert sentence in answer.get_data(as_text=True)
    assert _order(services, admitted) == before


def test_a_drink_that_sold_out_is_refused_and_the_choice_is_kept(phone, services, admitted):
    switches.set_sold_out(services, "main", "mocha", True)
    answer = phone.post(
        admitted + "/submit", data={"drink": "mocha", "milk": "oat"}, headers={"HX-Request": "true"}
    )
    assert answer.status_code == 409
    assert "Mocha has just sold out" in answer.get_data(as_text=True)
    assert _order(services, admitted).state is OrderState.ADMITTED


def test_placing_twice_gives_one_number(phone, services, admitted):
    for _ in range(2):
        answer = phone.post(admitted + "/submit", data={"drink": "tea"})
        assert answer.status_code == 303
    assert _order(services, admitted).number == 1


def test_without_script_an_order_under_way_keeps_up_and_a_form_is_left_alone(
    phone, services, code_path, clock
):
    path = claim(phone, code_path)
    again = f'<noscript><meta http-equiv="refresh" content="10;url={path}"></noscript>'
    journey = '<noscript><meta http-equiv="refresh" content="10"></noscript>'
    assert again in phone.get(path).get_data(as_text=True)
    _admit(services, path, clock())
    assert "http-equiv" not in phone.get(path).get_data(as_text=True)
    phone.post(f"{path}/submit", data={"drink": "tea"})
    assert again in phone.get(path).get_data(as_text=True)
    assert journey in phone.get(f"{path}/journey").get_data(as_text=True)
    phone.post(f"{path}/cancel")
    assert "http-equiv" not in phone.get(path).get_data(as_text=True)


def test_the_page_that_waits_for_a_place_holds_the_form_to_choose_with(phone, code_path):
    page = phone.get(claim(phone, code_path)).get_data(as_text=True)
    assert 'id="order-panel"' in page and 'data-state="CLAIMED"' in page
    for name in ("menu", "place-order", "cancel-order"):
        assert page.count(f'id="{name}"') == 1


def test_an_order_that_ended_can_not_be_placed_any_more(phone, services, admitted):
    phone.post(admitted + "/cancel")
    answer = phone.post(admitted + "/submit", data={"drink": "tea"}, headers={"HX-Request": "true"})
    assert answer.status_code == 409
    assert "You cancelled your order" in answer.get_data(as_text=True)


def test_a_form_without_its_token_is_refused_and_changes_nothing(app, phone, services, admitted):
    app.config["WTF_CSRF_ENABLED"] = True
    before = _order(services, admitted)
    assert phone.post(admitted + "/cancel").status_code == 400
    assert _order(services, admitted) == before


def test_an_oversized_body_is_refused(phone, admitted):
    assert phone.post(admitted + "/submit", data={"drink": "x" * 20_000}).status_code == 413


def test_a_fault_shows_a_calm_page_with_a_reference_that_is_in_the_log(
    app, phone, services, admitted, monkeypatch, caplog
):
    def broken(*_):
        raise RuntimeError("a secret detail")

    monkeypatch.setattr(customer_pages, "order_view", broken)
    answer = phone.get(admitted)
    text = answer.get_data(as_text=True)
    assert answer.status_code == 500
    assert "Traceback" not in text and "secret detail" not in text
    reference = caplog.records[-1].reference
    assert reference in text


def test_the_first_phone_page_is_one_request_of_at_most_12_kilobytes(phone, code_path):
    page = phone.get(code_path, headers={"Accept-Encoding": "gzip"})
    assert _asset_paths(gzip.decompress(page.data).decode()) == []
    assert len(page.data) <= 12 * 1024


def test_the_order_page_needs_one_file_besides_which_is_kept_for_good(phone, code_path):
    packed = {"Accept-Encoding": "gzip"}
    page = phone.get(claim(phone, code_path), headers=packed)
    [path] = _asset_paths(gzip.decompress(page.data).decode())
    script = phone.get(path, headers=packed)
    assert script.headers["Content-Encoding"] == "gzip"
    assert "immutable" in script.headers["Cache-Control"]
    assert len(page.data) + len(script.data) <= 36 * 1024


def test_what_stands_in_a_page_is_what_its_policy_allows(phone, code_path):
    for path in (code_path, claim(phone, code_path)):
        answer = phone.get(path)
        policy = dict(
            part.strip().split(" ", 1)
            for part in answer.headers["Content-Security-Policy"].split(";")
            if " " in part.strip()
        )
        for tag in ("script", "style"):
            inside = re.findall(f"<{tag}>(.+?)</{tag}>", answer.get_data(as_text=True), re.DOTALL)
            digests = [hashlib.sha256(one.encode()).digest() for one in inside]
            hashes = [f"'sha256-{base64.b64encode(one).decode()}'" for one in digests]
            assert inside and policy[f"{tag}-src"].split() == ["'self'", *hashes]


def test_a_page_without_anything_inside_allows_nothing_inside(screen):
    answer = screen("display").get("/main/display/board")
    assert "sha256" not in answer.headers["Content-Security-Policy"]


def test_a_claim_that_a_script_sends_again_makes_one_order_and_is_told_its_page(phone, code_path):
    phone.get(code_path)
    answers = [phone.post("/main/scan", headers={"HX-Request": "true"}) for _ in range(2)]
    assert [one.status_code for one in answers] == [204, 204]
    [url] = {one.headers["HX-Redirect"] for one in answers}
    assert phone.get(url).status_code == 200


def _asset_paths(html: str) -> list[str]:
    return re.findall(r'(?:href|src)="(/static/[^"]+)"', html)


def test_the_address_without_a_shop_leads_to_the_only_bar(phone):
    assert phone.get("/").location == "/main/"


def test_of_several_bars_the_customer_chooses_and_none_is_listed_that_takes_no_customers(
    services, phone
):
    services.shops.create(a_shop(id="hall-2", name="Hall <2>", is_open=False))
    services.shops.create(a_shop(id="old", name="Old bar", is_archived=True))
    services.shops.create(a_shop(id="stage", name="Rehearsal", is_rehearsal=True))
    page = phone.get("/").get_data(as_text=True)
    assert 'href="/main/"' in page and 'href="/hall-2/"' in page and "Hall &lt;2&gt;" in page
    assert "/old/" not in page and "/stage/" not in page
