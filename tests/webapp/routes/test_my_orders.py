"""The page with a customer's own orders, and the one on which they have them forgotten."""

from __future__ import annotations

from tests.webapp.routes.conftest import claim


def test_the_page_lists_this_browsers_orders_and_leads_to_them(app, phone, code_path):
    order_path = claim(phone, code_path)
    page = phone.get("/main/my-orders").get_data(as_text=True)
    assert f'href="{order_path}"' in page and f'href="{order_path}/journey"' in page
    assert 'href="/main/my-orders"' in phone.get("/main/").get_data(as_text=True)
    stranger = app.test_client().get("/main/my-orders").get_data(as_text=True)
    assert "There is none of this phone" in stranger and "/orders/" not in stranger
