"""The outbox: each change in a stream becomes its events, and the execution hears of it."""

from __future__ import annotations

import itertools
import json
from dataclasses import replace
from datetime import timedelta
from random import Random

import pytest

from domain.detail_types import DetailType
from domain.orders import TRANSITIONS, WALK_UP, Action, Order, OrderState, Role, remake, take_back
from tests.builders import NOW, Clock, a_shop, an_order, journey_to
from tests.services import services_over_tables
from tests.tables import empty_tables
from webapp.consumers.announce import announce
from webapp.consumers.registry import EventFailed, run
from webapp.storage.orders.order_items import order_from_stream_image
from webapp.storage.tables import JourneyModel, OrderModel, QrCodeModel, ShopModel

_SECRET = "task-token"


@pytest.fixture
def services(moto):
    """The tables only say who else waits: a stream record holds all else that is announced."""
    empty_tables()
    return services_over_tables(Clock())


# Stream records, as DynamoDB writes them


def _record(model, old: dict | None, new: dict | None) -> dict:
    arn = f"arn:aws:dynamodb:us-east-1:123456789012:table/{model.Meta.table_name}"
    images = {name: image for name, image in (("OldImage", old), ("NewImage", new)) if image}
    kind = "INSERT" if old is None else "MODIFY" if new else "REMOVE"
    return {
        "eventName": kind,
        "eventSource": "aws:dynamodb",
        "eventSourceARN": f"{arn}/stream/2024-05-17T09:00:00.000",
        "dynamodb": images,
    }


def _image(order: Order) -> dict:
    """The item as the repository and the workflow together have written it."""
    drink = order.drink_order
    model = OrderModel(
        order.shop_id,
        order.id,
        customer_id=order.customer_id,
        window_index=order.window,
        created_at=order.created_at,
        state=order.state.value,
        version=order.version,
        attempt=order.attempt,
        order_number=order.number,
        drink_order=drink
        and {
            "drink": drink.drink,
            "name": drink.name,
            "icon": drink.icon,
            "options": [[o.group, o.name, o.is_default] for o in drink.options],
        },
        admitted_at=order.admitted_at,
        submitted_at=order.submitted_at,
        queued_at=order.queued_at,
        making_at=order.making_at,
        ended_at=order.ended_at,
        collected_at=order.collected_at,
        choose_seconds=order.choose_seconds,
        make_seconds=order.make_seconds,
        barista_id=order.barista_id,
        barista_name=order.barista_name,
        cancelled_by=order.cancelled_by and order.cancelled_by.value,
        reason=order.reason,
        task_token=order.task_token,
        remade_at=order.remade_at,
        taken_back_at=order.taken_back_at,
        for_name=order.for_name,
        write_id="0011223344556677",
    )
    return model.serialize()


def _change(before: Order | None, after: Order) -> dict:
    return _record(OrderModel, before and _image(before), _image(after))


def _moved(row) -> tuple[Order, Order]:
    before = an_order(row.source)
    if row.action in (Action.REMAKE, Action.TAKE_BACK):
        move = remake if row.action is Action.REMAKE else take_back
        return before, move(before, before.collected_at or before.ended_at)
    role = Role.CUSTOMER if Role.CUSTOMER in row.roles else Role.BARISTA
    cancelled_by = role if row.target is OrderState.CANCELLED else None
    after = replace(before, state=row.target, version=before.version + 1, cancelled_by=cancelled_by)
    return before, after


def _names(services) -> list[DetailType]:
    return [event.detail_type for event in services.bus.events]


@pytest.mark.parametrize("state", OrderState, ids=str)
def test_an_image_in_the_stream_is_read_as_the_order_it_was(state):
    order = an_order(state)
    assert order_from_stream_image(json.loads(json.dumps(_image(order)))) == order


# Events


def test_a_new_order_announces_that_a_scan_was_valid(services):
    announce(services, [_change(None, an_order())])
    assert _names(services) == [DetailType.NEW_ORDER]


