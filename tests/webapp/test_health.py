"""Health is asked of all parts, cheaply, and answered in time."""

import threading

import pytest

from webapp.health import Down, Health


def _fail():
    raise OSError("with details that nobody outside needs")


def test_each_part_that_fails_is_named_and_others_that_it_names():
    def knows_of_others():
        raise Down("saving", "outbox")

    health = Health({"tables": lambda: None, "workflow": _fail, "emulator": knows_of_others})
    assert health.down() == ["workflow", "saving", "outbox"]


def test_parts_are_asked_once_a_second_however_often_one_looks():
    asked, now = [], [0.0]
    health = Health({"tables": lambda: asked.append(1)}, clock=lambda: now[0])
    for _ in range(100):
        assert health.down() == []
    assert len(asked) == 1
    now[0] = 1.0
    health.down()
    assert len(asked) == 2


@pytest.fixture
def never():
    event = threading.Event()
    yield event
    event.set()


def test_a_part_that_hangs_is_down_in_time_and_asked_again_when_it_is_back(never):
    now, asked = [0.0], []

    def hang():
        asked.append(1)
        never.wait(20)

    parts = {"tables": lambda: None, "bus": hang}
    health = Health(parts, seconds_for_all=0.05, clock=lambda: now[0])
    for second in range(3):
        now[0] = float(second)
        assert health.down() == ["bus"]
    assert len(asked) == 1
    never.set()
    health._asked["bus"].result()
    now[0] = 3.0
    assert health.down() == []
