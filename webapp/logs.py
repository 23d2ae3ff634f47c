"""The log: one JSON object per line, with the same fields on this machine and on Lambda.

docs/architecture.md lists the fields; metrics and alarms are made from them, so they keep their
names. What was written by strangers stays inside its string: JSON escapes every line break and
control character. Phone numbers are masked and what looks like a secret is taken out, should a
library's message or a traceback ever carry one; our own messages hold neither.
"""

from __future__ import annotations

import logging
import re
import secrets
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from types import MappingProxyType

from flask import Flask, Response, g, has_request_context, request
from pythonjsonlogger.json import JsonFormatter

access_log = logging.getLogger("webapp.access")

_LONGEST_TEXT = 12_000
_NOISY = {
    # Their lines hold whole addresses; ours name the route.
    "zappa": logging.WARNING,
    "zappa.wsgi": logging.WARNING,
    "botocore": logging.WARNING,
    "urllib3": logging.WARNING,
    "pynamodb": logging.WARNING,
    "waitress.queue": logging.ERROR,
}
_PHONE_NUMBER = re.compile(
    r"(?<![\w.:/-])(?!\d{4}-\d\d-\d\d)\+?\d(?:[ ()./-]{0,2}\d){7,14}(?![\w-])"
)
_SECRET_IN_PATH = re.compile(r"(/(?:scan|sign-in)/)[^\s/?#\"'<>]+")
_LOOKS_LIKE_A_SECRET = re.compile(
    # Capitals, small letters and digits, long and unbroken: a token, never a name or an order's id.
    # Tried at the beginning of an unbroken text only, so that none takes long to look at.
    r"(?<![\w+=-])(?=[\w+=-]*[A-Z])(?=[\w+=-]*[a-z])(?=[\w+=-]*\d)[\w+=-]{30,}"
)

_ID = re.compile(r"[A-Za-z0-9-]{1,40}")

_NOTHING: Mapping[str, object] = MappingProxyType({})
_bound: ContextVar[Mapping[str, object]] = ContextVar("fields of the log", default=_NOTHING)


def configure() -> None:
    """Makes this process log JSON lines, and nothing else, to its standard error."""
    handler = logging.StreamHandler()
    handler.setFormatter(LogFormatter())
    # Lambda's own handler would write a second, unmasked line of everything.
    logging.root.handlers[:] = [handler]
    logging.root.setLevel(logging.INFO)
    for name, level in _NOISY.items():
        logging.getLogger(name).setLevel(level)
    logging.captureWarnings(True)
    threading.excepthook = _log_end_of_thread


@contextmanager
def bound(**fields: object) -> Iterator[None]:
    """Adds these fields to all that is logged within; those that are None are left out."""
    known = {name: value for name, value in fields.items() if value is not None}
    token = _bound.set({**_bound.get(), **known})
    try:
        yield
    finally:
        _bound.reset(token)


def new_request_id(context: object = None) -> str:
    """What ties the lines of one request or event together: Lambda's own id where there is one."""
    return getattr(context, "aws_request_id", None) or secrets.token_hex(8)


def new_reference() -> str:
    """What a person is shown of a fault, to be found in the log; it never looks like a number of a
    phone, which the log would mask."""
    return f"f{secrets.token_hex(4)}"


def register(app: Flask) -> None:
    """Logs a line for each request; comes before whatever else looks at requests."""
    app.before_request(_begin)
    app.after_request(_log_access)


class LogFormatter(JsonFormatter):
    """One object on one line of ASCII, time first, empty fields left out."""

    def __init__(self) -> None:
        super().__init__(
            ["levelname", "name", "message"],
            rename_fields={
                "levelname": "level",
                "name": "logger",
                "exc_info": "exception",
                "stack_info": "stack",
            },
            json_ensure_ascii=True,
            json_default=str,
        )

    def add_fields(self, log_data: dict, record: logging.LogRecord, message_dict: dict) -> None:
        moment = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created))
        log_data["time"] = f"{moment}.{int(record.msecs):03}Z"
        log_data.update(_request_fields())
        log_data.update(_bound.get())
        super().add_fields(log_data, record, message_dict)

    def process_log_record(self, log_data: dict) -> dict:
        return {name: _safe(value) for name, value in log_data.items() if value is not None}


def masked(text: str) -> str:
    """The text without secrets, and with the middle of each phone number left out."""
    text = _SECRET_IN_PATH.sub(r"\1…", text)
    text = _LOOKS_LIKE_A_SECRET.sub("…", text)
    return _PHONE_NUMBER.sub(lambda found: f"{found[0][:3]}…{found[0][-2:]}", text)


def _safe(value: object) -> object:
    if value is None or isinstance(value, (bool, int, float)):
        return value
    text = masked(str(value))
    # The end of a traceback says what happened.
    return text if len(text) <= _LONGEST_TEXT else f"…{text[-_LONGEST_TEXT:]}"


def _begin() -> None:
    g.began = time.perf_counter()
    g.request_id = new_request_id(request.environ.get("lambda.context"))


def _request_fields() -> dict[str, object]:
    if not has_request_context() or "request_id" not in g:
        return {}
    # What is no id was written by somebody who tries things out; it says nothing here.
    ids = {
        name: value
        for name, value in (request.view_args or {}).items()
        if name in ("shop_id", "order_id") and _ID.fullmatch(value)
    }
    return {"request_id": g.request_id, **ids}


def _log_access(response: Response) -> Response:
    rule = request.url_rule
    gateway = request.environ.get("lambda.event", {}).get("requestContext", {})
    access_log.info(
        "answered",
        extra={
            # Never the address: some hold secrets. Strangers' words for a method count as one.
            "method": request.method if rule else "other",
            "route": rule.rule if rule else "unknown",
            "status": response.status_code,
            "milliseconds": round((time.perf_counter() - g.began) * 1000),
            "gateway_request_id": gateway.get("requestId"),
        },
    )
    return response


def _log_end_of_thread(arguments: threading.ExceptHookArgs) -> None:
    logging.getLogger(__name__).error(
        "a thread has ended",
        exc_info=arguments.exc_value,
    )