@pytest.mark.parametrize("row", TRANSITIONS, ids=lambda row: f"{row.source} to {row.target}")
def test_each_move_puts_its_events_on_the_bus_in_the_tables_order(services, row):
    before, after = _moved(row)
    announce(services, [_change(before, after)])
    assert tuple(_names(services)) == row.events
    assert {event.version for event in services.bus.events} == {after.version}


def test_the_queues_events_say_the_place_in_line(services):
    here = an_order(OrderState.QUEUED)
    ahead = replace(here, id="f" * 32, submitted_at=here.submitted_at - timedelta(minutes=1))
    for order in (here, ahead):
        OrderModel.deserialize(
            model := OrderModel(), _image(order) | {"open_since": {"S": "2024-05-17T09:31:07.000Z"}}
        )
        model.save()
    announce(services, [_change(an_order(OrderState.SUBMITTED), here)])
    [started] = [e for e in services.bus.events if e.detail_type == "QueueService.OrderStarted"]
    assert (started.position, started.waiting) == (2, 2)


def test_a_batch_is_announced_in_the_order_of_its_changes(services):
    path = journey_to(OrderState.COLLECTED)
    announce(services, [_change(b, a) for b, a in zip([None, *path], path)])
    assert _names(services) == [
        "Validator.NewOrder",
        "OrderProcessor.WorkflowStarted",
        "OrderProcessor.WaitingProduction",
        "OrderProcessor.WaitingCompletion",
        "OrderManager.WaitingCompletion",
        "QueueService.OrderStarted",
        "OrderManager.MakeOrder",
        "OrderManager.OrderCompleted",
        "QueueService.OrderCompleted",
        "OrderProcessor.orderFinished",
        "OrderManager.OrderCollected",
        "OrderJourney.AllEventsStored",
    ]


@pytest.mark.parametrize("state", [s for s in OrderState if s.name != "CLAIMED"], ids=str)
def test_no_event_ever_carries_a_task_token(services, state):
    path = journey_to(state)
    assert _SECRET in json.dumps([_image(order) for order in path]) or state == "REFUSED"
    announce(services, [_change(b, a) for b, a in zip([None, *path], path)])
    for event in services.bus.events:
        assert _SECRET not in json.dumps(event.to_detail())
        assert _SECRET not in repr(event)


def test_a_change_that_is_no_move_announces_nothing(services):
    order = an_order(OrderState.QUEUED)
    announce(services, [_change(order, replace(order, attempt=2, task_token="another"))])
    assert _names(services) == []
    assert (services.executions.resumed, services.executions.closed) == ([], [])


def test_a_removed_item_announces_nothing(services):
    announce(services, [_record(OrderModel, _image(an_order()), None)])
    assert _names(services) == []


def test_a_change_of_settings_announces_them(services):
    shop = a_shop(is_open=False, version=2)
    image = ShopModel(
        shop.id,
        version=2,
        title=shop.name,
        pickup_place=shop.pickup_place,
        zone="UTC",
        window_seconds=300,
        scans_per_code=10,
        code_seconds=10,
        pass_seconds=180,
        open_orders_per_customer=1,
        orders_per_day=10,
        capacity=20,
        is_open=False,
        menu={"drinks": [], "groups": []},
    ).serialize()
    announce(services, [_record(ShopModel, image, image)])
    [event] = services.bus.events
    assert (event.detail_type, event.shop_id) == (DetailType.CONFIG_CHANGED, "main")
    assert (event.is_open, event.version, event.capacity) == (False, 2, 20)


def test_a_table_that_is_no_outbox_announces_nothing(services):
    image = QrCodeModel(
        "main", 1, scans=10, taken=1, opens_at=NOW, closes_at=NOW, expires_at=NOW
    ).serialize()
    announce(services, [_record(QrCodeModel, None, image)])
    assert _names(services) == []


# The journey


