"""What changed and what happened reaches the function, and one bad change holds up nobody."""

from __future__ import annotations

from itertools import count

import pytest

ACCOUNT, REGION = "000000000000", "us-east-1"
FUNCTION_ARN = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:bar"
_numbers = count()


class Clock:
    def __init__(self):
        self.now = 1_000_000_000.0

    def time(self):
        return self.now

    def sleep(self, seconds):
        self.now += seconds


class Bar:
    """A table with a stream, a mapping of it, and a function that fails on what it is told to."""

    def __init__(self, dynamodb, monkeypatch, tmp_path):
        from ministack.services import lambda_svc

        from scripts.local.emulator import streams

        self.dynamodb, self.lambda_svc, self.streams = dynamodb, lambda_svc, streams
        self.store, self.clock = streams._store, Clock()
        self.taken, self.dead, self.fails, self.is_away = [], [], set(), False
        monkeypatch.setattr(streams, "time", self.clock)
        monkeypatch.setattr(streams, "_wake_when_due", lambda seconds: None)
        monkeypatch.setattr(streams, "_dead_letter", self._to_dead_letters)
        monkeypatch.setattr(streams, "_due", {})
        monkeypatch.setattr(lambda_svc, "time", self.clock)
        monkeypatch.setattr(lambda_svc, "_execute_function", self._execute)
        function = {"config": {"FunctionName": "bar", "FunctionArn": FUNCTION_ARN}}
        monkeypatch.setattr(lambda_svc, "_get_func_record_for_qualifier", lambda *_: (function, {}))
        self.table = f"orders{next(_numbers)}"
        dynamodb._create_table(
            {
                "TableName": self.table,
                "BillingMode": "PAY_PER_REQUEST",
                "KeySchema": [{"AttributeName": "p", "KeyType": "HASH"}],
                "AttributeDefinitions": [{"AttributeName": "p", "AttributeType": "S"}],
                "StreamSpecification": {"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"},
            }
        )
        self.mapping = {
            "UUID": f"mapping-{self.table}",
            "EventSourceArn": dynamodb._tables[self.table]["LatestStreamArn"],
            "FunctionName": "bar",
            "StartingPosition": "TRIM_HORIZON",
            "BatchSize": 10,
            "MaximumRetryAttempts": 3,
            "BisectBatchOnFunctionError": True,
        }
        monkeypatch.setattr(lambda_svc, "_iter_all_esms", lambda: [(ACCOUNT, REGION, self.mapping)])

    def _execute(self, function, event):
        names = [one["dynamodb"]["Keys"]["p"]["S"] for one in event["Records"]]
        if self.is_away:
            said = "Proxy target http://127.0.0.1:1/ unreachable: refused"
            return {"error": True, "body": {"errorMessage": said}}
        if self.fails & set(names):
            return {"error": True, "body": {"errorMessage": "cannot be read"}}
        self.taken += names
        return {"body": None}

    def _to_dead_letters(self, mapping, function, records, source, result, condition):
        names = [one["dynamodb"]["Keys"]["p"]["S"] for one in records]
        self.dead.append((*names, condition))

    def put(self, *names):
        for name in names:
            self.dynamodb._put_item({"TableName": self.table, "Item": {"p": {"S": name}}})

    def kept(self):
        self.store.begin()
        self.store.commit()

    def poll(self, seconds=0):
        self.clock.now += seconds
        self.streams._poll()


@pytest.fixture(scope="session")
def with_streams(kept):
    from scripts.local.emulator import items, streams

    streams.keep_in(items._store, None)
    return kept


@pytest.fixture
def bar(with_streams, monkeypatch, tmp_path):
    bar = Bar(with_streams, monkeypatch, tmp_path)
    yield bar
    bar.kept()


def test_a_change_is_handed_over_after_its_commit_and_not_before(bar):
    bar.put("one", "two")
    bar.poll()
    assert bar.taken == []
    bar.kept()
    bar.poll()
    bar.poll()
    assert bar.taken == ["one", "two"]


def test_of_what_all_consumers_have_taken_only_the_last_stays(bar, monkeypatch):
    monkeypatch.setattr(bar.streams, "RETAINED", 1)
    bar.put("one", "two")
    bar.kept()
    assert len(bar.streams.Records(bar.dynamodb._tables[bar.table].id)) == 2
    bar.poll()
    bar.kept()
    (last,) = bar.streams.Records(bar.dynamodb._tables[bar.table].id)
    assert last["dynamodb"]["Keys"] == {"p": {"S": "two"}}
    assert bar.streams.oldest_untaken() is None


def test_what_was_taken_but_not_written_is_handed_over_again(bar, monkeypatch):
    bar.put("one")
    bar.kept()
    bar.poll()
    # A kill: the next process knows the positions of the last commit alone.
    rows = bar.store.all("SELECT * FROM positions WHERE consumer = ?", bar.mapping["UUID"])
    position = {consumer: (table, place) for consumer, table, place in rows}
    monkeypatch.setattr(bar.streams, "_positions", position)
    bar.poll()
    assert bar.taken == ["one", "one"]


