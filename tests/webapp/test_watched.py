"""A thread that carries the bar takes its process along when it ends."""

import logging
import threading

import pytest

from webapp.watched import EXIT_CODE, Watched


@pytest.fixture
def ended():
    return []


@pytest.fixture
def watched(ended):
    return Watched(end_process=ended.append)


def _fail():
    raise ValueError("filedescriptor out of range in select()")


@pytest.mark.parametrize(
    ("run", "why"),
    [(_fail, "out of range"), (lambda: None, "without a word")],
    ids=["by a fault", "by returning"],
)
def test_a_thread_that_ends_ends_the_process_and_says_why(watched, ended, caplog, run, why):
    watched.start("the events' server", run)
    for thread in threading.enumerate():
        if thread.name == "the events' server":
            thread.join()
    assert ended == [EXIT_CODE]
    [line] = caplog.records
    assert line.levelno == logging.CRITICAL
    assert "the events' server has ended" in line.getMessage() and why in caplog.text


def test_once_the_bar_stops_its_threads_may_end(watched, ended, caplog):
    watched.stop()
    watched.carry("the pages' server", _fail)
    assert ended == [] and not caplog.records