def _steps(state: OrderState, **fields) -> list[dict]:
    path = journey_to(state)
    records = [_change(before, after) for before, after in zip([None, *path], path)]
    for record in records:
        record["dynamodb"] |= fields
    return records


def _journey(services) -> list[str]:
    return [name for _, name in services.journeys.stored(journey_to(OrderState.CLAIMED)[0].id)]


def test_each_step_is_one_small_item_of_the_journey_and_says_what_was_announced(services):
    announce(services, _steps(OrderState.COLLECTED))
    order_id = journey_to(OrderState.CLAIMED)[0].id
    items = list(JourneyModel.query(order_id))
    assert len(items) == len(journey_to(OrderState.COLLECTED)) + 1
    for item in items:
        assert len(json.dumps(item.serialize(), ensure_ascii=False).encode()) <= 1024
    told = [(event.detail_type, event.to_detail()) for event in services.bus.events]
    kept = [(event.detail_type, event.detail) for event in services.journeys.events(order_id)]
    assert sorted(kept, key=str) == sorted(told, key=str)


@pytest.mark.parametrize("seed", range(6))
def test_the_journey_is_whole_once_however_the_steps_come(services, seed):
    random = Random(seed)
    steps = _steps(OrderState.COLLECTED)
    again = [step for step in steps for _ in range(random.randint(1, 3))]
    random.shuffle(again)
    first, rest = steps[seed], [step for step in again if step is not steps[seed]]
    for step in rest:
        announce(services, [step])
    assert DetailType.ALL_EVENTS_STORED not in _journey(services)
    announce(services, [first])
    assert _journey(services).count(DetailType.ALL_EVENTS_STORED) == 1
    assert len(_journey(services)) == 12


def test_a_step_that_comes_in_time_only_looks_for_the_others_at_the_end(services):
    """The stream has kept the order; one that was given up and comes by hand looks again."""
    now = services.now().timestamp()
    *steps, last = _steps(OrderState.COMPLETED, ApproximateCreationDateTime=now)
    announce(services, [*steps[:2], *steps[3:], last])
    assert DetailType.ALL_EVENTS_STORED not in _journey(services)
    services.now.pass_seconds(61)
    announce(services, [steps[2]])
    assert _journey(services).count(DetailType.ALL_EVENTS_STORED) == 1


def test_that_all_is_stored_is_announced_again_by_whoever_did_not_come_so_far(services):
    steps = _steps(OrderState.REFUSED)
    announce(services, steps)
    del services.bus.events[:]
    announce(services, steps[-1:])
    assert _names(services)[-1] == DetailType.ALL_EVENTS_STORED


# The execution


def _told(services, before: Order, after: Order) -> tuple[list, list]:
    announce(services, [_change(before, after)])
    return services.executions.resumed, services.executions.closed


@pytest.mark.parametrize("row", TRANSITIONS, ids=lambda row: f"{row.source} to {row.target}")
def test_the_execution_hears_of_what_it_waits_for_and_of_its_orders_end(services, row):
    before, after = _moved(row)
    token = before.task_token
    expected = {
        Action.SUBMIT: ([token], []),
        Action.COMPLETE: ([token], []),
        Action.CANCEL: ([], [(token, "CANCELLED")]),
        Action.TIME_OUT: ([], [(token, "TIMED_OUT")]),
    }.get(row.action, ([], []))
    assert _told(services, before, after) == expected


def test_the_execution_is_told_with_the_token_it_waited_with_before_the_move(services):
    before = an_order(OrderState.MAKING, task_token="the token it waits with")
    after = replace(before, state=OrderState.COMPLETED, version=6, task_token="a later one")
    assert _told(services, before, after) == (["the token it waits with"], [])


def test_an_order_that_never_had_an_execution_tells_nobody(services):
    before = an_order(OrderState.ADMITTED, task_token=None)
    after = replace(before, state=OrderState.CANCELLED, version=before.version + 1)
    assert _told(services, before, after) == ([], [])


