"""The language that a phone is answered in, and the one its pushes come in."""

from __future__ import annotations

from dataclasses import replace

import pytest

from domain.detail_types import DetailType
from domain.events import EVENT_CLASSES
from domain.menu_edits import change_drink
from domain.orders import admit
from tests.builders import NOW
from tests.webapp.routes.conftest import claim
from webapp.consumers.forward import forward
from webapp.services.orders import customer_steps
from webapp.services.shop.editing import change_shop
from webapp.words import current_locale, in_locale

GERMAN = {"Accept-Language": "de-AT,de;q=0.9,en;q=0.5"}


@pytest.fixture(autouse=True)
def two_languages(services):
    _offer(services, "en", "de")


def _offer(services, *languages):
    change_shop(services, "main", lambda shop: replace(shop, languages=languages))


def _text(answer) -> str:
    return answer.get_data(as_text=True)


def test_a_phone_is_answered_in_its_own_language(phone):
    answer = phone.get("/main/", headers=GERMAN)
    assert "Scanne den Code auf dem Bildschirm" in _text(answer)
    assert '<html lang="de" dir="ltr"' in _text(answer)
    assert answer.headers["Content-Language"] == "de"


def test_a_cache_is_told_that_the_phones_language_decided(phone):
    answer = phone.get("/main/", headers=GERMAN)
    assert {"Accept-Language", "Cookie"} <= set(answer.headers["Vary"].split(", "))
    assert answer.headers["Cache-Control"] == "no-store"


def test_a_language_that_is_not_offered_is_not_spoken(phone, services):
    _offer(services, "en")
    page = _text(phone.get("/main/?lang=de", headers=GERMAN))
    assert '<html lang="en"' in page
    assert "hreflang" not in page


def test_the_bars_own_language_is_spoken_to_a_phone_that_reads_none(phone, services):
    _offer(services, "de", "en")
    assert '<html lang="de"' in _text(phone.get("/main/", headers={"Accept-Language": "tlh"}))


def test_a_chosen_language_stays(phone):
    assert '<html lang="en"' in _text(phone.get("/main/?lang=en", headers=GERMAN))
    answer = phone.get("/main/", headers=GERMAN)
    assert '<html lang="en"' in _text(answer)
    assert "Accept-Language" not in answer.headers["Vary"]


def test_a_chosen_language_survives_the_scan(phone, code_path):
    phone.get("/main/?lang=de")
    page = _text(phone.get(code_path, follow_redirects=True))
    assert "Dein Platz in der Reihe" in page


def test_each_page_leads_to_itself_in_the_other_languages(phone):
    page = _text(phone.get("/main/my-orders", headers=GERMAN))
    assert 'href="/main/my-orders?lang=en" lang="en"' in page
    assert 'lang="de" hreflang="de" aria-current="true"' in page


def test_a_refusal_is_said_in_the_customers_language(phone):
    answer = phone.get("/main/scan/nonsense", headers=GERMAN)
    assert answer.status_code == 400
    assert "Das ist kein Code dieser Bar" in _text(answer)


def test_a_wrong_address_is_answered_in_the_phones_language(phone):
    answer = phone.get("/main/orders/unknown", headers=GERMAN)
    assert answer.status_code == 404
    assert '<html lang="de"' in _text(answer)
    assert "Diese Bestellung ist nicht hier" in _text(answer)


def test_the_teams_pages_stay_in_english(screen):
    answer = screen("admin").get("/main/admin/settings", headers=GERMAN)
    assert '<html lang="en"' in _text(answer)
    answer = screen("barista").post("/main/barista/orders/unknown/make", headers=GERMAN)
    assert '<html lang="en"' in _text(answer)


def test_the_language_of_one_request_is_not_that_of_the_next(phone, screen):
    phone.get("/main/", headers=GERMAN)
    assert '<html lang="en"' in _text(screen("barista").get("/main/barista"))


@pytest.fixture
def order(phone, services, code_path, clock):
    """A German customer's order, with its place in the bar."""
    phone.get("/main/?lang=de")
    claimed = services.order("main", claim(phone, code_path).rsplit("/", 1)[1])
    return _admitted(services, claimed, clock())


def _admitted(services, order, now):
    from webapp.storage.tables import OrderModel

    after = admit(order, 300, now)
    OrderModel("main", order.id).update(
        actions=[
            OrderModel.state.set(after.state.value),
            OrderModel.version.set(after.version),
            OrderModel.admitted_at.set(now),
            OrderModel.choose_seconds.set(300),
        ]
    )
    return after


def _pushed(app, services, order) -> str:
    event = EVENT_CLASSES[DetailType.QUEUE_ORDER_STARTED].of(services.order("main", order.id))
    with app.app_context():
        forward(services, event, NOW)
    return [html for topic, html in services.live.messages if order.id in topic][-1]


