"""A whole hall behind one address: who has a good code gets in, in the order in which they came."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from tests.builders import a_shop
from tests.tables import workflow_writes
from tests.webapp.routes.conftest import path_of_code, sign_in
from webapp.services.intake.qr_codes import current_code
from webapp.services.staff.sign_in import create_link

HALL = {"REMOTE_ADDR": "203.0.113.9"}
"""The address of everybody at the venue."""


@pytest.fixture
def hall(services):
    """Makes the bar let in so many with each code, and have as many places as it likes."""

    def with_scans(scans: int):
        before = services.shop("main")
        after = replace(before, scans_per_code=scans, capacity=500, version=before.version + 1)
        services.shops.save(before, after)
        return services.shop("main")

    return with_scans


def _try(services, phone) -> int:
    """Scans the code that the screen shows, and asks for a place."""
    answer = phone.get(path_of_code(services), environ_base=HALL)
    if answer.status_code == 200:
        answer = phone.post("/main/scan", environ_base=HALL)
    return answer.status_code


@pytest.mark.parametrize("phones, scans", [(12, 10), (40, 40), (120, 85)])
def test_honest_phones_get_in_as_fast_as_codes_allow_and_in_their_order(
    app, services, hall, clock, phones, scans
):
    shop, begun_at, in_after = hall(scans), clock.now, {}
    waiting = []
    for number in range(phones):
        phone = app.test_client()
        status = _try(services, phone)
        if status == 303:
            in_after[number] = clock.now - begun_at
        else:
            assert status == 409
            waiting.append((number, phone))
        clock.pass_seconds(1)
    clock.now = current_code(services, shop).bucket.closes_at
    for number, phone in waiting:
        assert _try(services, phone) == 303
        in_after[number] = clock.now - begun_at
    assert list(in_after) == list(range(phones))
    assert [span.seconds for span in in_after.values()][:scans] == list(range(min(scans, phones)))
    assert len(waiting) == max(phones - scans, 0)


def test_a_troublemaker_of_the_same_address_harms_nobody(app, services, hall):
    hall(40)
    robot, good = app.test_client(), path_of_code(services)
    for _ in range(70):
        assert robot.get("/main/scan/x", environ_base=HALL).status_code == 400
        assert app.test_client().get(good, environ_base=HALL).status_code == 200
        app.test_client().get("/main/pair", environ_base=HALL)
        form = {"email": "somebody@example.com", "password": "Wrong-Horse-7"}
        robot.post("/main/staff", data=form, environ_base=HALL)
    assert [_try(services, app.test_client()) for _ in range(20)] == [303] * 20
    assert app.test_client().get("/main/pair", environ_base=HALL).status_code == 200
    link = create_link(services, "main", "display").removeprefix(services.public_url)
    assert app.test_client().post(link, environ_base=HALL).location == "/main/display"
    tablet = sign_in(app, services, "barista")
    assert tablet.get("/main/barista", environ_base=HALL).status_code == 200


def test_a_screen_among_a_flood_of_them_is_let_in_by_a_longer_code(app, services, screen):
    for _ in range(25):
        tv = app.test_client()
        page = tv.get("/main/pair", environ_base=HALL).get_data(as_text=True)
    code = re.search(r">([A-Z2-9]{3}-[A-Z2-9]+)<", page)[1]
    assert len(code) == len("ABC-") + 7
    form = {"code": code, "role": "display", "name": "TV"}
    assert screen("admin").post("/main/admin/screens", data=form).status_code in (200, 303)
    assert tv.get("/main/pair", environ_base=HALL).location == "/main/display"
    # Another bar of the venue has seen no flood.
    services.shops.create(a_shop(id="annex"))
    page = app.test_client().get("/annex/pair", environ_base=HALL).get_data(as_text=True)
    assert len(re.search(r">([A-Z2-9]{3}-[A-Z2-9]+)<", page)[1]) == len("ABC-DEF")


def test_an_old_link_that_a_whole_team_opens_harms_nobody(app, services, hall, clock):
    hall(40)
    old = path_of_code(services)
    clock.pass_seconds(60)
    for _ in range(35):
        assert app.test_client().get(old, environ_base=HALL).status_code == 410
    assert _try(services, app.test_client()) == 303


def test_try_again_never_leads_to_a_code_and_no_refusal_holds_its_proof(app, services, clock):
    before = services.shop("main")
    services.shops.save(
        before, replace(before, languages=("en", "de"), capacity=1, version=before.version + 1)
    )
    path = path_of_code(services)
    phone = app.test_client()
    pages = [phone.get(f"{path[:-1]}{'A' if path[-1] != 'A' else 'B'}")]
    first = app.test_client()
    first.get(path)
    order = services.order("main", first.post("/main/scan").location.rsplit("/", 1)[1])
    workflow_writes("AdmitOrder", order, clock())
    pages += [phone.get(path), phone.post("/main/scan")]
    assert 'href="/main/scan"' in pages[-1].get_data(as_text=True)
    clock.pass_seconds(60)
    pages.append(app.test_client().get(path))
    clock.pass_seconds(180)
    pages += [phone.get(path), phone.get("/main/scan")]
    for page in pages:
        assert page.status_code >= 400
        assert not re.findall(r"/scan/", page.get_data(as_text=True))