def test_a_token_renewed_by_a_restarted_execution_resumes_nothing(services):
    before = an_order(OrderState.SUBMITTED)
    assert _told(services, before, replace(before, task_token="new")) == ([], [])


# Delivered twice


def test_a_batch_delivered_twice_says_the_same_again(services):
    path = journey_to(OrderState.COMPLETED)
    batch = [_change(b, a) for b, a in zip([None, *path], path)]
    announce(services, batch)
    first = list(services.bus.events)
    announce(services, batch)
    assert services.bus.events == first + first
    assert services.executions.resumed == 2 * services.executions.resumed[:2]
    assert services.executions.closed == []


def test_a_batch_the_bus_refused_is_delivered_again(services):
    class RefusesOnce(type(services.bus)):
        def put(self, events):
            if not hasattr(self, "has_refused"):
                self.has_refused = True
                raise ConnectionError
            super().put(events)

    services = replace(services, bus=RefusesOnce())
    batch = {"Records": [_change(None, an_order())]}
    with pytest.raises(EventFailed):
        run(services, batch)
    run(services, batch)
    assert _names(services) == [DetailType.NEW_ORDER]


# What cannot be read


def _newer_state(record: dict) -> None:
    record["dynamodb"]["NewImage"]["state"] = {"S": "ON_A_DRONE"}


def _without_state(record: dict) -> None:
    del record["dynamodb"]["NewImage"]["state"]


def _another_shape(record: dict) -> None:
    record["dynamodb"]["NewImage"]["drink_order"] = {"L": [{"S": "Latte"}]}


def _no_time(record: dict) -> None:
    record["dynamodb"]["NewImage"]["created_at"] = {"S": "yesterday"}


def _unknown_before(record: dict) -> None:
    record["dynamodb"]["OldImage"]["state"] = {"S": "ON_A_DRONE"}


def _no_image(record: dict) -> None:
    record["dynamodb"]["NewImage"] = "gone"


def _no_change(record: dict) -> None:
    del record["dynamodb"]


def _no_table(record: dict) -> None:
    record["eventSourceARN"] = "arn"


def _nothing(record: dict) -> None:
    record.clear()


_SPOILED = (
    _newer_state,
    _without_state,
    _another_shape,
    _no_time,
    _unknown_before,
    _no_image,
    _no_change,
    _no_table,
    _nothing,
)


def _other(order: Order) -> Order:
    return replace(order, id="f" * 32)


def _batch_with_one_spoiled(spoil) -> tuple[list[dict], dict]:
    """An order's way, another order's, and between them one change that nobody can read."""
    before, after = journey_to(OrderState.SUBMITTED)[-2:]
    spoiled = _change(before, after)
    spoil(spoiled)
    path = journey_to(OrderState.SUBMITTED)
    first, rest = _change(None, path[0]), [_change(b, a) for b, a in itertools.pairwise(path)]
    others = [_change(_other(b), _other(a)) for b, a in itertools.pairwise(path)]
    return [first, spoiled, *others, *rest], spoiled


@pytest.mark.parametrize("spoil", _SPOILED, ids=lambda spoil: spoil.__name__.strip("_"))
def test_a_change_that_cannot_be_read_holds_up_no_other_and_is_set_aside(services, caplog, spoil):
    batch, spoiled = _batch_with_one_spoiled(spoil)
    run(services, {"Records": batch})
    assert _names(services) == [
        "Validator.NewOrder",
        *2 * ["OrderProcessor.WorkflowStarted", "OrderProcessor.WaitingProduction"],
    ]
    [(payload, why)] = services.dead_letters.kept
    assert payload["Records"] == [spoiled]
    assert why.startswith("unreadable change: ") and _SECRET not in why
    [line] = [one for one in caplog.records if "unreadable change" in one.getMessage()]
    assert line.counted == "UnknownEvents" and _SECRET not in line.getMessage()


