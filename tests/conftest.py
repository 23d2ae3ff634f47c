"""The running bar, started once, for the tests that need the real thing."""

from __future__ import annotations

import logging

import pytest

from scripts.local.stack import LocalStack
from tests import dynamodb_local
from tests.aws_limits import watch_requests
from tests.builders import TOKEN
from tests.canaries import CANARIES, TASK_TOKEN, LogCanary, watch_clients, watch_stacks
from tests.webhook_receiver import Receiver

_leaks = pytest.StashKey[list]()


def pytest_collection_modifyitems(config, items):
    """The second judge is asked about what needs tables, and about nothing else."""
    if dynamodb_local.is_judge():
        others = [item for item in items if _TABLES.isdisjoint(item.fixturenames)]
        config.hook.pytest_deselected(items=others)
        items[:] = [item for item in items if not _TABLES.isdisjoint(item.fixturenames)]


_TABLES = {"moto", "machines"}
"""The fixtures that make tables in this process, for the judge to be another."""


@pytest.fixture(scope="session", autouse=True)
def watch_for_secrets():
    """Watches the whole run for secrets that get out; see pytest_sessionfinish."""
    CANARIES.guard(TASK_TOKEN, TOKEN)
    log = LogCanary(CANARIES)
    logging.root.addHandler(log)
    with pytest.MonkeyPatch.context() as patches:
        watch_clients(CANARIES, patches)
        watch_stacks(CANARIES, patches)
        yield CANARIES
    logging.root.removeHandler(log)


@pytest.fixture(scope="session", autouse=True)
def watch_for_what_aws_refuses():
    """Holds every AWS request of the whole run against what AWS takes."""
    with pytest.MonkeyPatch.context() as patches:
        watch_requests(_refused, patches)
        yield


_refused: list[str] = []


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session):
    leaks = session.config.stash.setdefault(_leaks, [])
    leaks += [f"LEAK: {leak}" for leak in CANARIES.leaks()]
    leaks += [f"REFUSED BY AWS: {fault}" for fault in _refused]
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["leaks"] = leaks
    if leaks:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node):
    """What the processes saw that pytest-xdist shares the tests out to."""
    node.config.stash.setdefault(_leaks, []).extend(
        getattr(node, "workeroutput", {}).get("leaks", [])
    )


def pytest_terminal_summary(terminalreporter, config):
    for leak in config.stash[_leaks]:
        terminalreporter.write_line(leak, red=True)


@pytest.fixture(scope="session")
def stack(tmp_path_factory):
    """The bar as scripts/serve starts it, on free ports."""
    # One window and one drawing of the code, so that none changes under a test's hands.
    hours = 6 * 3600
    with LocalStack(
        data=tmp_path_factory.mktemp("bar"),
        code_window_seconds=hours,
        code_seconds=hours,
        scans_per_code=1000,
    ) as running:
        yield running


@pytest.fixture(scope="session")
def quick_stack(tmp_path_factory, till):
    """A bar whose deadlines pass while one looks on; the shop “hooked” tells a till its events."""
    folder = tmp_path_factory.mktemp("quick-bar")
    with LocalStack(
        data=folder,
        choose_seconds=4,
        make_seconds=3,
        shop_capacity=2,
        scans_per_code=1000,
        code_seconds=5,
        extensions="webhook labels",
        extension_webhook_secret=till.secret,
        extension_webhook_url_hooked=till.url,
    ) as running:
        yield running


@pytest.fixture(scope="session")
def till():
    """Somebody else's machine, which is told of events by webhook."""
    with Receiver() as receiver:
        yield receiver
