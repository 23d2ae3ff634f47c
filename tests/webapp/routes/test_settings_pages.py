"""The settings pages: what is saved, what is refused and where it says so."""

from __future__ import annotations

import re
import tomllib
from dataclasses import replace

import pytest

from domain.events import ConfigChanged
from domain.hours import hours_from_dict
from domain.settings import SETTINGS
from domain.shop_file import write_shop
from tests.builders import NOW, scan_and_claim, workflow_writes
from webapp.consumers.forward import forward
from webapp.services.orders import customer_steps
from webapp.services.shop import rush, switches


def save(client, part: str, **values):
    return client.post(f"/main/admin/settings/{part}", data={"seen": "0", **values})


def test_a_form_that_was_wrong_and_then_right_still_meets_a_colleagues_change(services, screen):
    ana, rui = screen("admin"), screen("admin")
    change = {"seen": "0", "capacity": "8"}
    rui.post("/main/admin/settings/intake", data=change)
    wrong = ana.post("/main/admin/settings/intake", data={"seen": "0", "capacity": "none"})
    assert wrong.status_code == 422
    kept = re.search(
        r'action="[^"]*/settings/intake".*?name="seen" value="(-?\d+)"', wrong.text, re.DOTALL
    )[1]
    right = ana.post("/main/admin/settings/intake", data={"seen": kept, "capacity": "9"})
    assert right.status_code == 409
    assert services.shop("main").capacity == 8


def test_a_saved_part_shows_on_the_page_and_in_the_shop(services, screen):
    admin = screen("admin")
    answer = save(admin, "bar", name="Hall 2", languages_asked="1", languages=["de", "en"])
    assert answer.status_code == 303
    page = admin.get(answer.location).get_data(as_text=True)
    assert "Saved. All screens follow." in page and "Changed by Admin" in page
    shop = services.shop("main")
    assert (shop.name, shop.languages) == ("Hall 2", ("de", "en"))


def test_a_value_that_cannot_be_is_said_at_its_field_and_what_was_typed_stays(services, screen):
    before = services.shop("main")
    answer = save(screen("admin"), "intake", capacity="a lot", scans_per_code="12")
    page = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert 'value="a lot"' in page and 'value="12"' in page
    assert "Orders at once: a whole number from 1 to 500." in page
    assert 'id="f-capacity" aria-describedby="hint-capacity wrong-capacity"' in page
    assert services.shop("main") == before


@pytest.mark.parametrize("one", SETTINGS, ids=lambda one: one.name)
def test_each_setting_has_its_fields_on_the_page_and_its_place_in_the_file(services, screen, one):
    save(screen("admin"), "bar", languages_asked="1", languages=["de", "en"])
    shop = services.shop("main")
    texts = one.kind.to_form(one.name, getattr(shop, one.name), shop.languages)
    page = screen("admin").get("/main/admin/settings").get_data(as_text=True)
    form = page.partition(f'action="/main/admin/settings/{one.part}"')[2].partition("</form>")[0]
    assert texts and all(f'name="{name}"' in form for name in texts)
    filled = {"pickup_places": {"en": "hatch"}, "hours": hours_from_dict({"monday": "08:00-12:00"})}
    tables = tomllib.loads(write_shop(replace(shop, **filled)))
    assert set(one.kind.file_names(one.name)) & set(tables[one.part])


def test_each_hint_is_read_out_with_its_field(screen):
    admin = screen("admin")
    pages = ["settings", "menu/drinks/latte", "menu/groups/milk"]
    for path in pages:
        page = admin.get(f"/main/admin/{path}").get_data(as_text=True)
        hints = re.findall(r'<small id="(hint-[^"]+)">', page)
        described = re.findall(r'aria-describedby="(hint-[^"]+)"', page)
        assert hints and hints == described, path
        assert not re.search(r"<(?:input|textarea)[^>]*>(?:[^<]*</textarea>)?<small>", page)


def test_the_second_editor_sees_both_values_and_may_save_again(services, screen):
    first, second = screen("admin"), screen("admin")
    assert save(first, "bar", name="Hall 2").status_code == 303
    answer = save(second, "bar", name="Hall 3")
    page = answer.get_data(as_text=True)
    assert answer.status_code == 409
    assert "<td>Hall 2</td><td>Hall 3</td>" in page
    assert services.shop("main").name == "Hall 2"
    assert 'name="seen" value="1"' in page
    assert (
        second.post("/main/admin/settings/bar", data={"seen": "1", "name": "Hall 3"}).status_code
        == 303
    )
    assert services.shop("main").name == "Hall 3"


