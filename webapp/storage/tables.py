"""The tables as PynamoDB models. The CloudFormation template takes its definitions from here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, TypeVar

from pynamodb.attributes import (
    Attribute,
    BinaryAttribute,
    BooleanAttribute,
    JSONAttribute,
    NumberAttribute,
    TTLAttribute,
    UnicodeAttribute,
    UnicodeSetAttribute,
)
from pynamodb.constants import STRING
from pynamodb.indexes import (
    AllProjection,
    GlobalSecondaryIndex,
    IncludeProjection,
    KeysOnlyProjection,
    LocalSecondaryIndex,
)
from pynamodb.models import Model

from domain.instants import to_iso

DEFAULT_PREFIX = "serverlesspresso-"


class TimeAttribute(Attribute[datetime]):
    """A UTC time, written like Step Functions' `$$.State.EnteredTime`."""

    attr_type = STRING

    def serialize(self, value: datetime) -> str:
        return to_iso(value)

    def deserialize(self, value: str) -> datetime:
        return datetime.fromisoformat(value)


class OpenOrdersIndex(LocalSecondaryIndex):
    """A shop's open orders.

    The index is local, so that a screen's new read sees the write that caused it.
    """

    class Meta:
        index_name = "open-orders"
        # The index holds all that cards, lines and the sweep need, but never the task token.
        projection = IncludeProjection(
            [
                "state",
                "version",
                "attempt",
                "customer_id",
                "window_index",
                "order_number",
                "drink_order",
                "created_at",
                "admitted_at",
                "submitted_at",
                "queued_at",
                "making_at",
                "ended_at",
                "choose_seconds",
                "make_seconds",
                "barista_id",
                "barista_name",
                "remade_at",
                "taken_back_at",
                "for_name",
            ]
        )

    shop_id = UnicodeAttribute(hash_key=True)
    open_since = TimeAttribute(range_key=True)


class OrdersByBeginIndex(GlobalSecondaryIndex):
    """All orders of a shop in the order in which they began, for lists of a day.

    The index holds keys only, and these never change, so each order is written here only once.
    """

    class Meta:
        index_name = "orders-by-begin"
        projection = KeysOnlyProjection()

    shop_id = UnicodeAttribute(hash_key=True)
    created_at = TimeAttribute(range_key=True)


class OrderModel(Model):
    """One order. `open_since` exists only while the order is on its shop's list (sparse index)."""

    class Meta:
        table_name = DEFAULT_PREFIX + "orders"

    shop_id = UnicodeAttribute(hash_key=True)
    order_id = UnicodeAttribute(range_key=True)
    customer_id = UnicodeAttribute()
    window_index = NumberAttribute()
    created_at = TimeAttribute()
    open_since = TimeAttribute(null=True)
    state = UnicodeAttribute()
    version = NumberAttribute()
    attempt = NumberAttribute(default=1)
    order_number = NumberAttribute(null=True)
    drink_order = JSONAttribute(null=True)
    told = JSONAttribute(null=True)
    admitted_at = TimeAttribute(null=True)
    submitted_at = TimeAttribute(null=True)
    queued_at = TimeAttribute(null=True)
    making_at = TimeAttribute(null=True)
    ended_at = TimeAttribute(null=True)
    collected_at = TimeAttribute(null=True)
    choose_seconds = NumberAttribute(null=True)
    make_seconds = NumberAttribute(null=True)
    barista_id = UnicodeAttribute(null=True)
    barista_name = UnicodeAttribute(null=True)
    cancelled_by = UnicodeAttribute(null=True)
    reason = UnicodeAttribute(null=True)
    task_token = UnicodeAttribute(null=True)
    write_id = UnicodeAttribute(null=True)
    remade_at = TimeAttribute(null=True)
    taken_back_at = TimeAttribute(null=True)
    for_name = UnicodeAttribute(null=True)
    language = UnicodeAttribute(null=True)
    open_orders = OpenOrdersIndex()
    by_begin = OrdersByBeginIndex()


READ_ATTRIBUTES = sorted(OrderModel.get_attributes().keys() - {"task_token", "write_id"})
"""The attributes that pages and lists read. A page cannot reveal an attribute that it does not
hold."""


