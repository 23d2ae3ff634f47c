"""The function's door: everything that Lambda is invoked with comes in through `handler`.

Web requests go to Zappa, events to the consumers, what operators ask for to `operator_jobs`. Zappa
alone would drop events that name no command and run any code that came as `raw_command`; neither
gets as far as it.
"""

from __future__ import annotations

import gc
from collections.abc import Mapping

from webapp.lean_imports import zappa_handler
from webapp.settings import runs_in_lambda


def handler(event: Mapping, context: object) -> object:
    """Answers an invocation; raises what its consumer raises, so that the sender sends it again."""
    named = event if isinstance(event, Mapping) else {}
    if _is_web_request(named):
        return _as_gateways_take_it(zappa_handler.lambda_handler(event, context))
    if _is_zappa_invoke(named):
        return zappa_handler.lambda_handler(event, context)
    if "operator_job" in named:
        from webapp.operator_jobs.registry import run

        return run(event)
    from webapp.consumers.registry import dispatch

    return dispatch(event, context)


def _as_gateways_take_it(answer: dict) -> dict:
    """Zappa answers with null for no body, as of a 304, which not every gateway takes, and names
    each cookie twice, for gateways that once took a single one."""
    answer = answer | {"body": answer.get("body") or ""}
    if "cookies" in answer:
        return answer | {"cookies": list(dict.fromkeys(answer["cookies"]))}
    if "multiValueHeaders" not in answer:
        return answer
    several = answer["multiValueHeaders"]
    cookies = [value for name in several if _is_cookie(name) for value in several[name]]
    # The gateway joins the two kinds of headers.
    for kind in {"headers", "multiValueHeaders"} & set(answer):
        answer[kind] = {name: all_ for name, all_ in answer[kind].items() if not _is_cookie(name)}
    if cookies:
        answer["multiValueHeaders"]["Set-Cookie"] = list(dict.fromkeys(cookies))
    return answer


def _is_cookie(header: str) -> bool:
    return header.lower() == "set-cookie"


def _is_web_request(event: Mapping) -> bool:
    return "httpMethod" in event or "http" in (event.get("requestContext") or {})


def _is_zappa_invoke(event: Mapping) -> bool:
    """`zappa invoke STAGE module.function`. Our rules name a command too: always the same one."""
    from webapp.consumers.registry import COMMAND

    return set(event) == {"command"} and event["command"] != COMMAND


if runs_in_lambda():
    # Lambda gives a whole processor to what it is starting, however little it has afterwards.
    zappa_handler.LambdaHandler()
    # All of it stays, so a later search for garbage need not look through it.
    gc.freeze()