def test_a_change_that_fails_holds_up_none_of_its_batch_nor_what_follows(bar):
    names = [f"{n}" for n in range(10)]
    bar.fails = {"4"}
    bar.put(*names)
    bar.kept()
    bar.poll()
    bar.put("next")
    bar.kept()
    bar.poll()
    assert bar.taken == [name for name in names if name != "4"] + ["next"]


def test_it_is_tried_as_often_as_the_mapping_says_and_then_put_to_the_dead_letters(
    bar, monkeypatch
):
    bar.fails = {"bad"}
    bar.put("good", "bad")
    bar.kept()
    for _ in range(3):
        bar.poll(seconds=20)
        bar.kept()
        assert bar.dead == []
    bar.poll(seconds=20)
    bar.kept()
    assert bar.dead == [("bad", "RetryAttemptsExhausted")]
    bar.poll(seconds=20)
    assert len(bar.dead) == 1
    assert bar.store.all("SELECT * FROM parked WHERE consumer = ?", bar.mapping["UUID"]) == []
    # As scripts/dead-letters finds it, which knows no more of it than its number in the stream.
    good, record = bar.dynamodb.stream_live_records(bar.table)
    assert [one["dynamodb"]["Keys"]["p"]["S"] for one in (good, record)] == ["good", "bad"]
    assert bar.dynamodb.stream_records_since(bar.table, 0, 10) == [good, record]
    monkeypatch.setattr(bar.streams, "RETAINED", 0)
    bar.put("next")
    bar.kept()
    bar.poll()
    bar.kept()
    assert bar.dynamodb.stream_live_records(bar.table) == [record]


def test_a_change_that_is_read_at_last_is_no_dead_letter(bar):
    bar.fails = {"late"}
    bar.put("late")
    bar.kept()
    bar.poll()
    bar.fails = set()
    bar.poll(seconds=20)
    assert (bar.taken, bar.dead) == (["late"], [])


def test_too_old_a_change_is_given_up_before_its_last_try(bar):
    bar.mapping |= {"MaximumRetryAttempts": -1, "MaximumRecordAgeInSeconds": 60}
    bar.fails = {"old"}
    bar.put("old")
    bar.kept()
    bar.poll()
    bar.poll(seconds=61)
    assert bar.dead == [("old", "MaxRecordAgeExceeded")]


def test_a_function_that_is_away_is_waited_for_however_long_it_takes(bar):
    bar.is_away = True
    bar.put("one", "two")
    bar.kept()
    for _ in range(50):
        bar.poll(seconds=20)
    assert bar.store.all("SELECT * FROM parked WHERE consumer = ?", bar.mapping["UUID"]) == []
    assert bar.streams.oldest_untaken() is not None
    bar.is_away = False
    bar.poll(seconds=20)
    assert (bar.taken, bar.dead) == (["one", "two"], [])


def _fault(*_, **__):
    raise LookupError("a fault of the emulator's")


def test_what_the_emulator_itself_fails_on_holds_up_nobody_and_ends_as_a_dead_letter(
    bar, monkeypatch
):
    def execute(function, event):
        if any(one["dynamodb"]["Keys"]["p"]["S"] == "odd" for one in event["Records"]):
            _fault()
        return bar._execute(function, event)

    monkeypatch.setattr(bar.lambda_svc, "_execute_function", execute)
    bar.put("one", "odd", "two")
    bar.kept()
    for _ in range(5):
        bar.poll(seconds=20)
        bar.kept()
    assert (bar.taken, bar.dead) == (["one", "two"], [("odd", "RetryAttemptsExhausted")])


def test_dead_letters_that_nobody_takes_hold_up_nobody(bar, monkeypatch):
    monkeypatch.setattr(bar.streams, "_dead_letter", _fault)
    bar.fails = {"bad"}
    bar.put("bad")
    bar.kept()
    for _ in range(4):
        bar.poll(seconds=20)
    bar.put("next")
    bar.kept()
    bar.poll()
    assert bar.taken == ["next"]
    monkeypatch.setattr(bar.streams, "_dead_letter", bar._to_dead_letters)
    bar.poll(seconds=20)
    assert bar.dead == [("bad", "RetryAttemptsExhausted")]


def test_a_consumer_that_cannot_be_read_holds_up_no_other(bar, monkeypatch):
    broken = bar.mapping | {"UUID": "broken"}
    del broken["FunctionName"]
    both = [(ACCOUNT, REGION, broken), (ACCOUNT, REGION, bar.mapping)]
    monkeypatch.setattr(bar.lambda_svc, "_iter_all_esms", lambda: both)
    bar.put("one")
    bar.kept()
    bar.poll()
    assert bar.taken == ["one"]


# Events of a rule


@pytest.fixture(scope="session")
def deliveries(with_streams):
    from scripts.local.emulator import deliveries, items

    deliveries.keep_in(items._store, None)
    return deliveries


@pytest.fixture
def original_start(deliveries):
    """Before `events` replaces it."""
    return deliveries._start