class CustomerModel(Model):
    """What a customer has at a shop: the orders under way, and how many they took on a day.

    orders_of_day: how many orders the customer began on calendar_day. The states of the orders say
        which of them ended without a drink.
    under_way: the orders that were under way when the customer last began one, as `<order id>`, or
        as `<order id>#<attempt>` for an order that came back from its end. An order's own state
        says whether it still is under way: an end does not write here, and the next claim removes
        it.
    recent_orders: the customer's orders by time as `<created_at>#<order id>`, for as long as the
        shop keeps whose they were.
    sessions: the browsers that made these orders.
    """

    class Meta:
        table_name = DEFAULT_PREFIX + "customers"

    shop_id = UnicodeAttribute(hash_key=True)
    customer_id = UnicodeAttribute(range_key=True)
    under_way = UnicodeSetAttribute(null=True)
    # Remove after 1.1: before 1.0, the end of an order was written here and there was no under_way.
    open_orders = UnicodeSetAttribute(null=True)
    calendar_day = UnicodeAttribute(null=True)
    orders_of_day = NumberAttribute(null=True)
    recent_orders = UnicodeSetAttribute(null=True)
    sessions = UnicodeSetAttribute(null=True)
    expires_at = TTLAttribute(null=True)


class CustomerSessionModel(Model):
    """A browser that scanned a code, with its pass, under the hash of its cookie's secret."""

    class Meta:
        table_name = DEFAULT_PREFIX + "customer-sessions"

    session_id = UnicodeAttribute(hash_key=True)
    customer_id = UnicodeAttribute()
    pass_shop = UnicodeAttribute(null=True)
    pass_window = NumberAttribute(null=True)
    pass_ends_at = TimeAttribute(null=True)
    pass_order = UnicodeAttribute(null=True)
    phone = UnicodeAttribute(null=True)
    phone_ends_at = TimeAttribute(null=True)
    ends_at = TimeAttribute()
    expires_at = TTLAttribute()


class PhoneSignInModel(Model):
    """A browser that waits for its texted code. Only this table holds the phone number itself."""

    class Meta:
        table_name = DEFAULT_PREFIX + "phone-sign-ins"

    session_id = UnicodeAttribute(hash_key=True)
    shop_id = UnicodeAttribute()
    customer_id = UnicodeAttribute()
    number = UnicodeAttribute()
    phone = UnicodeAttribute()
    ask_id = UnicodeAttribute()
    asked_at = TimeAttribute()
    is_silent = BooleanAttribute()
    language = UnicodeAttribute(null=True)
    code_hash = UnicodeAttribute(null=True)
    code_ends_at = TimeAttribute(null=True)
    tries = NumberAttribute()
    expires_at = TTLAttribute()


class WrongCodesModel(Model):
    """The wrong texted codes for one number on a day, as a set, so that none is counted twice."""

    class Meta:
        table_name = DEFAULT_PREFIX + "wrong-codes"

    customer_id = UnicodeAttribute(hash_key=True)
    calendar_day = UnicodeAttribute(range_key=True)
    try_ids = UnicodeSetAttribute(null=True)
    expires_at = TTLAttribute()


class LimitModel(Model):
    """How often something was done within one span of time."""

    class Meta:
        table_name = DEFAULT_PREFIX + "limits"

    limit_key = UnicodeAttribute(hash_key=True)
    taken = NumberAttribute()
    expires_at = TTLAttribute()


class IntakeModel(Model):
    """A shop's door: open or closed, and the ids of the orders that hold its places.

    nameless_until: the orders that began before this moment name nobody any more.
    """

    class Meta:
        table_name = DEFAULT_PREFIX + "intakes"

    shop_id = UnicodeAttribute(hash_key=True)
    is_open = BooleanAttribute()
    capacity = NumberAttribute(attr_name="places")
    open_orders = UnicodeSetAttribute(null=True)
    nameless_until = TimeAttribute(null=True)


class ShopModel(Model):
    """A shop's settings. The table's stream announces ConfigChanged."""

    class Meta:
        table_name = DEFAULT_PREFIX + "shops"

    shop_id = UnicodeAttribute(hash_key=True)
    version = NumberAttribute()
    title = UnicodeAttribute()
    pickup_place = UnicodeAttribute()
    zone = UnicodeAttribute()
    window_seconds = NumberAttribute()
    scans_per_code = NumberAttribute()
    code_seconds = NumberAttribute()
    pass_seconds = NumberAttribute()
    open_orders_per_customer = NumberAttribute()
    orders_per_day = NumberAttribute()
    capacity = NumberAttribute(attr_name="places")
    is_open = BooleanAttribute()
    # Remove after 2.0: these four may be missing in shops that were saved last before 1.0.
    sign_in = UnicodeAttribute(null=True)
    phone_countries = JSONAttribute(null=True)
    is_rehearsal = BooleanAttribute(null=True)
    shows_baristas = BooleanAttribute(null=True)
    menu = JSONAttribute()
    # Remove after 2.0: such shops may lack these too, even those that now always have a value.
    hours = JSONAttribute(null=True)
    door_at = TimeAttribute(null=True)
    extra_minutes = NumberAttribute(null=True)
    paused_until = TimeAttribute(null=True)
    pause_is_automatic = BooleanAttribute(null=True)
    auto_pause_at = NumberAttribute(null=True)
    no_auto_pause_until = TimeAttribute(null=True)
    languages = JSONAttribute(null=True)
    pickup_places = JSONAttribute(null=True)
    accent = UnicodeAttribute(null=True)
    logo = UnicodeAttribute(null=True)
    keep_days = NumberAttribute(null=True)
    is_archived = BooleanAttribute(null=True)
    edits = JSONAttribute(null=True)