def test_a_part_that_is_none_is_not_there(screen):
    assert save(screen("admin"), "secrets", name="x").status_code == 404


def test_the_pages_say_what_the_clock_will_do(services, screen):
    save(screen("admin"), "hours", friday="08:00-13:00")
    switches.set_open(services, "main", True)
    page = screen("admin").get("/main/admin/settings").get_data(as_text=True)
    assert "Open. The hours decide again at 13:00." in page


# What the screens are told


def tell_screens(app, services) -> list[tuple[str, str]]:
    with app.app_context():
        forward(services, ConfigChanged.of(services.shop("main")), NOW)
    return services.live.messages


def test_the_tv_says_until_when_the_bar_pauses_and_shows_no_code(app, services, screen):
    rush.pause(services, "main")
    rush.longer_wait(services, "main")
    messages = tell_screens(app, services)
    [count] = [html for topic, html in messages if topic.endswith("code_count")]
    assert 'data-state="paused"' in count and "at 09:41" in count
    panel = screen("display").get("/main/display/code").get_data(as_text=True)
    assert "Short pause" in panel and "scan/" not in panel


def test_a_closed_bar_says_when_it_opens_again(services, screen, phone):
    save(screen("admin"), "hours", friday="13:00-17:00")
    switches.set_open(services, "main", False)
    assert "It opens again <b>at 13:00</b>" in phone.get("/main/").get_data(as_text=True)
    assert "at 13:00" in screen("display").get("/main/display/code").get_data(as_text=True)


def test_open_menus_are_told_to_renew_themselves_and_nobody_else_is(app, services):
    shop = services.shop("main")
    choosing = scan_and_claim(services, shop, "customer-1")
    workflow_writes("AdmitOrder", choosing, services.now())
    claimed = scan_and_claim(services, shop, "customer-2")
    waiting = scan_and_claim(services, shop, "customer-3")
    workflow_writes("AdmitOrder", waiting, services.now())
    customer_steps.place_order(services, shop, services.order("main", waiting.id), "tea", {})
    switches.set_sold_out(services, "main", "latte", True)
    topics = [topic for topic, _ in tell_screens(app, services) if "menu_changed" in topic]
    assert sorted(topics) == sorted(
        f"serverlesspresso/main/customer/{order.id}/menu_changed" for order in (choosing, claimed)
    )


def test_the_tablet_announces_a_rush_and_pauses(services, screen):
    tablet = screen("barista")
    for action, said in (("longer", "5 minutes"), ("pause", "No new scans until 09:41")):
        page = tablet.post("/main/barista/rush", data={"action": action}, follow_redirects=True)
        assert page.status_code == 200
        assert said in tablet.get("/main/barista/rush").get_data(as_text=True)
    assert tablet.post("/main/barista/rush", data={"action": "dance"}).status_code == 422


def test_an_accent_is_a_stylesheet_that_no_unreadable_colour_gets(services, screen, phone):
    save(screen("admin"), "look", accent="#5a1a6b")
    page = phone.get("/main/").get_data(as_text=True)
    assert 'href="/look/5a1a6b.css"' in page
    answer = phone.get("/look/5a1a6b.css")
    assert answer.mimetype == "text/css" and "--accent:#5a1a6b" in answer.get_data(as_text=True)
    for nonsense in ("ffcc00", "5A1A6B", "blue", "5a1a6b;}"):
        assert phone.get(f"/look/{nonsense}.css").status_code == 404


def test_the_bars_own_language_comes_first_whatever_the_order_of_the_boxes(services, screen):
    admin = screen("admin")
    boxes = {"languages_asked": "1", "languages": ["en", "de"]}
    assert save(admin, "bar", own_language="de", **boxes).status_code == 303
    assert services.shop("main").languages == ("de", "en")
    page = admin.get("/main/admin/settings").get_data(as_text=True)
    assert '<option value="de" lang="de" selected>' in page


def test_the_bars_own_language_is_offered_even_when_its_box_is_empty(services, screen):
    save(screen("admin"), "bar", own_language="fr", languages_asked="1", languages=["en"])
    assert services.shop("main").languages == ("fr", "en")


def test_a_language_that_nobody_translated_is_refused(services, screen):
    answer = save(screen("admin"), "bar", own_language="tlh", languages_asked="1")
    assert answer.status_code == 422