class Deliveries:
    def __init__(self, deliveries, monkeypatch):
        from ministack.services import eventbridge, lambda_svc

        from scripts.local.emulator import items

        self.module, self.store = deliveries, items._store
        self.accept = eventbridge._dispatch_to_lambda
        self.started, self.results, self.dead, self.asked = [], [], [], 0
        self.clock = Clock()
        monkeypatch.setattr(deliveries, "time", self.clock)
        monkeypatch.setattr(deliveries, "_start", lambda *row: self.started.append(row))
        monkeypatch.setattr(deliveries, "_dead_letter", lambda *of: self.dead.append(of[2]))
        rules = {
            "MaximumRetryAttempts": 2,
            "DestinationConfig": {"OnFailure": {"Destination": "arn:aws:sqs:dead-letters"}},
        }
        function = {"event_invoke_config": rules}
        monkeypatch.setattr(
            lambda_svc,
            "_get_func_record_for_ref",
            lambda _: (function, {"FunctionName": "bar"}, ""),
        )
        monkeypatch.setattr(lambda_svc, "_execution_record_for_config", lambda f, _: f)
        monkeypatch.setattr(lambda_svc, "_execute_function", self._execute)

    def _execute(self, function, event):
        self.asked += 1
        return self.results.pop(0) if self.results else {"body": None}

    def rows(self):
        return self.store.all("SELECT payload FROM deliveries")

    def kept(self):
        self.store.begin()
        self.store.commit()


@pytest.fixture
def events(deliveries, monkeypatch):
    events = Deliveries(deliveries, monkeypatch)
    # The commit of a dead letter is made by the loop, which these tests have none of.
    monkeypatch.setattr(events.store, "commit_soon", lambda: None)
    yield events
    for (number,) in events.store.all("SELECT id FROM deliveries"):
        events.store.write("delete delivery", number)
    events.kept()


FAILED = {"error": True, "body": {"errorMessage": "a fault"}}
AWAY = {"error": True, "body": {"errorMessage": "Proxy target x unreachable: refused"}}


def test_an_event_is_kept_until_the_function_took_it(events):
    events.accept(FUNCTION_ARN, '{"event": 1}')
    assert events.started == []
    events.kept()
    assert (len(events.started), events.rows()) == (1, [('{"event": 1}',)])
    events.module._deliver(*events.started[0])
    assert events.module.oldest() is None
    events.kept()
    assert events.rows() == []


def test_after_a_crash_an_event_under_way_is_delivered_again(events):
    events.accept(FUNCTION_ARN, '{"event": 2}')
    events.kept()
    events.started.clear()
    events.module.go_on()
    assert [payload for *_, payload in events.started] == ['{"event": 2}']


def test_an_event_that_fails_is_tried_three_times_and_then_a_dead_letter(events, monkeypatch):
    monkeypatch.setattr(events.store, "commit_soon", lambda: None)
    events.results = [FAILED] * 3
    events.accept(FUNCTION_ARN, '{"event": 3}')
    events.kept()
    seen = []
    monkeypatch.setattr(
        events.module, "_dead_letter", lambda *of: (seen.append(of[2]), _commit_soon(events.store))
    )
    events.module._deliver(*events.started[0])
    assert (seen, events.asked, events.rows()) == ([{"event": 3}], 3, [])


def _commit_soon(store):
    """As the loop would, once the delivery lets go of the store."""
    import threading

    threading.Timer(0.01, store.commit).start()


def test_an_event_waits_for_a_function_that_is_away(events):
    events.results = [AWAY] * 50
    events.accept(FUNCTION_ARN, '{"event": 4}')
    events.kept()
    events.module._deliver(*events.started[0])
    assert (events.asked, events.dead) == (51, [])


def test_a_fault_of_the_emulator_neither_ends_a_delivery_nor_loses_its_event(events, monkeypatch):
    from ministack.services import lambda_svc

    found = lambda_svc._get_func_record_for_ref
    faults = [1, 1, 1, 1, 1]

    def find(target):
        if faults:
            raise LookupError(faults.pop())
        return found(target)

    monkeypatch.setattr(lambda_svc, "_get_func_record_for_ref", find)
    events.accept(FUNCTION_ARN, '{"event": 5}')
    events.kept()
    events.module._deliver(*events.started[0])
    events.kept()
    assert (events.asked, events.dead, events.rows()) == (1, [], [])


def test_a_delivery_without_a_thread_is_started_as_soon_as_there_is_one(
    original_start, events, monkeypatch
):
    import threading

    def no_thread(self):
        raise RuntimeError("can't start new thread")

    started = []
    monkeypatch.setattr(events.module, "_start", original_start)
    monkeypatch.setattr(threading.Thread, "start", no_thread)
    events.accept(FUNCTION_ARN, '{"event": 6}')
    events.kept()
    events.module.start_waiting()
    monkeypatch.setattr(threading.Thread, "start", lambda self: started.append(self._args))
    events.module.start_waiting()
    events.module.start_waiting()
    assert [payload for *_, payload in started] == ['{"event": 6}']