@pytest.mark.parametrize(
    "name",
    [
        name
        for name, attribute in OrderModel.get_attributes().items()
        if not attribute.null and attribute.default is None
    ],
)
def test_an_order_without_what_each_order_has_holds_up_no_other(services, name):
    spoiled = _change(None, an_order())
    del spoiled["dynamodb"]["NewImage"][name]
    run(services, {"Records": [spoiled, _change(None, an_order())]})
    assert _names(services) == ["Validator.NewOrder"]
    [(_, why)] = services.dead_letters.kept
    assert f"KeyError '{name}'" in why


def test_an_event_larger_than_the_bus_takes_holds_up_no_other(services):
    before, after = journey_to(OrderState.CANCELLED)[-2:]
    run(
        services,
        {
            "Records": [
                _change(before, replace(after, reason="x" * 300_000)),
                _change(None, an_order()),
            ]
        },
    )
    assert _names(services) == ["Validator.NewOrder"]
    assert len(services.dead_letters.kept) == 1


def test_a_walk_up_order_that_is_not_there_any_more_holds_up_no_other(services):
    gone = an_order(OrderState.ADMITTED, customer_id=WALK_UP, number=7)
    run(
        services,
        {
            "Records": [
                _change(replace(gone, state=OrderState.CLAIMED, version=gone.version - 1), gone),
                _change(None, an_order()),
            ]
        },
    )
    assert _names(services)[-1] == "Validator.NewOrder"


@pytest.mark.parametrize("garbage", [None, [], "text", 7], ids=repr)
def test_a_record_that_is_none_holds_up_no_other(services, garbage):
    run(services, {"Records": [garbage, _change(None, an_order())]})
    assert _names(services) == ["Validator.NewOrder"]
    [(payload, _)] = services.dead_letters.kept
    assert payload["Records"] == [garbage]


@pytest.mark.parametrize("spoil", _SPOILED, ids=lambda spoil: spoil.__name__.strip("_"))
def test_what_was_set_aside_stays_there_until_a_version_can_read_it(services, spoil):
    batch, _ = _batch_with_one_spoiled(spoil)
    run(services, {"Records": batch})
    [(payload, _)] = services.dead_letters.kept
    with pytest.raises(EventFailed):
        run(services, payload)
    assert len(services.dead_letters.kept) == 1


def test_what_was_set_aside_goes_on_when_it_can_be_read_though_its_order_has_moved_on(services):
    path = journey_to(OrderState.COMPLETED)
    late, *others = [_change(before, after) for before, after in zip([None, *path], path)]
    run(services, {"Records": others})
    run(services, {"Records": [late], "redrive": True})
    assert _names(services)[-2:] == ["Validator.NewOrder", DetailType.ALL_EVENTS_STORED]


def test_a_batch_that_is_delivered_again_sets_a_change_aside_once(services):
    batch, _ = _batch_with_one_spoiled(_newer_state)

    def refuse(events):
        raise ConnectionError

    whole, services.bus.put = services.bus.put, refuse
    with pytest.raises(EventFailed):
        run(services, {"Records": batch})
    services.bus.put = whole
    run(services, {"Records": batch})
    assert len(services.dead_letters.kept) == 1


def test_a_waiting_order_that_cannot_be_read_hides_no_other(services):
    """A newer version's order stands in the line, too: the tablet, the sweep and the places of
    the others go on."""
    for name, state in (("a", "ON_A_DRONE"), ("b", "QUEUED"), ("c", "QUEUED")):
        order = replace(an_order(OrderState.QUEUED), id=name * 32)
        OrderModel.deserialize(
            model := OrderModel(),
            _image(order)
            | {"state": {"S": state}, "open_since": {"S": "2024-05-17T09:31:07.000Z"}},
        )
        model.save()
    found = [order.id[0] for order in services.orders.open_orders(order.shop_id)]
    assert found == ["b", "c"]