def _placed(services, order):
    return customer_steps.place_order(services, services.shop("main"), order, "latte", {})


def test_what_is_pushed_to_a_phone_is_in_its_language(app, services, order):
    _placed(services, order)
    assert "Du kommst als Nächstes dran" in _pushed(app, services, order)
    assert current_locale() == "en"


def test_a_waiting_order_read_from_the_board_has_its_language_too(services, order):
    _placed(services, order)
    listed = [one for one in services.orders.open_orders("main") if one.id == order.id]
    assert listed[0].language == "de"


def test_choosing_another_language_changes_what_is_pushed(app, phone, services, order):
    placed = _placed(services, order)
    phone.get(f"/main/orders/{order.id}?lang=en")
    assert "You are next" in _pushed(app, services, order)
    assert services.order("main", order.id).version == placed.version


def test_a_language_that_is_no_longer_offered_gives_way_to_the_bars_own(app, services, order):
    _placed(services, order)
    _offer(services, "en")
    assert "You are next" in _pushed(app, services, order)


def test_an_order_in_the_bars_own_language_stores_none(phone, services, code_path):
    path = claim(phone, code_path)
    assert services.order("main", path.rsplit("/", 1)[1]).language is None


def test_a_language_is_spoken_for_a_while_only():
    with in_locale("de"):
        assert current_locale() == "de"
    assert current_locale() == "en"


def test_the_houses_own_drinks_are_known_in_each_language(phone, order):
    page = _text(phone.get(f"/main/orders/{order.id}"))
    assert "Heiße Schokolade" in page and "Hot Chocolate" not in page
    assert "groß, viel Milch" in page


def test_the_teams_translation_comes_first(phone, services, order):
    values = {"name": "Latte", "icon": "latte", "groups": ["milk"], "name_de": "Milchkaffee"}
    change_shop(services, "main", lambda shop: change_drink(shop, "latte", values))
    assert "Milchkaffee" in _text(phone.get(f"/main/orders/{order.id}"))


def test_a_bar_that_writes_its_menu_in_another_language_keeps_its_words(phone, services, order):
    _offer(services, "fr", "de")
    assert "Hot Chocolate" in _text(phone.get(f"/main/orders/{order.id}"))


def test_the_order_keeps_the_bars_names_and_its_customer_reads_their_own(
    app, screen, services, order
):
    placed = customer_steps.place_order(
        services, services.shop("main"), order, "hot-chocolate", {"milk": "oat"}
    )
    assert placed.drink_order.name == "Hot Chocolate"
    pushed = _pushed(app, services, placed)
    assert "<bdi>Heiße Schokolade</bdi>" in pushed and "<bdi>Hafer</bdi>" in pushed


def test_a_drink_that_ran_out_is_refused_by_its_name_in_the_customers_language(
    phone, services, order
):
    change_shop(
        services,
        "main",
        lambda shop: replace(shop, menu=shop.menu.with_sold_out("hot-chocolate", True)),
    )
    answer = phone.post(f"/main/orders/{order.id}/submit", data={"drink": "hot-chocolate"})
    assert answer.status_code == 409
    assert "Heiße Schokolade ist eben ausgegangen" in _text(answer)


def test_the_tv_says_large_words_in_the_bars_first_two_languages(screen, services):
    _offer(services, "de", "en", "fr")
    page = _text(screen("display").get("/main/display"))
    assert '<html lang="de"' in page
    assert 'Zubereitung<bdi class="also" lang="en">Preparing</bdi>' in page
    assert 'Hier bestellen<bdi class="also" lang="en">Scan to order</bdi>' in page


def test_what_is_pushed_to_the_tv_is_in_the_bars_own_language(app, services, order):
    _offer(services, "de")
    _pushed(app, services, _placed(services, order))
    boards = [html for topic, html in services.live.messages if "display_board" in topic]
    assert "Zubereitung" in boards[-1] and "Preparing" not in boards[-1]


def test_the_place_to_collect_is_said_in_the_customers_language(phone, screen, services):
    form = {"pickup_place": "by the window", "pickup_place_de": "am Fenster"}
    answer = screen("admin").post("/main/admin/settings/bar", data=form | {"seen": "0"})
    assert answer.status_code == 303
    assert "am Fenster" in _text(phone.get("/main/", headers=GERMAN))
    assert "by the window" in _text(phone.get("/main/?lang=en"))


def test_a_refused_forms_page_leads_to_the_order_in_the_other_language(phone, code_path):
    path = claim(phone, code_path)
    answer = phone.post(path + "/submit", data={"drink": "tea"})
    assert answer.status_code == 409
    assert f'href="{path}?' in _text(answer)
