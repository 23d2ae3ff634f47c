"""The JSON API's shapes, and the OpenAPI document made from its routes.

Each route declares its own operation, and the document is made from the URL map. So it cannot name
a missing route or leave out an existing one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, get_type_hints

from flask import Flask
from werkzeug.routing import Rule

from domain.menu import ChosenOption, Drink, DrinkOrder, Option, OptionGroup
from domain.orders import Order, OrderState, Role
from domain.shops import SHOP_ID_PATTERN, Shop
from webapp.presenters.api import SHOWN
from webapp.services.api.idempotency import KEY_LENGTH
from webapp.services.orders.barista_steps import CancelReason
from webapp.services.staff.devices import SCOPES

VERSION = "1"
"""The version of the API itself. It grows when clients would have to change."""
ID = {"type": "string", "pattern": "^[0-9a-f]{32}$"}
TIME = {"type": "string", "format": "date-time"}
MAYBE_TIME = {"type": ["string", "null"], "format": "date-time"}
TEXT = {"type": "string"}
MAYBE_TEXT = {"type": ["string", "null"]}
NUMBER = {"type": "integer"}
YES_OR_NO = {"type": "boolean"}


def shape(required: Mapping, optional: Mapping | None = None, is_open: bool = False) -> dict:
    """Returns the schema of an object with these properties and, unless it is open, no others."""
    return {
        "type": "object",
        "properties": {**required, **(optional or {})},
        "required": list(required),
        "additionalProperties": is_open,
    }


def _list_of(item: dict) -> dict:
    return {"type": "array", "items": item}


def _named(name: str) -> dict:
    return {"$ref": f"#/components/schemas/{name}"}


STATES = [state.value for state in OrderState]
REASONS = [reason.name.lower() for reason in CancelReason]
_CHOSEN = {
    "drink": {"type": "string", "minLength": 1, "maxLength": 40, "description": "a drink's id"},
    "options": {
        "type": "object",
        "maxProperties": 20,
        "additionalProperties": {"type": "string", "maxLength": 40},
        "description": "option group's id → option's id; a group left out gets its default",
    },
}

BODIES: dict[str, dict] = {
    "ScannedCode": shape(
        {
            "code": {
                "type": "string",
                "minLength": 1,
                "maxLength": 300,
                "description": "the text of the QR code, or the whole address in it",
            }
        }
    ),
    "OrderAction": shape(
        {
            "action": {
                "type": "string",
                "enum": ["submit", "cancel", "make", "release", "complete", "collect"],
            }
        },
        _CHOSEN | {"reason": {"type": "string", "enum": REASONS, "description": "of a cancel"}},
    ),
    "CounterOrder": shape(
        {"drink": _CHOSEN["drink"]},
        {"options": _CHOSEN["options"], "name": {"type": "string", "maxLength": 100}},
    ),
    "Store": shape({"state": {"type": "string", "enum": ["open", "closed"]}}),
    "PrintoutState": shape({"state": {"type": "string", "enum": ["printed", "waiting"]}}),
}

_BY_LANGUAGE = {"type": "object", "additionalProperties": TEXT}
_OF_TYPE: dict[object, dict] = {
    str: TEXT,
    str | None: MAYBE_TEXT,
    int: NUMBER,
    int | None: {"type": ["integer", "null"]},
    bool: YES_OR_NO,
    datetime: TIME,
    datetime | None: MAYBE_TIME,
    tuple[str, ...]: _list_of(TEXT),
    Mapping[str, str]: _BY_LANGUAGE,
    OrderState: {"type": "string", "enum": STATES},
    Role | None: MAYBE_TEXT,
}
"""The schema of each type that an attribute shown by the API may have."""


def _shape_of(shown: type, **given: dict) -> dict:
    """Returns the schema of what presenters.api shows of a class.

    given: the schemas of the fields whose types do not say enough.
    """
    return shape(
        {
            name: given.get(name) or _OF_TYPE[_type_of(shown, attribute)]
            for name, attribute in SHOWN[shown].items()
        }
    )


def _type_of(owner: type, attribute: str) -> object:
    found = getattr(owner, attribute, None)
    if isinstance(found, property):
        return get_type_hints(found.fget)["return"]
    return get_type_hints(owner)[attribute]


_OF_TYPE[tuple[ChosenOption, ...]] = _list_of(_shape_of(ChosenOption))
_OF_TYPE[DrinkOrder | None] = {"oneOf": [_shape_of(DrinkOrder), {"type": "null"}]}
_TIMES = shape(
    {
        "count": NUMBER,
        "averageSeconds": {"type": ["number", "null"]},
        "percentile90Seconds": {"type": ["number", "null"]},
    }
)
_LINE = shape(
    {"name": TEXT, "orders": NUMBER, "served": NUMBER, "waited": _TIMES, "madeIn": _TIMES}
)
_COUNTS = {"type": "object", "additionalProperties": NUMBER}
ANSWERS: dict[str, dict] = {
    "Order": _shape_of(Order, id=ID),
    "Orders": shape({"orders": _list_of(_named("Order")), "next": MAYBE_TEXT}),
    "QrCode": shape(
        {
            "state": {"type": "string", "enum": ["open", "full", "paused", "used_up", "closed"]},
            "url": MAYBE_TEXT,
            "shownUntil": TIME,
            "goodUntil": TIME,
            "scans": NUMBER,
            "left": NUMBER,
            "nextAt": TIME,
        }
    ),
    "Settings": _shape_of(Shop, openOrders=NUMBER),
    "Menu": shape(
        {
            "drinks": _list_of(_shape_of(Drink)),
            "optionGroups": _list_of(
                _shape_of(OptionGroup, options=_list_of(_shape_of(Option, isDefault=YES_OR_NO)))
            ),
        }
    ),
    "Metrics": shape(
        {
            "first": {"type": "string", "format": "date"},
            "last": {"type": "string", "format": "date"},
            "scans": NUMBER,
            "orders": NUMBER,
            "served": NUMBER,
            "drinksPerHour": {"type": ["number", "null"]},
            "waited": _TIMES,
            "madeIn": _TIMES,
            "inAll": _TIMES,
            "hours": _list_of(_LINE),
            "drinks": _list_of(_LINE),
            "options": _list_of(_LINE),
            "baristas": _list_of(_LINE),
            "cancels": _COUNTS,
            "timeouts": _COUNTS,
            "refusals": _COUNTS,
            "refusedScans": _COUNTS,
            "estimates": shape({"told": NUMBER, "right": NUMBER, "early": NUMBER, "late": NUMBER}),
        }
    ),
    "Printout": shape(
        {
            "id": TEXT,
            "orderId": TEXT,
            "title": TEXT,
            "madeAt": TIME,
            "isPrinted": YES_OR_NO,
            "isWithdrawn": YES_OR_NO,
        }
    ),
    "Printouts": shape({"printouts": _list_of(_named("Printout"))}),
    "Pdf": {"type": "string", "contentMediaType": "application/pdf"},
    "Problem": shape(
        {"type": TEXT, "title": TEXT, "status": NUMBER, "detail": TEXT},
        {"retryAt": TIME, "orderId": TEXT, "reference": TEXT},
        is_open=True,
    ),
}


@dataclass(frozen=True)
class Operation:
    """What a route of the API does, for its document and for its checks.

    scope: what the device's token must allow.
    body, answer: names of the shapes above.
    query: the parameters that the route reads.
    raises: the statuses of its refusals beside those that every route may answer.
    media: the media type of its answer.
    """

    summary: str
    scope: str
    answer: str
    body: str | None = None
    status: int = 200
    query: tuple[Mapping, ...] = ()
    raises: tuple[int, ...] = ()
    is_repeatable: bool = False
    media: str = "application/json"


@cache
def checker(body: str) -> Callable[[object], object]:
    """Returns a function that checks a request's body.

    The function raises fastjsonschema.JsonSchemaValueException.
    """
    import fastjsonschema

    return fastjsonschema.compile(
        {"$schema": "http://json-schema.org/draft-07/schema#", **BODIES[body]}
    )


def document(app: Flask, server: str) -> dict:
    """Returns the OpenAPI document of the API served at this address."""
    paths: dict[str, dict] = {}
    for rule in app.url_map.iter_rules():
        operation = getattr(app.view_functions[rule.endpoint], "operation", None)
        if operation is None:
            continue
        path = re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule)
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            name = rule.endpoint.rpartition(".")[2]
            paths.setdefault(path, {})[method.lower()] = _operation(operation, name, rule)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Coffee bar",
            "version": VERSION,
            "description": "For printers, tills and robots. An admin makes a device and its token"
            " on the admin's page; the token is for one shop.",
        },
        "servers": [{"url": server}],
        "security": [{"device": []}],
        "paths": dict(sorted(paths.items())),
        "components": {
            "schemas": ANSWERS | BODIES,
            "securitySchemes": {
                "device": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "Scopes: "
                    + "; ".join(f"{name}: {words}" for name, words in SCOPES.items()),
                }
            },
        },
    }


_PARAMETERS = {
    "shop_id": {"type": "string", "pattern": f"^{SHOP_ID_PATTERN.pattern}$"},
    "order_id": ID,
    "extension": {"type": "string", "pattern": "^[a-z][a-z0-9]{0,19}$"},
    "printout_id": {"type": "string", "pattern": "^[0-9A-Za-z-]{1,100}$"},
}
_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "description": "sent again with the same key, the request is not carried out again",
    "schema": {"type": "string", "minLength": 8, "maxLength": KEY_LENGTH, "pattern": "^[!-~]+$"},
}
_PROBLEMS = {
    400: "The request cannot be read",
    401: "No token, or one that is no longer good",
    403: "The token does not allow this",
    404: "Nothing of this shop",
    409: "Not possible now",
    410: "Too late",
    413: "The body is too large",
    415: "The body is not JSON",
    422: "The request says something that cannot be",
    429: "Too often",
    503: "The bar is very busy; the same request may be sent again",
}
_ALWAYS = (401, 403, 404, 429, 503)
_WITH_BODY = (400, 413, 415, 422)


def _operation(operation: Operation, name: str, rule: Rule) -> dict:
    parameters: list[dict[str, Any]] = [
        {"name": argument, "in": "path", "required": True, "schema": _PARAMETERS[argument]}
        for argument in sorted(rule.arguments)
    ]
    parameters += [dict(one) for one in operation.query]
    parameters += [_KEY] if operation.is_repeatable else []
    statuses = {*_ALWAYS, *operation.raises, *(_WITH_BODY if operation.body else ())}
    statuses |= {422} if operation.query else set()
    statuses |= {409, 422} if operation.is_repeatable else set()
    described = {
        "operationId": name,
        "summary": operation.summary,
        "description": f"Needs the scope {operation.scope}.",
        "parameters": parameters,
        "responses": {
            str(operation.status): _content(operation.answer, operation.media, "Done"),
            **{
                str(status): _content("Problem", "application/problem+json", _PROBLEMS[status])
                for status in sorted(statuses)
            },
        },
    }
    if operation.body:
        schema = {"schema": _named(operation.body)}
        described["requestBody"] = {"required": True, "content": {"application/json": schema}}
    return described


def _content(schema: str, kind: str, description: str) -> dict:
    return {"description": description, "content": {kind: {"schema": _named(schema)}}}
