"""The event's logo: only pictures that can do nothing, served as what they are."""

from __future__ import annotations

import io

import pytest

from tests.builders import a_png
from webapp.storage.tables import LogoModel

PNG = a_png(300, 100) + b"\0" * 20_000


def send(client, picture: bytes, name: str = "logo.png"):
    return client.post("/main/admin/settings/logo", data={"logo": (io.BytesIO(picture), name)})


def test_a_logo_is_on_phones_and_the_tv_and_goes_again(services, screen, phone):
    admin = screen("admin")
    assert send(admin, PNG).status_code == 303
    logo = services.shop("main").logo
    path = f"/look/main/{logo}"
    assert path in phone.get("/main/").get_data(as_text=True)
    assert path in screen("display").get("/main/display").get_data(as_text=True)
    answer = phone.get(path)
    assert (answer.data, answer.mimetype) == (PNG, "image/png")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert phone.get(f"/look/annex/{logo}").status_code == 404
    admin.post("/main/admin/settings/logo", data={"remove": "1"})
    assert services.shop("main").logo == "" and phone.get(path).status_code == 404


@pytest.mark.parametrize(
    "picture", [b"", b"<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>", b"GIF89a", PNG * 6]
)
def test_anything_else_is_refused_whatever_it_is_called(services, screen, picture):
    answer = send(screen("admin"), picture)
    assert answer.status_code in (413, 422)
    assert services.shop("main").logo == ""


def test_no_other_route_takes_so_much(screen):
    data = {"file": (io.BytesIO(PNG), "main.toml")}
    assert screen("admin").post("/main/admin/shop/settings.toml", data=data).status_code == 413


def test_a_logo_is_shown_although_its_table_is_a_moment_behind(services, monkeypatch):
    services.logos.put("main", "logo.png", PNG)
    read = LogoModel.get

    def a_moment_behind(*keys, consistent_read: bool = False, **options):
        if not consistent_read:
            raise LogoModel.DoesNotExist
        return read(*keys, consistent_read=True, **options)

    monkeypatch.setattr(LogoModel, "get", a_moment_behind)
    assert services.logos.get("main", "logo.png") == PNG
    assert services.logos.get("main", "other.png") is None
