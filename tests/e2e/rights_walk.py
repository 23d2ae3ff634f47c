"""Does under the function's own rights what no screen of these tests does.

Start it with python -m tests.e2e.rights_walk. The emulator refuses what the function's role does
not allow, and this process then ends with that.
"""

from __future__ import annotations

import io
import re
import time

from flask.testing import FlaskClient

from domain.orders import FORGOTTEN, Order, OrderState
from webapp.bootstrap import current_app
from webapp.services.all_services import Services
from webapp.services.intake import claims, passes, qr_codes
from webapp.services.orders import customer_steps
from webapp.services.past.forgetting import forget_customer
from webapp.services.staff.sign_in import create_link

SHOP = "main"
EMAIL = "two-bars@example.com"
PNG = b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR\0\0\0\x40\0\0\0\x40" + b"\0" * 100
_TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')


def main() -> None:
    app = current_app()
    services = app.extensions["services"]
    with app.test_request_context(base_url=services.public_url):
        forget_whose_an_order_was(services)
        send_away_from_one_of_two_bars(services)
    admin = app.test_client()
    link = create_link(services, SHOP, "admin", "Ana").removeprefix(services.public_url)
    press(admin, link, link)
    let_a_till_in(admin, app.test_client())
    assert admin.get(f"/{SHOP}/barista/recent").status_code == 200
    show_a_logo(services, admin)


def press(client: FlaskClient, page: str, action: str, **data: object) -> str:
    """What a form of this page leads to."""
    token = _TOKEN.search(client.get(page).text)[1]
    answer = client.post(action, data={"csrf_token": token, **data})
    assert answer.status_code in (200, 303), answer.text
    return answer.text


def forget_whose_an_order_was(services: Services) -> None:
    shop = services.shop(SHOP)
    code = qr_codes.current_code(services, shop).qr_code.text
    _, browser = passes.scan_code(services, shop, code, None)
    order = claims.claim_order(services, shop, browser)
    until(lambda: _now(services, order).state is OrderState.ADMITTED)
    customer_steps.cancel_order(services, _now(services, order))
    until(lambda: len(services.journeys.stored(order.id)) >= 3)
    # As one who signed in with a phone: there is an account to delete.
    services.customer_pool.forget(order.customer_id)
    forget_customer(services, order.customer_id)
    assert _now(services, order).customer_id == FORGOTTEN
    named = [e for e in services.journeys.events(order.id) if order.customer_id in str(e.detail)]
    assert named == []


def send_away_from_one_of_two_bars(services: Services) -> None:
    pool = services.staff_pool
    pool.create(EMAIL, "Two Bars", "Correct-Horse-7")
    for shop_id in (SHOP, "annex"):
        pool.admit(EMAIL, "barista", shop_id)
    person = pool.find(EMAIL)
    assert person.shops == {SHOP, "annex"}
    pool.expel(person, "annex")
    assert pool.find(EMAIL).shops == {SHOP}
    pool.delete(person)


def let_a_till_in(admin: FlaskClient, till: FlaskClient) -> None:
    devices = f"/{SHOP}/admin/devices"
    made = press(admin, devices, devices, name="Till", scope=["orders:counter", "orders:read"])
    token = re.search(r'class="token">([^<]+)<', made)[1]
    headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": "a till's own order"}
    path = f"/{SHOP}/api/orders"
    for is_replayed in (False, True):
        placed = till.post(path, json={"drink": "espresso"}, headers=headers)
        assert placed.status_code in (200, 201), placed.text
        assert ("Idempotency-Replayed" in placed.headers) is is_replayed
    refused = headers | {"Idempotency-Key": "what is not there"}
    assert till.post(path, json={"drink": "soup"}, headers=refused).status_code == 422
    listed = till.get(path, headers=headers)
    assert listed.json.get("orders"), listed.text
    [remove] = set(re.findall(rf'action="[^"]*({devices}/[^"]+/remove)"', admin.get(devices).text))
    press(admin, devices, remove)
    assert till.get(path, headers=headers).status_code == 401


def show_a_logo(services: Services, admin: FlaskClient) -> None:
    page, action = f"/{SHOP}/admin/settings", f"/{SHOP}/admin/settings/logo"
    press(admin, page, action, logo=(io.BytesIO(PNG), "logo.png"))
    path = f"/look/{SHOP}/{services.shop(SHOP).logo}"
    assert admin.get(path).data == PNG
    press(admin, page, action, remove="1")
    assert admin.get(path).status_code == 404


def _now(services: Services, order: Order) -> Order:
    return services.order(SHOP, order.id)


def until(is_so) -> None:
    for _ in range(200):
        if is_so():
            return
        time.sleep(0.1)
    raise AssertionError("nothing came of it")


if __name__ == "__main__":
    main()
