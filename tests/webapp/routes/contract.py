"""Calls that schemathesis makes up from the API's own document."""

from __future__ import annotations

from collections.abc import Mapping

import schemathesis
from flask import Flask
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.specs.openapi.checks import ignored_auth, positive_data_acceptance

_NOT_ASKED = [
    # Every call here brings the token; who gets in without one is tested by itself.
    ignored_auth,
    # A code nobody showed or a drink not on the menu is well formed and still refused.
    positive_data_acceptance,
]


def keep_their_promises(
    app: Flask, path: str, authorization: str, values: Mapping[str, str]
) -> None:
    """Every answer of the operations at this path is one that the document names.

    values: of the path's parameters; the others are made up.
    """
    api = schemathesis.openapi.from_wsgi("/api/openapi.json", app)
    operations = [
        found.ok()
        for found in api.get_all_operations()
        if found.ok().path == "/{shop_id}/api/" + path
    ]
    assert operations
    for operation in operations:

        @given(case=operation.as_strategy())
        @settings(
            max_examples=12,
            deadline=None,
            database=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        def keeps_its_promise(case):
            case.path_parameters |= values
            case.call_and_validate(
                headers={"Authorization": authorization}, excluded_checks=_NOT_ASKED
            )

        keeps_its_promise()
