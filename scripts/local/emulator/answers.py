"""Holds each answer back until everything that it tells is kept.

A call's changes may share a commit with those of other calls. An answer waits for the open commit,
because the call may have read uncommitted changes. If a commit fails during a call, its caller gets
503, and AWS's clients then try again.

Patched: `app` in ministack.app, and `handle_request` in services.dynamodb, which executions call
without HTTP.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable

from ministack import app as ministack
from ministack.services import dynamodb

from scripts.local.emulator import services
from scripts.local.emulator.items import not_kept
from scripts.local.emulator.store import NotKeptError, Store

STATUS_PATH = "/_bar/status"

_store: Store
_status: Callable[[], dict]
_app = ministack.app
_handle_dynamodb = dynamodb.handle_request


def hold_back(store: Store, status: Callable[[], dict]) -> None:
    """status: returns the answer for STATUS_PATH."""
    global _store, _status
    _store, _status = store, status
    ministack.app = _answer_when_kept
    dynamodb.handle_request = _dynamodb_when_kept


async def _kept(failures: int) -> None:
    """Waits for the open commit. Raises NotKeptError when it or an earlier one of this
    call fails.
    """
    turn = _store.open_turn
    if turn:
        await asyncio.wrap_future(turn.kept)
    if _store.failures != failures:
        raise NotKeptError(_store.trouble or "another change of the same moment failed")


async def _dynamodb_when_kept(*request: object) -> tuple:
    failures = _store.failures
    answer = await _handle_dynamodb(*request)
    try:
        await _kept(failures)
    except NotKeptError as error:
        return not_kept(error)
    return answer


async def _answer_when_kept(scope: dict, receive: Callable, send: Callable) -> None:
    if scope["type"] != "http":
        await _app(scope, receive, send)
        return
    if scope["path"] == STATUS_PATH:
        await _send(send, 200, _status())
        return
    failures, is_refused = _store.failures, False

    async def send_when_kept(message: dict) -> None:
        nonlocal is_refused
        if message["type"] == "http.response.start":
            changed = services.changed_by(scope)
            try:
                if changed:
                    services.changed(*changed)
                await _kept(failures)
            except NotKeptError as error:
                # The rollback has already undone the changes of this call that were in the failed
                # commit.
                is_refused = True
                status, _, body = not_kept(error)
                is_json = b"x-amz-target" in dict(scope["headers"])
                await _send(send, status, json.loads(body) if is_json else None)
        if not is_refused:
            await send(message)

    await _app(scope, receive, send_when_kept)


async def _send(send: Callable, status: int, answer: dict | None) -> None:
    """Sends an answer, or only the status: clients of XML could not read a JSON body."""
    body = json.dumps(answer).encode() if answer else b""
    headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