class LogoModel(Model):
    """A shop's logo. Its name is derived from its content."""

    class Meta:
        table_name = DEFAULT_PREFIX + "logos"

    shop_id = UnicodeAttribute(hash_key=True)
    logo_name = UnicodeAttribute(range_key=True)
    picture = BinaryAttribute(legacy_encoding=False)


class QrCodeModel(Model):
    """The token bucket of one QR code's window."""

    class Meta:
        table_name = DEFAULT_PREFIX + "qr-codes"

    shop_id = UnicodeAttribute(hash_key=True)
    window_index = NumberAttribute(range_key=True)
    scans = NumberAttribute()
    taken = NumberAttribute()
    opens_at = TimeAttribute()
    closes_at = TimeAttribute()
    expires_at = TTLAttribute()


class CounterModel(Model):
    """The last order number that a shop gave out on a day."""

    class Meta:
        table_name = DEFAULT_PREFIX + "counters"

    shop_id = UnicodeAttribute(hash_key=True)
    calendar_day = UnicodeAttribute(range_key=True)
    last_number = NumberAttribute()


class StaffOfShopIndex(GlobalSecondaryIndex):
    """The people and screens that are signed in at a shop."""

    class Meta:
        index_name = "staff-of-shop"
        projection = AllProjection()

    staff_of = UnicodeAttribute(hash_key=True)
    session_id = UnicodeAttribute(range_key=True)


class SessionModel(Model):
    """A staff session, a sign-in link or a screen that asks to be paired.

    Its key is the hash of its secret.
    staff_of: repeats the shop of a session, so that the index holds sessions only.
    browser: the hash of a secret that only the asking screen knows.
    """

    class Meta:
        table_name = DEFAULT_PREFIX + "sessions"

    session_id = UnicodeAttribute(hash_key=True)
    kind = UnicodeAttribute()
    shop_id = UnicodeAttribute()
    staff_role = UnicodeAttribute()
    title = UnicodeAttribute()
    staff_of = UnicodeAttribute(null=True)
    browser = UnicodeAttribute(null=True)
    email = UnicodeAttribute(null=True)
    session_epoch = UnicodeAttribute(null=True, attr_name="badge")
    began_at = TimeAttribute(null=True)
    seen_at = TimeAttribute(null=True)
    ends_at = TimeAttribute()
    expires_at = TTLAttribute()
    of_shop = StaffOfShopIndex()


class SessionEpochModel(Model):
    """A person's session epoch. Only the sessions that carry it are valid."""

    class Meta:
        table_name = DEFAULT_PREFIX + "badges"

    email = UnicodeAttribute(hash_key=True)
    session_epoch = UnicodeAttribute(attr_name="badge")


class SignInModel(Model):
    """A sign-in between the password and the last step, under the hash of its browser's secret."""

    class Meta:
        table_name = DEFAULT_PREFIX + "sign-ins"

    sign_in_id = UnicodeAttribute(hash_key=True)
    shop_id = UnicodeAttribute()
    email = UnicodeAttribute()
    session_epoch = UnicodeAttribute(attr_name="badge")
    step = UnicodeAttribute()
    pool_user = UnicodeAttribute()
    handle = UnicodeAttribute()
    authenticator_key = UnicodeAttribute()
    ends_at = TimeAttribute()
    expires_at = TTLAttribute()


class JourneyModel(Model):
    """One step of an order's journey with its events, or a single event that came over the bus.

    step: the values that its events have in common, and each event's key with its own values.
    """

    class Meta:
        table_name = DEFAULT_PREFIX + "journeys"

    order_id = UnicodeAttribute(hash_key=True)
    event_key = UnicodeAttribute(range_key=True)
    happened_at = UnicodeAttribute()
    step = JSONAttribute(null=True)
    detail_type = UnicodeAttribute(null=True)
    detail = JSONAttribute(null=True)


