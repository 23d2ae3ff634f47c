"""The log: one JSON object per line, with the same fields on this machine and on Lambda.

docs/architecture.md lists the fields. Metrics and alarms are made from them, so their names stay.
JSON escapes every line break and control character, so a stranger's text cannot leave its string.
Our messages hold no phone numbers and no secrets; a library's message or a traceback may, so phone
numbers are masked and anything that looks like a secret is removed.
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
    # The lines of these loggers hold whole addresses. Our own lines name only the route.
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
    # A long unbroken text with capitals, small letters and digits is a token; names and order ids
    # never look so. The pattern is tried only where such a text begins, so that none takes long to
    # check.
    r"(?<![\w+=-])(?=[\w+=-]*[A-Z])(?=[\w+=-]*[a-z])(?=[\w+=-]*\d)[\w+=-]{30,}"
)

_ID = re.compile(r"[A-Za-z0-9-]{1,40}")

_NOTHING: Mapping[str, object] = MappingProxyType({})
_bound: ContextVar[Mapping[str, object]] = ContextVar("fields of the log", default=_NOTHING)


def configure() -> None:
    """Makes this process log JSON lines, and nothing else, to its standard error."""
    handler = logging.StreamHandler()
    handler.setFormatter(LogFormatter())
    # Lambda's own handler would log everything a second time, unmasked.
    logging.root.handlers[:] = [handler]
    logging.root.setLevel(logging.INFO)
    for name, level in _NOISY.items():
        logging.getLogger(name).setLevel(level)
    logging.captureWarnings(True)
    threading.excepthook = _log_end_of_thread


@contextmanager
def bound(**fields: object) -> Iterator[None]:
    """Adds these fields to every line that is logged within; fields that are None are left out."""
    known = {name: value for name, value in fields.items() if value is not None}
    token = _bound.set({**_bound.get(), **known})
    try:
        yield
    finally:
        _bound.reset(token)


def new_request_id(context: object = None) -> str:
    """Returns the id that ties the lines of one request or event together: Lambda's own if any."""
    return getattr(context, "aws_request_id", None) or secrets.token_hex(8)


def new_reference() -> str:
    """Returns a reference that a person is shown with a fault and that can be found in the log.

    It never looks like a phone number, because the log would mask it.
    """
    return f"f{secrets.token_hex(4)}"


def register(app: Flask) -> None:
    """Logs a line for each request; must be registered before others that see requests."""
    app.before_request(_begin)
    app.after_request(_log_access)


class LogFormatter(JsonFormatter):
    """Writes one object on one line of ASCII, the time first, without empty fields."""

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
    """Returns the text without secrets, and without the middle of each phone number."""
    text = _SECRET_IN_PATH.sub(r"\1…", text)
    text = _LOOKS_LIKE_A_SECRET.sub("…", text)
    return _PHONE_NUMBER.sub(lambda found: f"{found[0][:3]}…{found[0][-2:]}", text)


def _safe(value: object) -> object:
    if value is None or isinstance(value, (bool, int, float)):
        return value
    text = masked(str(value))
    # The end of a traceback says what happened, so the beginning is cut off.
    return text if len(text) <= _LONGEST_TEXT else f"…{text[-_LONGEST_TEXT:]}"


def _begin() -> None:
    g.began = time.perf_counter()
    g.request_id = new_request_id(request.environ.get("lambda.context"))


def _request_fields() -> dict[str, object]:
    if not has_request_context() or "request_id" not in g:
        return {}
    # A value that is no id was made up by somebody who tries addresses out. The log leaves it out.
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
            # The address is never logged, because some addresses hold secrets. All methods of
            # unknown addresses are logged as one, because strangers can write any word there.
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
