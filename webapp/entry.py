"""The function's entry: everything that Lambda is invoked with comes in through `handler`.

Web requests go to Zappa, events to the consumers, and operators' jobs to `operator_jobs`. Zappa
would drop events that name no command, and would run any code that came as `raw_command`. So
neither reaches it.
"""

from __future__ import annotations

import gc
from collections.abc import Mapping

from webapp.lean_imports import zappa_handler
from webapp.settings import runs_in_lambda


def handler(event: Mapping, context: object) -> object:
    """Answers an invocation. Raises a consumer's error, so that the event is delivered again."""
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
    """Repairs Zappa's answer for gateways that would refuse it.

    Zappa answers null for an empty body, for example of a 304, and not every gateway takes null. It
    also writes each cookie twice, for gateways that took only one cookie.
    """
    answer = answer | {"body": answer.get("body") or ""}
    if "cookies" in answer:
        return answer | {"cookies": list(dict.fromkeys(answer["cookies"]))}
    if "multiValueHeaders" not in answer:
        return answer
    several = answer["multiValueHeaders"]
    cookies = [value for name in several if _is_cookie(name) for value in several[name]]
    # The gateway joins both kinds of headers, so the cookies are taken out of both.
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
    """Returns whether this is `zappa invoke STAGE module.function`.

    Our rules also send a command, but always the same one.
    """
    from webapp.consumers.registry import COMMAND

    return set(event) == {"command"} and event["command"] != COMMAND


if runs_in_lambda():
    # Lambda gives a whole processor to a starting process, so the slow handler is made now.
    zappa_handler.LambdaHandler()
    # All these objects stay, so later garbage collections need not look through them.
    gc.freeze()
