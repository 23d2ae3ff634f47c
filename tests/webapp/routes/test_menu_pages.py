"""The menu's pages: saved, moved, removed, and two editors at once."""

from __future__ import annotations

from dataclasses import replace

from tests.tables import workflow_writes
from tests.webapp.routes.conftest import claim
from tests.webapp.services.orders.test_walk_ups import of_a_customer
from webapp.services.shop import switches
from webapp.services.shop.editing import change_shop

LATTE = "/main/admin/menu/drinks/latte"
FORM = {"seen": "0", "name": "Caffè Latte", "hint": "tall", "icon": "latte", "groups": ["milk"]}


def test_a_drink_is_changed_moved_and_taken_off(services, screen):
    admin = screen("admin")
    assert admin.post(LATTE, data=FORM).status_code == 303
    assert "Caffè Latte" in admin.get("/main/admin/menu").get_data(as_text=True)
    admin.post("/main/admin/menu/move", data={"drink": "latte", "to": "up"})
    assert [drink.id for drink in services.shop("main").menu.drinks][2] == "latte"
    assert admin.post(f"{LATTE}/remove", data={"seen": "1"}).status_code == 303
    assert admin.get(LATTE).status_code == 404


def test_a_new_group_has_its_options(services, screen):
    form = {"seen": "0", "name": "Size", "options": "Small\nLarge"}
    assert screen("admin").post("/main/admin/menu/groups/new", data=form).status_code == 303
    assert [option.name for option in services.shop("main").menu.groups[-1].options] == [
        "Small",
        "Large",
    ]


def test_the_second_editor_of_a_drink_is_told_and_a_sold_out_tap_is_no_editor(services, screen):
    admin = screen("admin")
    switches.set_sold_out(services, "main", "latte", True)
    assert admin.post(LATTE, data=FORM).status_code == 303
    answer = admin.post(LATTE, data=FORM | {"name": "Milk coffee"})
    page = answer.get_data(as_text=True)
    assert answer.status_code == 409
    assert "<td>Caffè Latte</td><td>Milk coffee</td>" in page
    drink = services.shop("main").menu.drink("latte")
    assert (drink.name, drink.is_sold_out) == ("Caffè Latte", True)


def test_a_drink_that_cannot_be_is_said_at_its_field(services, screen):
    before = services.shop("main")
    answer = screen("admin").post(LATTE, data=FORM | {"icon": "teapot"})
    assert answer.status_code == 422
    assert "Choose one of the drawings." in answer.get_data(as_text=True)
    assert services.shop("main") == before


def test_a_customer_reads_what_is_in_a_drink(services, screen, phone, code_path):
    screen("admin").post(LATTE, data=FORM | {"allergens": ["milk", "soy"]})
    path = claim(phone, code_path)
    order = services.order("main", path.rpartition("/")[2])
    workflow_writes("AdmitOrder", order, services.now())
    assert "<b>Caffè Latte</b> contains milk, soy" in phone.get(path).get_data(as_text=True)


def test_an_open_order_keeps_what_it_was_placed_with(services, screen):
    order = of_a_customer(services)
    screen("admin").post(f"{LATTE}/remove", data={"seen": "0"})
    assert services.order("main", order.id).drink_order.name == "Latte"
    assert "Latte" in screen("barista").get("/main/barista").get_data(as_text=True)


def test_a_drink_has_its_names_in_the_other_languages_of_the_bar(services, screen):
    admin = screen("admin")
    change_shop(services, "main", lambda shop: replace(shop, languages=("en", "de")))
    page = admin.get(LATTE).get_data(as_text=True)
    assert 'name="name_de"' in page and 'name="name_fr"' not in page
    names = {"name_de": "Milchkaffee", "hint_de": "groß"}
    assert admin.post(LATTE, data=FORM | names).status_code == 303
    assert services.shop("main").menu.drink("latte").names == {"de": "Milchkaffee"}
    answer = admin.post(LATTE, data=FORM | names | {"name_de": "Latte"})
    assert answer.status_code == 409
    assert "Name (Deutsch)" in answer.get_data(as_text=True)


def test_options_have_their_names_line_by_line(services, screen):
    admin, milk = screen("admin"), "/main/admin/menu/groups/milk"
    change_shop(services, "main", lambda shop: replace(shop, languages=("en", "de")))
    form = {"seen": "0", "name": "Milk", "options": "Regular\nOat", "name_de": "Milch"}
    answer = admin.post(milk, data=form | {"options_de": "Normal\nHafer\nSoja"})
    assert answer.status_code == 422
    assert "more lines than options" in answer.get_data(as_text=True)
    assert admin.post(milk, data=form | {"options_de": "Normal\nHafer"}).status_code == 303
    assert "Normal\nHafer</textarea>" in admin.get(milk).get_data(as_text=True)
