"""Whose tables these tests write to."""

from __future__ import annotations

from tests.dynamodb_local import is_judge
from tests.tables import dynamodb, empty_tables, stored_items
from webapp.storage.tables import SessionEpochModel


def test_the_tables_are_those_of_the_judge_that_was_asked_for(moto):
    where = dynamodb().meta.endpoint_url
    assert where.startswith("http://127.0.0.1:" if is_judge() else "https://dynamodb.")


def test_emptied_tables_hold_nothing_that_was_written(moto):
    empty_tables()
    SessionEpochModel("ana@example.com", session_epoch="1").save()
    assert len(stored_items()["serverlesspresso-badges"]) == 1
    empty_tables()
    assert not any(stored_items().values())
