"""Shops beside each other: made, copied, put away, and taken out and in as a file."""

from __future__ import annotations

import io
from dataclasses import replace

from domain.shops import SignIn
from webapp.services.shop import switches
from webapp.services.shop.editing import change_shop
from webapp.services.shop.shops import copy_shop


def test_a_copied_shop_has_the_settings_is_closed_and_lets_its_admin_in(app, services, screen):
    admin = screen("admin")
    admin.post("/main/admin/settings/intake", data={"seen": "0", "capacity": "9"})
    form = {"shop_id": "hall-2", "name": "Hall 2", "copy": "1"}
    page = admin.post("/main/admin/shop/new", data=form).get_data(as_text=True)
    shop = services.shop("hall-2")
    assert (shop.name, shop.capacity, shop.is_open, shop.version) == ("Hall 2", 9, False, 1)
    link = page.split(services.public_url)[1].split('"')[0]
    stranger = app.test_client()
    assert stranger.post(link).status_code == 303
    assert stranger.get("/hall-2/admin").status_code == 200
    assert stranger.get("/main/admin").status_code == 404
    assert admin.post("/main/admin/shop/new", data=form).status_code == 409
    assert admin.post("/main/admin/shop/new", data=form | {"shop_id": "static"}).status_code == 422


def test_a_copy_to_rehearse_in_asks_no_robot_for_a_phone_and_its_copy_is_a_bar_again(
    services, screen
):
    change_shop(services, "main", lambda shop: replace(shop, sign_in=SignIn.PHONE))
    form = {"shop_id": "stage", "name": "Stage", "copy": "1", "rehearsal": "1"}
    screen("admin").post("/main/admin/shop/new", data=form)
    stage = services.shop("stage")
    assert (stage.is_rehearsal, stage.sign_in) == (True, SignIn.GUEST)
    copied = copy_shop(services, "main", "hall-2", "Hall 2")
    assert (copied.is_rehearsal, copied.sign_in) == (False, SignIn.PHONE)
    assert not copy_shop(services, "stage", "hall-3", "Hall 3").is_rehearsal


def test_figures_of_a_rehearsal_say_so_and_every_screen_keeps_the_bars_time(services, screen):
    change_shop(
        services, "main", lambda shop: replace(shop, is_rehearsal=True, timezone="Asia/Tokyo")
    )
    for role, path in (
        ("barista", "barista"),
        ("barista", "metrics"),
        ("display", "display"),
        ("display", "display/metrics"),
    ):
        page = screen(role).get(f"/main/{path}").get_data(as_text=True)
        assert '<mark class="rehearsal">Rehearsal</mark>' in page, path
        assert 'data-zone="Asia/Tokyo"' in page, path


def test_two_shops_do_not_touch_each_other(services, screen):
    admin = screen("admin")
    admin.post("/main/admin/shop/new", data={"shop_id": "hall-2", "name": "Hall 2", "copy": "0"})
    before = services.shop("main")
    switches.set_open(services, "hall-2", True)
    switches.set_sold_out(services, "hall-2", "latte", True)
    assert services.shop("main") == before
    assert services.shop("hall-2").menu.drink("latte").is_sold_out


def test_a_file_goes_out_and_in_again(services, screen):
    admin = screen("admin")
    answer = admin.get("/main/admin/shop/settings.toml")
    assert "main.toml" in answer.headers["Content-Disposition"]
    text = answer.get_data(as_text=True).replace("capacity = 3", "capacity = 8")
    sent = {"file": (io.BytesIO(text.encode()), "main.toml")}
    assert admin.post("/main/admin/shop/settings.toml", data=sent).status_code == 303
    assert services.shop("main").capacity == 8
    stale = admin.post("/main/admin/settings/intake", data={"seen": "0", "capacity": "5"})
    assert stale.status_code == 409


def test_a_file_that_is_wrong_changes_nothing_and_says_where(services, screen):
    before = services.shop("main")
    for content in (b"format = 1\n[bar]\ncolour = 1", b"\xff\xfe", b""):
        sent = {"file": (io.BytesIO(content), "main.toml")}
        assert screen("admin").post("/main/admin/shop/settings.toml", data=sent).status_code == 422
    assert services.shop("main") == before


def test_an_archived_shop_stays_closed_until_it_is_taken_out(services, screen):
    admin = screen("admin")
    admin.post("/main/admin/shop/archive", data={"archived": "1"})
    assert (services.shop("main").is_open, services.shop("main").is_archived) == (False, True)
    assert screen("barista").post("/main/barista/open").status_code == 409
    admin.post("/main/admin/shop/archive", data={"archived": "0"})
    assert screen("barista").post("/main/barista/open").status_code == 303
