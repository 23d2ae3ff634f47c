"""The log: one JSON object a line, nobody's words break out of it, and no secret is in it."""

from __future__ import annotations

import io
import json
import logging
import warnings

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.detail_types import DetailType
from domain.events import events_for_change
from tests.builders import an_order
from webapp import create_app, logs
from webapp.consumers import registry
from webapp.settings import Settings

TASK_TOKEN = "AQCEAAAAKgAAAAMAAAAAAAAAAcDeFg1h2i3J4k5L6m7N8o9P0qRsTuVwXyZ"
SECRET = "mB7x0y-Q2vT_9aLkZcW4eRt1uIoP5sDf"


@pytest.fixture
def lines():
    """What is logged from here on, parsed line by line."""
    before, level = logging.root.handlers[:], logging.root.level
    levels = {name: logging.getLogger(name).level for name in logs._NOISY}
    logs.configure()
    output = io.StringIO()
    logging.root.handlers[0].setStream(output)
    yield lambda: [json.loads(line) for line in output.getvalue().splitlines()]
    logging.root.handlers[:] = before
    logging.root.setLevel(level)
    logging.captureWarnings(False)
    for name, old in levels.items():
        logging.getLogger(name).setLevel(old)


@pytest.fixture
def app(services):
    settings = Settings(secret_key=services.secret_keys[0], public_url=services.public_url)
    return create_app(settings, services)


def test_each_line_says_when_how_bad_who_and_what(lines):
    logging.getLogger("webapp.test").warning("the milk is %s", "out", extra={"order_id": "ab12"})
    [line] = lines()
    assert line.pop("time").endswith("Z")
    assert line == {
        "level": "WARNING",
        "logger": "webapp.test",
        "message": "the milk is out",
        "order_id": "ab12",
    }


def test_an_exception_is_one_line_with_its_traceback(lines):
    try:
        raise ValueError("first\nsecond")
    except ValueError:
        logging.getLogger("webapp.test").exception("fault", extra={"reference": "1f2e"})
    [line] = lines()
    assert line["reference"] == "1f2e"
    assert "Traceback" in line["exception"] and "first\nsecond" in line["exception"]


@settings(max_examples=100, deadline=None, derandomize=True, database=None)
@given(st.text())
def test_nobodys_words_end_a_line_or_begin_one(text):
    record = logging.LogRecord(
        "webapp.test", logging.INFO, "", 0, '%s\n{"level": "ERROR"}', (text,), None
    )
    record.customer_says = text
    line = logs.LogFormatter().format(record)
    assert line.isascii() and line.isprintable()
    assert json.loads(line)["level"] == "INFO"


@pytest.mark.parametrize(
    "number",
    [
        "+4915123456789",
        "+49 151 2345 6789",
        "0049 151 23456789",
        "+1 (212) 555-0123",
        "0171/2345678",
        "4915123456789",
    ],
)
def test_the_middle_of_a_phone_number_is_left_out(number):
    shown = logs.masked(f"sent to {number}, answer 200")
    assert number not in shown and "…" in shown
    assert sum(map(str.isdigit, shown)) <= 5 + 3
    assert shown.endswith(", answer 200")


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-24T22:01:44.123Z",
        "2026-11-24 22:01",
        "order 0123456789abcdef0123456789abcdef",
        "line 1234 of 127.0.0.1:8000",
        "a_function_name_that_is_really_very_long_indeed",
        "/usr/lib/python3.12/site-packages/pynamodb/connection/base.py",
        "arn:aws:states:eu-central-1:serverlesspresso-order-workflow",
    ],
)
def test_what_helps_to_find_a_fault_stays(text):
    assert logs.masked(text) == text


@pytest.mark.parametrize(
    "text",
    [
        TASK_TOKEN,
        SECRET,
        f"GET /main/sign-in/{SECRET} failed",
        "for /main/scan/1a-2-short?x=1",
        f"token={TASK_TOKEN}",
        f"'{TASK_TOKEN}/{TASK_TOKEN}='",
    ],
)
def test_what_looks_like_a_secret_is_taken_out(text):
    shown = logs.masked(text)
    assert TASK_TOKEN not in shown and SECRET not in shown and "1a-2-short" not in shown


def test_a_request_leaves_one_line_with_its_route_and_never_its_address(app, lines):
    phone = app.test_client()
    phone.get("/main/scan/9.1.secretsecret?q=personal")
    phone.get("/main/sign-in/anothersecret")
    phone.get("/nothing/like/this\r\nat all")
    scan, link, unknown = lines()
    assert scan["logger"] == "webapp.access" and scan["message"] == "answered"
    assert scan["route"] == "/<shop_id>/scan/<code>" and scan["status"] == 400
    assert scan["shop_id"] == "main" and scan["method"] == "GET" and scan["milliseconds"] >= 0
    assert link["route"] == "/<shop_id>/sign-in/<secret>"
    assert unknown["route"] == "unknown" and unknown["status"] == 404
    assert len({line["request_id"] for line in lines()}) == 3
    assert "secretsecret" not in str(lines()) and "anothersecret" not in str(lines())
    assert "personal" not in str(lines())


def test_what_is_no_id_is_not_logged_as_one(app, lines):
    app.test_client().get("/no%20shop%0a/")
    assert "shop_id" not in lines()[0]


def test_on_lambda_the_lines_carry_its_request_id_and_the_gateways(app, lines):
    class Context:
        aws_request_id = "lambda-id"

    event = {"requestContext": {"requestId": "gateway-id"}}
    app.test_client().get(
        "/main/", environ_overrides={"lambda.context": Context(), "lambda.event": event}
    )
    [line] = lines()
    assert (line["request_id"], line["gateway_request_id"]) == ("lambda-id", "gateway-id")


def test_a_fault_is_found_by_the_reference_the_person_was_shown(app, services, lines):
    services.shops.get = lambda _: 1 / 0
    page = app.test_client().get("/main/").get_data(as_text=True)
    fault, answered = lines()
    assert fault["level"] == "ERROR" and fault["reference"] in page
    assert fault["request_id"] == answered["request_id"]
    assert "ZeroDivisionError" in fault["exception"] and "ZeroDivisionError" not in page


def test_a_failed_consumer_is_one_line_and_tells_the_sender_nothing_more(services, lines):
    def failing(*_):
        raise ValueError(f"with {TASK_TOKEN}")

    services.orders.get = failing
    event = {"consumer": "start-execution", "event": _new_order("ab12")}
    with pytest.raises(registry.EventFailed) as failed:
        registry.run(services, event)
    [line] = lines()
    assert line["consumer"] == "start-execution" and line["shop_id"] == "main"
    assert line["order_id"] == "ab12" and "ValueError" in line["exception"]
    assert line["reference"] in str(failed.value)
    assert TASK_TOKEN not in str(line) + str(failed.value) and failed.value.__cause__ is None


def test_warnings_are_lines_too(lines):
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.warn("old\nway", stacklevel=1)
    assert lines()[0]["logger"] == "py.warnings"


def _new_order(order_id: str) -> dict:
    new_order = next(
        event
        for event in events_for_change(None, an_order(id=order_id))
        if event.detail_type is DetailType.NEW_ORDER
    )
    return {"detail-type": new_order.detail_type.value, "detail": new_order.to_detail()}


def test_a_counted_line_says_so_in_the_field_that_the_metric_looks_at(services, lines):
    with pytest.raises(registry.EventFailed):
        registry.run(services, {"consumer": "somebody", "event": {}})
    [line] = [line for line in lines() if line.get("counted")]
    assert line["counted"] == "UnknownEvents" and line["consumer"] == "somebody"
