"""Who gets one of the bar's streams, and who reads instead."""

from __future__ import annotations

from itertools import count

from webapp import local
from webapp.open_streams import OpenStream, OpenStreams

_number = count()


def a_stream(**changes) -> OpenStream:
    """A customer's, of a browser of their own; it remembers in `ended` that it was ended."""
    values = {
        "browser": f"browser {next(_number)}",
        "session": f"session {next(_number)}",
        "is_staff": False,
        "is_gone": lambda: False,
    }
    stream = OpenStream(**values | changes, end=lambda: setattr(stream, "ended", True))
    stream.ended = False
    return stream


def fill(streams: OpenStreams, number: int, **changes) -> list[OpenStream]:
    """So many more streams, all of which find room."""
    entered = [a_stream(**changes) for _ in range(number)]
    assert all(streams.enter(stream) for stream in entered)
    return entered


def test_a_browser_holds_four_streams_and_a_closed_one_makes_room():
    streams = OpenStreams()
    first, *_ = fill(streams, 4, browser="laptop", is_staff=True)
    assert not streams.enter(a_stream(browser="laptop", is_staff=True))
    assert streams.enter(a_stream(browser="tablet", is_staff=True))
    streams.leave(first)
    streams.leave(first)
    assert streams.enter(a_stream(browser="laptop", is_staff=True))
    assert not streams.enter(a_stream(browser="laptop", is_staff=True))


def test_a_customer_who_forgets_the_browsers_name_holds_no_more():
    streams = OpenStreams()
    fill(streams, 4, session="one customer")
    assert not streams.enter(a_stream(session="one customer"))


def test_a_page_that_hung_up_makes_room_before_the_bar_has_noticed():
    streams = OpenStreams()
    closed, *others = fill(streams, 4, browser="laptop")
    closed.is_gone = lambda: True
    assert streams.enter(a_stream(browser="laptop"))
    assert closed.ended and not any(stream.ended for stream in others)


def test_a_screen_of_the_team_takes_the_stream_of_a_customers_page_in_the_same_browser():
    streams = OpenStreams()
    phones = fill(streams, 4, browser="laptop")
    assert streams.enter(a_stream(browser="laptop", is_staff=True))
    assert [stream.ended for stream in phones] == [True, False, False, False]
    # And nobody takes it back.
    assert not streams.enter(a_stream(browser="laptop"))


def test_customers_leave_streams_for_the_team_and_all_leave_threads_for_pages():
    streams = OpenStreams()
    customers = fill(streams, OpenStreams.MOST_OF_CUSTOMERS)
    assert not streams.enter(a_stream())
    fill(streams, OpenStreams.MOST - OpenStreams.MOST_OF_CUSTOMERS, is_staff=True)
    assert not any(stream.ended for stream in customers)
    fill(streams, OpenStreams.MOST_OF_CUSTOMERS, is_staff=True)
    assert all(stream.ended for stream in customers)
    assert not streams.enter(a_stream(is_staff=True))
    assert OpenStreams.MOST < local._STREAM_THREADS
