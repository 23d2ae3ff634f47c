"""Says which consumer gets which events. All events of the function come in here.

A new consumer is one module and one line in CONSUMERS; the CloudFormation template makes its rule.
The table holds dotted paths, and each is imported when an event needs it. The consumers of an event
share one call of the function, because calls are paid for and the next consumer can use what the
first has read. A consumer that fails does not stop the others.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

from domain.detail_types import DetailType
from domain.events import EVENT_CLASSES, Event, OrderEvent, UnreadableEvent, event_of
from domain.metrics import COUNTED, COUNTED_ELSEWHERE
from domain.rush import CHANGES_PACE
from webapp.consumers.event_cache import EventCache
from webapp.consumers.screen_events import FORWARDED
from webapp.consumers.set_aside import is_redrive, set_aside
from webapp.extending import arrival_of, name_of_rule
from webapp.extension_kit import Arrival
from webapp.lazy_proxy import load
from webapp.logs import bound, new_reference, new_request_id
from workflows.signals import Signal, counted

if TYPE_CHECKING:
    from webapp.services.all_services import Services

log = logging.getLogger(__name__)

COMMAND = "webapp.consumers.registry.dispatch"
EVENTS, RECORDED, EVERY_MINUTE = "events", "recorded", "every-minute"
"""The rules that call the function: for events, for those recorded elsewhere, and by the clock."""
_TRIGGER = "sign-in-trigger"


class EventFailed(Exception):
    """A consumer failed, and the log says why. The sender delivers the event again."""


@dataclass(frozen=True)
class Consumer:
    """What happens to some of the bus's events.

    path: the dotted path of one function named for what it does, such as
        `keep_pace(services, event, announced_at)`. It is imported at its first event.
    rule: the rule whose events the consumer gets: all events, or only those recorded elsewhere.
    """

    name: str
    detail_types: frozenset[DetailType]
    path: str
    rule: str = EVENTS


@dataclass(frozen=True)
class ScheduledJob:
    """A job that the clock starts every so many minutes; `path` leads to its `run(services)`."""

    name: str
    minutes: int
    path: str


_ORDER_STEPS = frozenset(
    name
    for name, cls in EVENT_CLASSES.items()
    if issubclass(cls, OrderEvent) and name is not DetailType.ALL_EVENTS_STORED
)
_STARTS = frozenset({DetailType.NEW_ORDER, DetailType.ORDER_REOPENED})
_COUNTED_FROM_OUTBOX = frozenset(COUNTED) - COUNTED_ELSEWHERE

CONSUMERS = (
    Consumer("start-execution", _STARTS, "webapp.consumers.start_execution.start_execution"),
    Consumer("forward", FORWARDED, "webapp.consumers.forward.forward"),
    Consumer("metrics", _COUNTED_FROM_OUTBOX, "webapp.consumers.metrics.count"),
    Consumer("pace", CHANGES_PACE, "webapp.consumers.pace.keep_pace"),
    Consumer("journey", _ORDER_STEPS, "webapp.consumers.journey.store_event", RECORDED),
    Consumer("recorded-metrics", COUNTED_ELSEWHERE, "webapp.consumers.metrics.count", RECORDED),
)
SCHEDULED_JOBS = (
    ScheduledJob("sweep", 1, "webapp.services.orders.sweep.sweep"),
    ScheduledJob("opening-hours", 1, "webapp.services.shop.opening_hours.follow_hours"),
    ScheduledJob("retention", 5, "webapp.services.past.retention.forget_past"),
)
OUTBOX = "webapp.consumers.announce.announce"
"""`run(services, records, is_redrive)`: a batch of changes, and whether it was set aside before."""
SIGN_IN_TRIGGER = "webapp.consumers.sign_in_triggers.answer"
"""`run(services, event)`: answers Cognito."""


def detail_types_of(rule: str) -> frozenset[DetailType]:
    """Returns the events that a rule of the core takes from the bus."""
    return frozenset().union(*(one.detail_types for one in CONSUMERS if one.rule == rule))


def dispatch(event: Mapping, context: object) -> dict | None:
    """Handles every event of the function that is not a web request.

    A stream batch has `Records`. A rule's event has `consumer` and, nested under `event`, the
    envelope. Cognito's event has `triggerSource`, and Cognito waits for an answer. Raises
    EventFailed, so that the sender delivers the event again.
    """
    from webapp.bootstrap import current_app

    app = current_app()
    with app.app_context(), bound(request_id=new_request_id(context)):
        return run(app.extensions["services"], event if isinstance(event, Mapping) else {})


def run(services: Services, event: Mapping) -> dict | None:
    """Hands an event to its consumer. Logs and counts an unknown event.

    Returns the answer to Cognito's trigger, and None for everything else. Raises EventFailed when
    the consumer fails, and when a rule names a consumer that this code does not have: during an
    update the next delivery meets the new code.
    """
    name = _name(event)
    with bound(consumer=name):
        job, about = _job(services, name, event)
        with bound(**about):
            answer = _run(name, job)
    return answer if name == _TRIGGER and isinstance(answer, dict) else None


def _name(event: Mapping) -> str:
    if _is_stream_batch(event):
        return "announce"
    return _TRIGGER if "triggerSource" in event else str(event.get("consumer"))


def _is_stream_batch(event: Mapping) -> bool:
    records = event.get("Records")
    # One record of DynamoDB is enough. A record of another kind among them is set aside alone.
    return isinstance(records, list) and (
        is_redrive(event)
        or any(
            isinstance(one, Mapping) and one.get("eventSource") == "aws:dynamodb" for one in records
        )
    )


def _run(name: str, job: Callable[[], object]) -> object:
    try:
        return job()
    except EventFailed:
        raise
    except Exception:
        reference = new_reference()
        log.exception("consumer failed", extra={"reference": reference})
        # Lambda would log a cause a second time, and unmasked.
        raise EventFailed(f"{name} failed; reference {reference}") from None


def _job(services: Services, name: str, event: Mapping) -> tuple[Callable[[], object], dict]:
    """Returns the work for an event, and the fields that name it in the log."""
    if _is_stream_batch(event):
        return _call_of(OUTBOX, services, event["Records"], is_redrive(event)), {}
    if name == _TRIGGER:
        return _call_of(SIGN_IN_TRIGGER, services, event), {}
    if jobs := _jobs_due(services, name):
        return partial(_run_each, {job.name: _call_of(job.path, services) for job in jobs}), {}
    # Remove after 1.1: before 1.0 each consumer had a rule of its own, and dead letters of that
    # time name the consumer.
    if consumers := [one for one in CONSUMERS if name in (one.rule, one.name)]:
        return _consumers_job(services, consumers, event)
    extension = name_of_rule(name)
    if extension is not None and extension in services.extensions:
        run_extension = partial(services.extensions.run, extension)
        return _extensions_job(services, run_extension, event)
    return partial(_unknown, event), {}


def _call_of(path: str, *arguments: object) -> Callable[[], object]:
    """Returns a call that imports this path late, so that a failing import fails one consumer."""
    return lambda: load(path)(*arguments)


def _jobs_due(services: Services, name: str) -> list[ScheduledJob]:
    minute = services.now().minute
    return [
        job
        for job in SCHEDULED_JOBS
        if name == job.name or (name == EVERY_MINUTE and minute % job.minutes == 0)
    ]


def _run_each(jobs: Mapping[str, Callable[[], object]]) -> None:
    """Runs all jobs. Raises EventFailed when one failed, so that all of them are called again."""
    failed = []
    for name, job in jobs.items():
        with bound(consumer=name):
            try:
                _run(name, job)
            except EventFailed as error:
                failed.append(str(error))
    if failed:
        raise EventFailed("; ".join(failed))


def _unknown(event: Mapping) -> None:
    log.warning("unknown event", extra=counted(Signal.UNKNOWN_EVENTS))
    if "consumer" in event:
        raise EventFailed(f"there is no consumer {event['consumer']}")


def _extensions_job(
    services: Services, run_extension: Callable[[Arrival], None], event: Mapping
) -> tuple[Callable[[], object], dict]:
    try:
        arrival = arrival_of(_envelope(event))
    except UnreadableEvent as error:
        return partial(_unreadable, services, event, error), {}
    return partial(run_extension, arrival), _about(arrival.event)


def _consumers_job(
    services: Services, consumers: list[Consumer], called_with: Mapping
) -> tuple[Callable[[], object], dict]:
    try:
        envelope = _envelope(called_with)
        event = event_of(envelope)
    except UnreadableEvent as error:
        return partial(_unreadable, services, called_with, error), {}
    for_all = replace(services, shops=EventCache(services.shops))
    announced_at = _announced_at(services, envelope)
    jobs = {
        one.name: _call_of(one.path, for_all, event, announced_at)
        for one in consumers
        if event.detail_type in one.detail_types
    }
    return partial(_run_each, jobs), _about(event)


def _announced_at(services: Services, envelope: Mapping) -> datetime:
    """Returns when the bus took the event, or now if the envelope does not say it."""
    try:
        at = datetime.fromisoformat(envelope["time"])
    except (KeyError, TypeError, ValueError):
        return services.now()
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _envelope(event: Mapping) -> Mapping:
    """Returns the envelope that the rule's template nests. Raises UnreadableEvent without one."""
    envelope = event.get("event")
    if not isinstance(envelope, Mapping):
        raise UnreadableEvent("no envelope")
    return envelope


def _unreadable(services: Services, called_with: Mapping, error: UnreadableEvent) -> None:
    # The error leaves the event with the dead letters, from which it was delivered.
    if is_redrive(called_with):
        raise EventFailed(f"this version cannot read it either: {error}")
    set_aside(services, called_with, "unreadable event", error)


def _about(event: Event) -> dict:
    return {"shop_id": event.shop_id, "order_id": getattr(event, "order_id", None)}
