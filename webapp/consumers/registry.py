"""Which consumer gets which events, and the one entry through which all of them come.

A new consumer is one module and one line here; the CloudFormation template makes its rule.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from domain.detail_types import DetailType
from domain.events import EVENT_CLASSES, Event, OrderEvent, parse_event
from webapp.services.ports import Services

log = logging.getLogger(__name__)

COMMAND = "webapp.consumers.registry.dispatch"


@dataclass(frozen=True)
class Consumer:
    """A rule on the bus and the function behind it: `run(services, event, time)`."""

    name: str
    detail_types: frozenset[DetailType]
    run: Callable[[Services, Event, str], None]


@dataclass(frozen=True)
class ScheduledJob:
    """A job the clock starts; `schedule` is an EventBridge expression."""

    name: str
    schedule: str
    run: Callable[[Services], object]


def _start_execution(services: Services, event: Event, time: str) -> None:
    from webapp.consumers.start_execution import start_execution

    start_execution(services, event)


def _forward(services: Services, event: Event, time: str) -> None:
    from webapp.consumers.forward import forward

    forward(services, event)


def _store_event(services: Services, event: Event, time: str) -> None:
    from webapp.consumers.journey import store_event

    store_event(services, event, time)


def _sweep(services: Services) -> object:
    from webapp.services.sweep import sweep

    return sweep(services)


def _order_events() -> Iterable[DetailType]:
    return (
        name
        for name, cls in EVENT_CLASSES.items()
        if issubclass(cls, OrderEvent) and name is not DetailType.ALL_EVENTS_STORED
    )


def _forwarded() -> frozenset[DetailType]:
    from webapp.consumers.forward import FORWARDED

    return frozenset(FORWARDED)


CONSUMERS = (
    Consumer("start-execution", frozenset({DetailType.NEW_ORDER}), _start_execution),
    Consumer("forward", _forwarded(), _forward),
    Consumer("journey", frozenset(_order_events()), _store_event),
)
SCHEDULED_JOBS = (ScheduledJob("sweep", "rate(1 minute)", _sweep),)


def dispatch(event: Mapping, context: object) -> None:
    """The function's entry for everything that is not a web request.

    A stream batch brings `Records`; a rule's target brings `consumer` and, nested under `event`,
    the envelope. Raises what the consumer raises, so that the sender delivers again.
    """
    from webapp.bootstrap import current_app

    app = current_app()
    with app.app_context():
        run(app.extensions["services"], event)


def run(services: Services, event: Mapping) -> None:
    """Hands an event to its consumer; an unknown one is logged and counted, never fatal."""
    if "Records" in event:
        from webapp.consumers.announce import announce

        announce(services, event["Records"])
        return
    name = event.get("consumer")
    for job in SCHEDULED_JOBS:
        if job.name == name:
            job.run(services)
            return
    for consumer in CONSUMERS:
        if consumer.name == name:
            _run_consumer(services, consumer, event["event"])
            return
    log.warning("unknown event", extra={"consumer": str(name)})


def _run_consumer(services: Services, consumer: Consumer, envelope: Mapping) -> None:
    try:
        event = parse_event(envelope["detail-type"], envelope["detail"])
    except (ValueError, KeyError) as error:
        log.warning("unreadable event: %s", error, extra={"consumer": consumer.name})
        return
    consumer.run(services, event, envelope.get("time", ""))
