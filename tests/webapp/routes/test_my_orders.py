"""The page with a customer's own orders, and the one on which they have them forgotten."""

from __future__ import annotations

from tests.tables import workflow_writes
from tests.webapp.routes.conftest import claim


def test_the_page_lists_this_browsers_orders_and_leads_to_them(app, phone, code_path):
    order_path = claim(phone, code_path)
    page = phone.get("/main/my-orders").get_data(as_text=True)
    assert f'href="{order_path}"' in page and f'href="{order_path}/journey"' in page
    assert 'href="/main/my-orders"' in phone.get("/main/").get_data(as_text=True)
    stranger = app.test_client().get("/main/my-orders").get_data(as_text=True)
    assert "No orders from this phone yet" in stranger and "/orders/" not in stranger


def test_erasing_asks_first_and_waits_for_an_open_order(services, phone, code_path):
    order_path = claim(phone, code_path)
    order_id = order_path.rpartition("/")[2]
    workflow_writes("AdmitOrder", services.order("main", order_id), services.now())
    assert f'href="{order_path}"' in phone.get("/main/my-orders/erase").get_data(as_text=True)
    assert phone.post("/main/my-orders/erase").status_code == 409
    assert phone.get(order_path).status_code == 200
    phone.post(f"{order_path}/cancel")
    asked = phone.get("/main/my-orders/erase").get_data(as_text=True)
    assert 'action="/main/my-orders/erase"' in asked and order_id not in asked
    done = phone.post("/main/my-orders/erase").get_data(as_text=True)
    assert "<h1>Your data is erased</h1>" in done
    assert phone.get(order_path).status_code == 404
    assert phone.get(f"{order_path}/journey").status_code == 404
    assert order_id not in phone.get("/main/my-orders").get_data(as_text=True)
