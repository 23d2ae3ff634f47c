"""The table of consumers: each path leads somewhere, and none is walked before it is needed."""

from __future__ import annotations

import inspect
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from domain.detail_types import DetailType
from domain.events import NewOrder
from tests.webapp.services.steps import scan
from webapp.consumers import registry
from webapp.consumers.registry import CONSUMERS, OUTBOX, SCHEDULED_JOBS, SIGN_IN_TRIGGER
from webapp.lazy_proxy import load

TAKES = [
    *((one.path, ["services", "event", "announced_at"]) for one in CONSUMERS),
    *((one.path, ["services"]) for one in SCHEDULED_JOBS),
    (OUTBOX, ["services", "records"]),
    (SIGN_IN_TRIGGER, ["services", "event"]),
]

NOBODY = {
    # For extensions: the journey's own end, which no screen shows.
    DetailType.ALL_EVENTS_STORED,
}
"""Events that none of our consumers takes, each with the reason why that is right."""


@pytest.mark.parametrize("path, names", TAKES, ids=[path for path, _ in TAKES])
def test_a_path_leads_to_a_function_that_takes_what_it_is_given(path, names):
    signature = inspect.signature(load(path))
    needed = [one.name for one in signature.parameters.values() if one.default is one.empty]
    assert needed == names


def test_the_outbox_is_told_which_batch_was_set_aside_before():
    assert list(inspect.signature(load(OUTBOX)).parameters)[2] == "is_redrive"


def test_each_consumer_and_job_has_a_name_of_its_own():
    names = [one.name for one in (*CONSUMERS, *SCHEDULED_JOBS)]
    assert len(set(names)) == len(names)


def test_the_table_imports_nothing_of_what_it_names():
    asked = (
        "import sys, webapp.consumers.registry as registry;"
        "paths = [one.path for one in (*registry.CONSUMERS, *registry.SCHEDULED_JOBS)];"
        "paths += [registry.OUTBOX, registry.SIGN_IN_TRIGGER];"
        "print(*sorted({path.rpartition('.')[0] for path in paths} & set(sys.modules)));"
        "print(*sorted(one for one in sys.modules if one.startswith('webapp.services')))"
    )
    root = Path(__file__).parents[3]
    done = subprocess.run(
        [sys.executable, "-c", asked], cwd=root, capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == []


def test_a_consumer_that_cannot_be_imported_fails_alone(services, monkeypatch):
    order = scan(services)
    missing = replace(CONSUMERS[0], name="missing", path="webapp.consumers.missing.run")
    monkeypatch.setattr(registry, "CONSUMERS", (missing, *CONSUMERS))
    envelope = {"detail-type": NewOrder.of(order).detail_type, "time": "2024-05-17T09:31:07Z"}
    envelope["detail"] = NewOrder.of(order).to_detail()
    with pytest.raises(registry.EventFailed, match="missing failed"):
        registry.run(services, {"consumer": "events", "event": envelope})
    assert [name for name, _ in services.executions.started] == [order.execution_name]


@pytest.mark.parametrize("name", DetailType, ids=str)
def test_somebody_takes_the_event_or_it_is_said_that_nobody_does(name):
    takers = [consumer.name for consumer in CONSUMERS if name in consumer.detail_types]
    assert bool(takers) != (name in NOBODY)
