"""Names of any length, in an address and in a form: DynamoDB takes no key over 1,024 bytes."""

from __future__ import annotations

import re

import pytest

from tests.webapp.routes.test_access import (  # noqa: F401
    BODIES,
    FORMS,
    WHO_MAY,
    bar,
    built_bar,
)

LONG = ("x" * 3000, "0" * 3000)
WHO = ("owner", "barista", "admin", "device")
_NAMED = [route for route in WHO_MAY if "<" in route.replace("<shop_id>", "")]


@pytest.mark.parametrize("route", _NAMED)
def test_a_name_in_an_address_that_nothing_can_have_is_no_fault(bar, route):  # noqa: F811
    method, rule = route.split(" ", 1)
    for name in LONG:
        path = re.sub(r"<[^>]+>", name, rule.replace("<shop_id>", "main"))
        for who in WHO:
            answer = bar.browsers[who].open(
                path, method=method, data=FORMS.get(route), json=BODIES.get(route)
            )
            assert answer.status_code < 500, who


@pytest.mark.parametrize("route", [route for route in FORMS if route in WHO_MAY])
def test_a_name_in_a_form_that_nothing_can_have_is_no_fault(bar, route):  # noqa: F811
    method, rule = route.split(" ", 1)
    known = {"<shop_id>": "main", "<order_id>": bar.order_id}
    path = re.sub(r"<[^>]+>", lambda part: known.get(part[0], "some"), rule)
    for field in FORMS[route]:
        for name in LONG:
            for who in WHO[:3]:
                form = FORMS[route] | {field: name}
                answer = bar.browsers[who].open(path, method=method, data=form)
                assert answer.status_code < 500, (who, field)
