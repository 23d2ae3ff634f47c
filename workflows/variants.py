"""The forms of the order workflow, from which a deployment chooses the first that AWS accepts.

AWS documents neither whether `transactWriteItems` can wait for a task token nor how a state's
parameters spell DynamoDB's value types. Each form makes the same moves of an order.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_PASCAL_CASE = {"SS": "Ss", "NS": "Ns", "BS": "Bs", "NULL": "Null", "BOOL": "Bool"}
"""DynamoDB's value types whose names differ in PascalCase. "S", "N", "B", "M" and "L" do not."""


@dataclass(frozen=True)
class Variant:
    """One form of the workflow.

    single_item_callbacks: an order is admitted by a plain transaction, and an updateItem waits for
        the choice: one state more.
    api_spelling: value types are spelled as in DynamoDB's own API, "BOOL", in place of "Bool".
    costs: what the form costs a team, told in the terminal; empty for the intended form.
    """

    name: str
    single_item_callbacks: bool = False
    api_spelling: bool = False
    costs: str = ""


_ONE_STATE_MORE = "three states for an order instead of two, about $0.02 a day more"

TRANSACTION_WAITS = Variant("transaction-waits")
TRANSACTION_WAITS_API = Variant("transaction-waits-api-spelling", api_spelling=True)
ITEM_WAITS = Variant("item-waits", single_item_callbacks=True, costs=_ONE_STATE_MORE)
ITEM_WAITS_API = Variant(
    "item-waits-api-spelling",
    single_item_callbacks=True,
    api_spelling=True,
    costs=_ONE_STATE_MORE,
)

FOR_AWS = (TRANSACTION_WAITS, TRANSACTION_WAITS_API, ITEM_WAITS, ITEM_WAITS_API)
"""The forms in the order in which AWS is asked for them."""

FOR_EMULATORS = (TRANSACTION_WAITS_API, TRANSACTION_WAITS, ITEM_WAITS_API, ITEM_WAITS)
"""The form for an emulator, which passes a state's parameters to its DynamoDB unchanged."""

BY_NAME = {one.name: one for one in FOR_AWS}


def in_pascal_case(part: Any) -> Any:
    """Parameters as the SDK integrations of AWS take them: "Bool" and "Ss.$"."""
    if isinstance(part, list):
        return [in_pascal_case(one) for one in part]
    if isinstance(part, dict):
        return {_respelled(name): in_pascal_case(one) for name, one in part.items()}
    return part


def _respelled(name: str) -> str:
    kind, dot, path = name.partition(".")
    return _PASCAL_CASE.get(kind, kind) + dot + path


def variant_of(definition: Mapping) -> Variant:
    """Returns the form of a definition."""
    states = definition["States"]
    text = json.dumps([state.get("Parameters") for state in states.values()])
    is_single = not any(
        state.get("Resource", "").endswith("transactWriteItems.waitForTaskToken")
        for state in states.values()
    )
    is_api = any(f'"{kind}"' in text or f'"{kind}.$"' in text for kind in _PASCAL_CASE)
    return next(
        one
        for one in FOR_AWS
        if (one.single_item_callbacks, one.api_spelling) == (is_single, is_api)
    )
