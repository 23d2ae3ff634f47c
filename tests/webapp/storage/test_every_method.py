"""Whatever a person, a device or a changed setting asks for: no repository answers with a fault.

Methods and their parameters are found by looking; one without values to try fails here.
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest

import webapp.storage
from domain.admission import ScanPass, TokenBucket
from domain.errors import Refusal
from domain.events import events_for_change, journey_key
from domain.metrics import record_of
from domain.orders import WALK_UP, OrderState
from tests.builders import NOW, a_shop, an_order, journey_to
from webapp.services.all_services import Services
from webapp.services.api.ports import StoredAnswer
from webapp.services.intake.ports import CustomerSession
from webapp.services.orders.ports import Claim, OrderCursor, OrderQuery
from webapp.services.past.ports import CustomerTrace
from webapp.services.phone.ports import PhoneSignIn
from webapp.services.refused import AlreadyThere, Stale
from webapp.services.staff.ports import Device, SignInStep, StaffSession, StaffSignIn
from webapp.storage.tables import CustomerModel, MetricModel, OrderModel

BEGIN_OF_TIME = datetime.min.replace(tzinfo=UTC)
END_OF_TIME = datetime.max.replace(tzinfo=UTC)
STORED = 3
IDS = [f"{number:032x}" for number in range(STORED)]
LONG = "x" * 3000
BROWSER = CustomerSession("0" * 64, "customer-1")
PHONE = PhoneSignIn(BROWSER.id, "main", "customer-1", "+4915112345678", "…678", "ask", NOW)
BUCKET = TokenBucket("main", 7, 4, 0, NOW, NOW + timedelta(minutes=5))
CLAIM = Claim(an_order(), BUCKET, BROWSER.id, "2024-05-17", 1, 20, NOW)
MARK = '[1, "OrderManager.MakeOrder", 1715938267000, {}]'
EVENT = events_for_change(*journey_to(OrderState.ADMITTED)[-2:])[0]
NEVER_BELOW = (0, -1)

TEXTS = ["", LONG, "é" * 1000, "nobody-has-this"]
MOMENTS = [BEGIN_OF_TIME, END_OF_TIME, NOW, NOW - timedelta(days=30), NOW + timedelta(days=30)]
AMOUNTS = [*NEVER_BELOW, 1, 2, 10**12]
DAYS = ["", LONG, "0001-01-01", "2024-05-18", "2024-05-16", "9999-12-31", "２０２４"]
PLACES = [
    OrderCursor(BEGIN_OF_TIME, IDS[0]),
    OrderCursor(END_OF_TIME, IDS[0]),
    OrderCursor(NOW, IDS[0]),
    OrderCursor(NOW, ""),
    OrderCursor(NOW, LONG),
    OrderCursor(NOW - timedelta(days=1), IDS[0]),
    OrderCursor(NOW + timedelta(days=1), "of another shop"),
]
QUERIES = [
    *(OrderQuery(most=most) for most in AMOUNTS),
    *(OrderQuery(since=since, until=until) for since in MOMENTS for until in MOMENTS),
    *(OrderQuery(after=place) for place in PLACES),
    *(OrderQuery(since=since, after=place) for since in MOMENTS for place in PLACES),
    *(OrderQuery(until=until, after=place) for until in MOMENTS for place in PLACES),
    OrderQuery(customer_id="", states=frozenset({OrderState.CLAIMED})),
]

TRIED: dict[str, list] = {
    # The first value is a good one; each of the others is tried with all good ones beside it.
    **{
        name: [good, *TEXTS]
        for name, good in {
            "shop_id": "main",
            "order_id": IDS[0],
            "customer_id": "customer-1",
            "email": "a@b.example",
            "secret": "secret",
            "new_secret": "new secret",
            "session_id": BROWSER.id,
            "name": "Kim",
            "token": "token",
            "device_id": "till",
            "key": "codes|198.51.100.0/24|7",
            "code": "ABCD-2345",
            "browser": "browser",
            "role": "display",
            "cause": "full",
            "try_id": "a try",
            "digest": "digest",
        }.items()
    },
    **{name: ["2024-05-17", *DAYS] for name in ("day", "first_day", "last_day", "calendar_day")},
    **{name: [NOW, *MOMENTS] for name in ("since", "until")},
    **{name: [5, *AMOUNTS] for name in ("most", "most_tries", "most_wrong")},
    "window": [7, 0, -1, 10**40, -(10**40)],
    "asked": [OrderQuery(), *QUERIES],
    # Made by the product itself, never by anybody outside.
    "now": [NOW],
    "at": [NOW],
    "ends_at": [NOW + timedelta(hours=1)],
    "dies_at": [NOW],
    "phone_ends_at": [NOW],
    "phone": ["…678"],
    "code_hash": ["hash"],
    "picture": [b"<svg/>"],
    "scan_pass": [ScanPass("main", 7, NOW, IDS[0])],
    "session": [BROWSER],
    "bucket": [BUCKET],
    "order": [an_order(id=IDS[0]), an_order(id="nobody-has-this")],
    "claim": [CLAIM],
    "shop": [a_shop(id="annex")],
    "trace": [
        CustomerTrace("main", "customer-1", frozenset(entries), frozenset())
        for entries in ("x", "", [LONG])
    ],
    "answer": [StoredAnswer(200, "{}")],
    "sign_in": [PHONE],
    "device": [Device("till", "main", "Till", frozenset({"orders:read"}), NOW)],
    "details": [{journey_key(EVENT): EVENT.to_detail()}],
    "detail": [{}],
    "mark": [MARK],
    "marks": [{MARK}, set()],
    "event": [EVENT],
    "hour": [NOW, *MOMENTS],
    "proof": ["proof"],
    "records": [[], [record_of(IDS[0], [MARK])]],
    "is_consistent": [False, True],
}
PARTICULAR = {
    # What a name means in one place only.
    "JourneyRepository.store.at": "2024-05-17T09:31:07+00:00",
    "JourneyRepository.store_step.at": "2024-05-17T09:31:07+00:00",
    "JourneyRepository.store.key": "000001#00#Validator.NewOrder",
    "SessionRepository.create_link.session": StaffSession("", "main", "barista", "Kim"),
    "SessionRepository.begin.session": StaffSession("", "main", "barista", "Kim"),
    "SignInRepository.keep.sign_in": StaffSignIn(
        "main", "a@b.example", "session_epoch", SignInStep.CODE, "user", "handle", "key"
    ),
    "OrderRepository.claim_walk_up.order": an_order(customer_id=WALK_UP),
    "OrderRepository.save.before": an_order(id=IDS[0]),
    "OrderRepository.save.after": an_order(OrderState.ADMITTED, id=IDS[0]),
    "ShopRepository.save.before": a_shop(),
    "ShopRepository.save.after": a_shop(version=2),
    "ShopRepository.set_nameless_until.before": None,
    "ShopRepository.set_nameless_until.after": NOW,
}


def repositories() -> list[type]:
    modules = [
        importlib.import_module(module.name)
        for module in pkgutil.walk_packages(webapp.storage.__path__, "webapp.storage.")
    ]
    return [
        kind
        for module in modules
        for kind in vars(module).values()
        if inspect.isclass(kind)
        and kind.__module__ == module.__name__
        and kind.__name__.endswith("Repository")
    ]


METHODS = [
    f"{kind.__name__}.{name}"
    for kind in repositories()
    for name, member in vars(kind).items()
    if callable(member) and not name.startswith("_")
]


@pytest.fixture
def stored(services) -> Services:
    """Three orders of one customer, each a minute later, with a mark for the figures."""
    times = [NOW + timedelta(minutes=number) for number in range(STORED)]
    for order_id, at in zip(IDS, times):
        services.orders.claim_walk_up(an_order(id=order_id, created_at=at), "2024-05-17")
        moment = OrderModel.created_at.serialize(at)
        MetricModel("main", f"order#{moment}#{order_id}", marks={MARK}).save()
    recent = {f"{OrderModel.created_at.serialize(at)}#{one}" for one, at in zip(IDS, times)}
    CustomerModel("main", "customer-1", recent_orders=recent).save()
    return services


@pytest.mark.parametrize("method", METHODS)
def test_no_repository_answers_with_a_fault(stored, method):
    kind, _, name = method.partition(".")
    [repository] = [made() for made in repositories() if made.__name__ == kind]
    call, reached = getattr(repository, name), 0
    for values in _calls(method, call):
        answer = _answer(call, values)
        most = values.get("most", getattr(values.get("asked"), "most", None))
        if isinstance(answer, tuple):
            answer = answer[0]
        if most is not None and isinstance(answer, (list, dict)):
            assert len(answer) <= max(most, 0), values
            reached = max(reached, len(answer))
        if most in NEVER_BELOW:
            assert not answer, values
    assert reached in (0, STORED)


def _answer(call: Callable, values: dict):
    try:
        answer = call(**values)
        return list(answer) if inspect.isgenerator(answer) else answer
    except (AlreadyThere, Refusal, Stale):
        return None
    except Exception as error:
        error.add_note(f"asked with { ({name: repr(one)[:80] for name, one in values.items()}) }")
        raise


def _calls(method: str, call: Callable) -> Iterator[dict]:
    tried = {}
    for name in inspect.signature(call).parameters:
        particular = f"{method}.{name}"
        assert particular in PARTICULAR or name in TRIED, f"{particular} has no values to try"
        tried[name] = [PARTICULAR[particular]] if particular in PARTICULAR else TRIED[name]
    good = {name: values[0] for name, values in tried.items()}
    yield good
    for name, values in tried.items():
        for value in values[1:]:
            yield good | {name: value}
    if {"since", "until"} <= tried.keys():
        for since in tried["since"]:
            yield from (good | {"since": since, "until": until} for until in tried["until"])
    if {"first_day", "last_day"} <= tried.keys():
        for first in tried["first_day"]:
            yield from (good | {"first_day": first, "last_day": last} for last in tried["last_day"])
