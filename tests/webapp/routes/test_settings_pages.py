"""The settings pages: what is saved, what is refused and where it says so."""

from __future__ import annotations

from webapp.services import bar


def save(client, part: str, **values):
    return client.post(f"/main/admin/settings/{part}", data={"seen": "0", **values})


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
    assert services.shop("main") == before


def test_the_second_editor_sees_both_values_and_may_save_again(services, screen):
    first, second = screen("admin"), screen("admin")
    assert save(first, "bar", name="Hall 2").status_code == 303
    answer = save(second, "bar", name="Hall 3")
    page = answer.get_data(as_text=True)
    assert answer.status_code == 409
    assert "<td>Hall 2</td><td>Hall 3</td>" in page
    assert services.shop("main").name == "Hall 2"
    assert 'name="seen" value="1"' in page
    assert second.post(
        "/main/admin/settings/bar", data={"seen": "1", "name": "Hall 3"}
    ).status_code == 303
    assert services.shop("main").name == "Hall 3"


def test_a_part_that_is_none_is_not_there(screen):
    assert save(screen("admin"), "secrets", name="x").status_code == 404


def test_the_pages_say_what_the_clock_will_do(services, screen):
    save(screen("admin"), "hours", friday="08:00-13:00")
    bar.set_open(services, "main", True)
    page = screen("admin").get("/main/admin/settings").get_data(as_text=True)
    assert "Open. The hours decide again at 13:00." in page
