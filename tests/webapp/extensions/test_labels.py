"""Label print: one ticket per order in the queue, whatever the bus does."""

from datetime import timedelta

import pytest

from domain.detail_types import DetailType
from domain.orders import OrderState
from tests.builders import NOW, Clock, an_order
from tests.extensions import a_kit, an_arrival, replay
from webapp.extension_kit.print_queue import PrintQueue
from webapp.extensions import labels
from webapp.extensions.labels import EXTENSION

ORDER = "0123456789abcdef0123456789abcdef"
QUEUED = DetailType.MANAGER_WAITING_COMPLETION
CLOCK_MS = int((NOW + timedelta(minutes=3)).timestamp() * 1000)


def _queued(**changes):
    return an_arrival(QUEUED, **{"TS": CLOCK_MS} | changes)


@pytest.fixture
def clock() -> Clock:
    return Clock(NOW + timedelta(minutes=4))


@pytest.fixture
def kit(clock):
    return a_kit(EXTENSION, clock)


def _titles(printouts) -> list[str]:
    return [one.title for one in printouts]


@pytest.mark.parametrize("seed", range(5))
def test_orders_doubled_and_shuffled_get_one_ticket_each_oldest_first(kit, seed):
    orders = [
        _queued(orderId=f"{n:032x}", orderNumber=str(n), TS=CLOCK_MS + n * 1000) for n in range(9)
    ]
    replay(EXTENSION, kit, seed, orders)
    assert _titles(kit.printer.waiting("main")) == [f"{n} Latte · Oat" for n in range(9)]


@pytest.mark.parametrize("seed", range(8))
def test_an_order_that_is_over_leaves_none_whichever_event_comes_first(kit, seed):
    over = an_arrival(DetailType.ORDER_CANCELLED)
    assert over.event.order_id == ORDER
    replay(EXTENSION, kit, seed, [_queued(), over])
    assert kit.printer.waiting("main") == []


def test_what_is_printed_is_not_printed_again_by_a_late_delivery(kit):
    EXTENSION.run(kit, _queued())
    [ticket] = kit.printer.waiting("main")
    kit.printer.tick_off(ticket)
    kit.printer.tick_off(ticket)
    EXTENSION.run(kit, _queued())
    assert kit.printer.waiting("main") == []
    [printed] = kit.printer.latest("main")
    assert printed.is_printed


def test_a_crash_between_the_ticket_and_its_place_in_line_loses_nothing(kit, monkeypatch):
    def crash(*_):
        raise ConnectionError

    with monkeypatch.context() as patches:
        patches.setattr(PrintQueue, "_wait", crash)
        with pytest.raises(ConnectionError):
            EXTENSION.run(kit, _queued())
    EXTENSION.run(kit, _queued())
    assert len(kit.printer.waiting("main")) == 1


def test_a_drink_that_is_made_again_gets_another_ticket_that_says_so(kit):
    EXTENSION.run(kit, _queued())
    EXTENSION.run(kit, _queued(version=8, TS=CLOCK_MS + 60_000))
    assert [one.values["again"] for one in kit.printer.waiting("main")] == [False, True]


def test_two_usual_options_of_one_name_stand_there_once(kit):
    arrival = an_arrival(QUEUED)
    drink = arrival.envelope["detail"]["drinkOrder"] | {
        "modifiers": ["Regular", "Regular"],
        "differences": [],
        "defaults": [True, True],
    }
    EXTENSION.run(kit, _queued(drinkOrder=drink))
    [ticket] = kit.printer.waiting("main")
    assert ticket.values["usual"] == ["Regular"] and ticket.title == "7 Latte"


def test_the_first_time_in_the_queue_is_known_by_its_version():
    assert an_order(OrderState.QUEUED).version == labels._FIRST_VERSION_IN_QUEUE


def test_a_printer_that_comes_back_after_an_hour_prints_nothing_old(kit, clock):
    EXTENSION.run(kit, _queued())
    clock.pass_seconds(3600)
    assert kit.printer.waiting("main") == []
    assert len(kit.printer.latest("main")) == 1


def test_the_team_may_have_one_printed_again(kit):
    EXTENSION.run(kit, _queued())
    [ticket] = kit.printer.waiting("main")
    kit.printer.print_again(kit.printer.tick_off(ticket))
    assert [one.id for one in kit.printer.waiting("main")] == [ticket.id]


def test_shops_have_lines_of_their_own(kit):
    EXTENSION.run(kit, _queued(eventId="hall-2"))
    assert kit.printer.waiting("main") == []
    [ticket] = kit.printer.waiting("hall-2")
    assert kit.printer.get("main", ticket.id) is None


def test_nothing_personal_waits_in_the_table(kit):
    kit.bar.names[ORDER] = "Ana"
    EXTENSION.run(kit, _queued())
    kept = str(kit.table.items)
    assert "Ana" not in kept and "customer-1" not in kept


def test_the_name_is_asked_for_when_the_ticket_is_drawn(kit, monkeypatch):
    drawn = []
    monkeypatch.setattr("webapp.extensions.labels.ticket.draw_ticket", drawn.append)
    EXTENSION.run(kit, _queued())
    [printout] = kit.printer.waiting("main")
    kit.bar.names[ORDER] = "Ana"
    EXTENSION.draw(kit, printout)
    kit.bar.names.clear()
    EXTENSION.draw(kit, printout)
    assert [one.name for one in drawn] == ["Ana", ""]
    assert f"{drawn[0].at:%H:%M}" == "10:34", "the shop's own time, an hour ahead of UTC"
    assert drawn[0].pickup_place == kit.bar.shop("main").pickup_place
