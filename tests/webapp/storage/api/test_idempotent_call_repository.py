"""Calls with an Idempotency-Key: whose the name is, and for how long."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.builders import NOW
from webapp.services.api.ports import StoredAnswer

DIES_AT, ENDS_AT = NOW + timedelta(minutes=1), NOW + timedelta(days=1)


def _begin(services, digest: str, now=NOW) -> bool:
    return services.idempotent_calls.begin(
        "call", digest, now, now + (DIES_AT - NOW), now + (ENDS_AT - NOW)
    )


@pytest.fixture
def begun(services):
    assert _begin(services, "one")
    return services


@pytest.mark.parametrize("digest", ["one", "another"])
def test_a_call_under_way_keeps_its_name(begun, digest):
    assert not _begin(begun, digest, DIES_AT - timedelta(seconds=1))


def test_the_same_request_takes_over_from_a_call_that_has_died(begun):
    assert _begin(begun, "one", DIES_AT)


def test_another_request_takes_nothing_over_from_a_call_that_has_died(begun):
    assert not _begin(begun, "another", DIES_AT)
    assert begun.idempotent_calls.get("call").digest == "one"


def test_an_answered_call_keeps_its_name_and_its_answer(begun):
    begun.idempotent_calls.finish("call", StoredAnswer(201, "made"))
    assert not _begin(begun, "one", DIES_AT)
    assert begun.idempotent_calls.get("call").answer == StoredAnswer(201, "made")
