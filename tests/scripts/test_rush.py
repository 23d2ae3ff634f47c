"""The Lambda of `scripts/bench rush`: so many calls at once, and what becomes of the others."""

from __future__ import annotations

from scripts.measuring.rush import COLD_SECONDS, ROUND_TRIP_SECONDS, Answer, Call, Lambda


def _function(most: int) -> Lambda:
    return Lambda(most, lambda call, who: (Answer(200), 0.1))


def _asks(heard: list, function: Lambda):
    answer = yield Call("pages")
    heard.append((answer.status, round(function.now, 3)))


def test_a_call_above_the_limit_is_refused_at_once_and_the_others_are_not():
    function, heard = _function(2), []
    for _ in range(3):
        function.start(0.0, _asks(heard, function))
    function.run()
    assert [status for status, _ in heard] == [503, 200, 200]
    assert heard[0][1] == ROUND_TRIP_SECONDS
    assert function.refused == {"pages": 1} and function.peak == 2


def test_only_a_new_environment_starts_cold():
    function, heard = _function(10), []
    for moment in (0.0, 5.0):
        function.start(moment, _asks(heard, function))
    function.run()
    first, second = (moment for _, moment in heard)
    assert round(first - (second - 5.0), 3) == COLD_SECONDS


def test_an_event_without_room_comes_again_and_is_not_lost():
    function, heard = _function(1), []
    function.start(0.0, _asks(heard, function))
    function.event(0.5)
    function.run()
    assert [status for status, _ in heard] == [200]
    assert function.refused == {"events, which came again": 1} and function.now > 1.5


def test_files_that_are_asked_for_together_are_answered_together():
    def asks(heard):
        heard.append([one.status for one in (yield [Call("files"), Call("files")])])

    function, heard = _function(1), []
    function.start(0.0, asks(heard))
    function.run()
    assert heard == [[200, 503]]
