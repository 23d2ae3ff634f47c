"""Rules that compile late make and find the same addresses as Werkzeug's own."""

from __future__ import annotations

from urllib.parse import unquote

import pytest
from werkzeug.routing import BuildError, Map, Rule

from webapp.url_rules import LateRule

RULES = (
    ("/", "home", {}),
    ("/<shop_id>/orders/<order_id>", "order", {}),
    ("/<shop_id>/metrics", "metrics", {"defaults": {"day": "today"}}),
    ("/<shop_id>/metrics/<day>", "metrics", {}),
    ("/static/<path:filename>", "static", {}),
)
CASES = (
    ("home", {}),
    ("home", {"next": "/a b?c=d"}),
    ("order", {"shop_id": "main", "order_id": "ü 1"}),
    ("order", {"shop_id": "main", "order_id": "1", "rule": "x"}),
    ("metrics", {"shop_id": "main", "day": "today"}),
    ("metrics", {"shop_id": "main", "day": "2026-11-25"}),
    ("static", {"filename": "dist/phone.css"}),
)


def adapter(kind: type[Rule]):
    rules = [kind(path, endpoint=endpoint, **more) for path, endpoint, more in RULES]
    return Map(rules).bind("bar.example", "/prod")


@pytest.mark.parametrize("endpoint, values", CASES)
def test_an_address_is_the_one_that_werkzeug_makes(endpoint, values):
    late = adapter(LateRule)
    made = [late.build(endpoint, dict(values)) for _ in range(2)]
    assert made == [adapter(Rule).build(endpoint, dict(values))] * 2
    path = unquote(made[0].removeprefix("/prod").partition("?")[0])
    assert late.match(path)[0] == endpoint


def test_an_unknown_value_is_left_out_where_it_should_be():
    late = adapter(LateRule)
    assert late.build("home", {"next": "x"}, append_unknown=False) == "/prod/"


def test_a_missing_value_is_refused_as_by_werkzeug():
    with pytest.raises(BuildError):
        adapter(LateRule).build("order", {"shop_id": "main"})


def test_nothing_is_compiled_before_an_address_is_made(monkeypatch):
    compiled = []
    compile_now = Rule._compile_builder
    monkeypatch.setattr(
        Rule,
        "_compile_builder",
        lambda rule, *arguments: compiled.append(rule.endpoint) or compile_now(rule, *arguments),
    )
    late = adapter(LateRule)
    late.match("/main/metrics/2026-11-25")
    assert compiled == []
    late.build("order", {"shop_id": "main", "order_id": "1"})
    assert compiled == ["order"]
