"""Two people do not deploy a stage at once."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from scripts.aws import turn as turns
from scripts.aws.turn import GIVEN_UP_AFTER, Turn
from scripts.machine import StackError

BUCKET, NAME = "packages-of-two", "serverlesspresso-dev"


@pytest.fixture
def s3(emulator):
    client = emulator.client("s3")
    client.create_bucket(Bucket=BUCKET)
    yield client
    for one in client.list_objects_v2(Bucket=BUCKET).get("Contents", ()):
        client.delete_object(Bucket=BUCKET, Key=one["Key"])
    client.delete_bucket(Bucket=BUCKET)


def test_the_second_is_told_who_deploys_and_goes_on_when_that_is_done(s3, monkeypatch):
    first, second = Turn(s3, BUCKET, NAME), Turn(s3, BUCKET, NAME)
    monkeypatch.setattr(turns.getpass, "getuser", lambda: "ana")
    first.take()
    with pytest.raises(StackError, match=f"^ana on .*aws s3 rm s3://{BUCKET}/{NAME}-turn.json$"):
        second.take()
    first.give_back()
    second.take()
    second.give_back()


def test_of_two_at_the_same_moment_one_has_the_turn(s3, monkeypatch):
    first, second = Turn(s3, BUCKET, NAME), Turn(s3, BUCKET, NAME)
    monkeypatch.setattr(second, "_held", _first_nothing(second._held))
    first.take()
    with pytest.raises(StackError, match="has been deploying this stage since"):
        second.take()
    first.give_back()


def _first_nothing(then):
    answers = iter([lambda: None])
    return lambda: next(answers, then)()


def test_two_stages_do_not_wait_for_each_other(s3):
    turns_of_two = [Turn(s3, BUCKET, NAME), Turn(s3, BUCKET, "serverlesspresso-prod")]
    for one in turns_of_two:
        one.take()
    for one in turns_of_two:
        one.give_back()


def test_the_turn_of_a_process_that_was_killed_is_over_after_a_while(s3):
    long_ago = datetime.now(UTC) - GIVEN_UP_AFTER - timedelta(minutes=1)
    note = {"who": "ana on laptop", "since": long_ago.isoformat()}
    s3.put_object(Bucket=BUCKET, Key=f"{NAME}-turn.json", Body=json.dumps(note).encode())
    turn = Turn(s3, BUCKET, NAME)
    turn.take()
    turn.give_back()
