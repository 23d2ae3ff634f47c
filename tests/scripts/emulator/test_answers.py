"""An answer waits for its commit, and is a refusal when the commit fails."""

from __future__ import annotations

import asyncio
import json
from concurrent.futures import ThreadPoolExecutor

import pytest

SIGNED = b"Credential=k/20261130/us-east-1/dynamodb/aws4_request"


class Server:
    """Our wrapper around a handler, with a loop of its own."""

    def __init__(self, answers, store, handler):
        self.answers, self.store, self.handler = answers, store, handler
        self.sent: list[dict] = []

    async def _app(self, scope, receive, send):
        self.handler()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"{}"})

    async def _send(self, message):
        self.sent.append(message)

    def ask(self, path="/", target=b"DynamoDB_20120810.PutItem", leave=False, signed=SIGNED):
        scope = {
            "type": "http",
            "path": path,
            "method": "POST",
            "headers": [(b"x-amz-target", target), (b"authorization", signed)],
        }

        async def run():
            task = asyncio.create_task(self.answers._answer_when_kept(scope, None, self._send))
            await asyncio.sleep(0)
            before = list(self.sent)
            if leave:
                task.cancel()
                await asyncio.sleep(0)
            self.store.commit()
            await asyncio.wait([task])
            return before

        # In a thread of its own: tests in a browser may have left this one a loop that runs.
        with ThreadPoolExecutor(1) as pool:
            return pool.submit(asyncio.run, run()).result()


@pytest.fixture
def serve(kept, monkeypatch):
    from scripts.local.emulator import answers, items, services

    monkeypatch.setattr(answers, "_store", items._store, raising=False)
    monkeypatch.setattr(answers, "_status", lambda: {"kept": True}, raising=False)
    monkeypatch.setattr(services, "_store", items._store, raising=False)
    items._store.commit()

    def make(handler):
        server = Server(answers, items._store, handler)
        monkeypatch.setattr(answers, "_app", server._app)
        return server

    return make


@pytest.fixture
def write(kept):
    from scripts.local.emulator import items

    return lambda: items._store.write("put state", "answers", "test", "key", "1")


def test_an_answer_leaves_after_the_commit_of_what_it_tells(serve, write):
    server = serve(write)
    assert server.ask() == []
    assert [message.get("status") for message in server.sent] == [200, None]


def test_an_answer_that_was_not_kept_is_a_refusal_and_nothing_else(serve, write, monkeypatch):
    server = serve(write)
    monkeypatch.setattr(
        server.store._log, "append", lambda commit: (_ for _ in ()).throw(OSError(28, "full"))
    )
    server.ask()
    start, body = server.sent
    assert start["status"] == 503
    assert json.loads(body["body"])["__type"] == "ServiceUnavailable"


def test_a_refusal_takes_back_nothing_that_somebody_else_did_meanwhile(serve):
    from ministack.services import sqs

    def fail_meanwhile():
        server.store.failures += 1

    server, queues = serve(fail_meanwhile), sqs._queues._data
    of_another = "000000000000", "us-east-1", "of another caller"
    # Before the refused caller hears of its commit.
    server.store.after_commit(lambda: queues.update({of_another: {"messages": []}}))
    server.ask(target=b"AmazonSQS.SendMessage", signed=SIGNED.replace(b"dynamodb", b"sqs"))
    assert server.sent[0]["status"] == 503
    assert queues.pop(of_another, None) == {"messages": []}


def test_a_read_that_may_have_seen_it_waits_as_well(serve, write):
    server = serve(lambda: None)
    write()
    assert server.ask(target=b"DynamoDB_20120810.GetItem") == []
    assert server.sent[0]["status"] == 200


def test_a_read_that_waits_for_nothing_is_answered_at_once(serve):
    server = serve(lambda: None)
    assert len(server.ask(target=b"DynamoDB_20120810.GetItem")) == 2


def test_a_caller_who_leaves_does_not_take_the_commit_along(serve, write):
    server = serve(write)
    announced = []
    server.store.after_commit(lambda: announced.append(True))
    server.ask(leave=True)
    assert announced == [True]
    assert server.store.open_turn is None


def test_the_status_needs_no_commit(serve, write):
    server = serve(lambda: None)
    write()
    server.ask(path="/_bar/status")
    assert json.loads(server.sent[1]["body"]) == {"kept": True}