class DevicesOfShopIndex(GlobalSecondaryIndex):
    """A shop's devices, for the admin's page."""

    class Meta:
        index_name = "devices-of-shop"
        projection = AllProjection()

    shop_id = UnicodeAttribute(hash_key=True)
    device_id = UnicodeAttribute(range_key=True)


class DeviceModel(Model):
    """A device that uses the JSON API, under the hash of its token."""

    class Meta:
        table_name = DEFAULT_PREFIX + "devices"

    token_hash = UnicodeAttribute(hash_key=True)
    shop_id = UnicodeAttribute()
    device_id = UnicodeAttribute()
    title = UnicodeAttribute()
    scopes = UnicodeSetAttribute()
    began_at = TimeAttribute()
    seen_at = TimeAttribute(null=True)
    ends_at = TimeAttribute()
    expires_at = TTLAttribute()
    of_shop = DevicesOfShopIndex()


class IdempotentCallModel(Model):
    """The stored answer to a request with an Idempotency-Key.

    Without a body, the call is under way. begun_by: names the call that carries it out.
    """

    class Meta:
        table_name = DEFAULT_PREFIX + "answers"

    call_name = UnicodeAttribute(hash_key=True)
    digest = UnicodeAttribute()
    begun_by = UnicodeAttribute(null=True)
    dies_at = TimeAttribute()
    status = NumberAttribute(null=True)
    body = UnicodeAttribute(null=True)
    expires_at = TTLAttribute()


class MetricModel(Model):
    """What is counted: an order's marks, or how many scans were refused on a day for one reason.

    An order's key begins with the moment at which the order began. An item may also stand for all
    orders of an hour long ago. packed: what the marks of these orders say. packing: proves which
    reader is packing the hour.
    """

    class Meta:
        table_name = DEFAULT_PREFIX + "metrics"

    shop_id = UnicodeAttribute(hash_key=True)
    item_key = UnicodeAttribute(range_key=True)
    marks = UnicodeSetAttribute(null=True)
    taken = NumberAttribute(null=True)
    packed = BinaryAttribute(null=True, legacy_encoding=False)
    packing = UnicodeAttribute(null=True)


MODELS: tuple[type[Model], ...] = (
    OrderModel,
    CustomerModel,
    CustomerSessionModel,
    PhoneSignInModel,
    WrongCodesModel,
    IntakeModel,
    ShopModel,
    QrCodeModel,
    CounterModel,
    LogoModel,
    SessionModel,
    SessionEpochModel,
    SignInModel,
    LimitModel,
    JourneyModel,
    DeviceModel,
    IdempotentCallModel,
    MetricModel,
)

STREAMED: tuple[type[Model], ...] = (OrderModel, ShopModel)
"""The tables whose streams are the outbox."""


def use_prefix(prefix: str) -> None:
    """Points all models to the tables of one deployment."""
    for model in MODELS:
        model.Meta.table_name = prefix + base_name(model)


def base_name(model: type[Model]) -> str:
    """Returns a table's name without its deployment's prefix."""
    return _BASE_NAMES[model]


_BASE_NAMES = {model: model.Meta.table_name.removeprefix(DEFAULT_PREFIX) for model in MODELS}


def streamed_model(table_name: str) -> type[Model] | None:
    """Returns the model with a stream whose table in any deployment has this name; else None."""
    return next((model for model in STREAMED if table_name.endswith(base_name(model))), None)


Key = TypeVar("Key", bound=Mapping[str, Any])


def table_definitions() -> list[dict]:
    """Returns what the template needs for each table: keys, indexes, stream and time to live."""
    definitions = []
    for model in MODELS:
        schema = model._get_schema()
        definitions.append(
            {
                "name": base_name(model),
                "attributes": schema["attribute_definitions"],
                "keys": _hash_first(schema["key_schema"]),
                "local_indexes": [
                    _with_hash_first(one) for one in schema["local_secondary_indexes"]
                ],
                "global_indexes": [
                    _with_hash_first(one) for one in schema["global_secondary_indexes"]
                ],
                "has_stream": model in STREAMED,
                "ttl": next(
                    (
                        attribute.attr_name
                        for attribute in model.get_attributes().values()
                        if isinstance(attribute, TTLAttribute)
                    ),
                    None,
                ),
            }
        )
    return definitions


def _with_hash_first(index: Mapping[str, Any]) -> dict[str, Any]:
    return {**index, "key_schema": _hash_first(index["key_schema"])}


def _hash_first(keys: Iterable[Key]) -> list[Key]:
    """Returns a key's parts in DynamoDB's order, because PynamoDB sorts them by name."""
    return sorted(keys, key=lambda key: str(key["KeyType"]))
