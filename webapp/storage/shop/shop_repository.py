"""Shops, their QR codes' token buckets and their order numbers in DynamoDB."""

from __future__ import annotations

from datetime import datetime

from pynamodb.exceptions import DoesNotExist, UpdateError
from pynamodb.transactions import TransactWrite

from domain.hours import hours_from_dict, hours_to_dict
from domain.menu import menu_from_dict, menu_to_dict
from domain.shops import Edit, Shop, SignIn
from webapp.services.refused import Stale
from webapp.services.shop.ports import Shops
from webapp.storage.tables import CounterModel, IntakeModel, ShopModel
from webapp.storage.transaction import CONFLICT, check_refused, transact


class ShopRepository(Shops):
    """See the port."""

    def get(self, shop_id: str) -> Shop | None:
        try:
            return shop_from_model(ShopModel.get(shop_id, consistent_read=True))
        except DoesNotExist:
            return None

    def ids(self) -> list[str]:
        return [model.shop_id for model in ShopModel.scan(attributes_to_get=["shop_id"])]

    def create(self, shop: Shop) -> bool:
        def build(transaction: TransactWrite) -> None:
            transaction.save(_to_model(shop), condition=ShopModel.shop_id.does_not_exist())
            transaction.save(
                IntakeModel(shop.id, is_open=shop.is_open, capacity=shop.capacity),
                condition=IntakeModel.shop_id.does_not_exist(),
            )

        return transact(build) is None

    def save(self, before: Shop, after: Shop) -> None:
        def build(transaction: TransactWrite) -> None:
            transaction.save(_to_model(after), condition=ShopModel.version == before.version)
            transaction.update(
                IntakeModel(after.id),
                actions=[
                    IntakeModel.is_open.set(after.is_open),
                    IntakeModel.capacity.set(after.capacity),
                ],
            )

        if transact(build) is not None:
            raise Stale

    def open_order_count(self, shop_id: str) -> int:
        intake = _intake(shop_id, is_consistent=True)
        return len(intake.open_orders or ())

    def next_number(self, shop_id: str, day: str) -> int:
        # A retry after a lost answer may skip a number; none is ever given twice.
        counter = CounterModel(shop_id, day)
        counter.update(actions=[CounterModel.last_number.add(1)])
        return int(counter.last_number)

    def nameless_until(self, shop_id: str) -> datetime | None:
        return _intake(shop_id).nameless_until

    def set_nameless_until(self, shop_id: str, before: datetime | None, after: datetime) -> None:
        place = IntakeModel.nameless_until
        try:
            IntakeModel(shop_id).update(
                actions=[place.set(after)],
                condition=place.does_not_exist() if before is None else place == before,
            )
        except UpdateError as error:
            if error.cause_response_code == CONFLICT:
                # Orders go through the same item: the next run comes past here again.
                return
            check_refused(error)


def _intake(shop_id: str, is_consistent: bool = False) -> IntakeModel:
    try:
        return IntakeModel.get(shop_id, consistent_read=is_consistent)
    except DoesNotExist:
        return IntakeModel(shop_id)


def shop_from_model(model: ShopModel) -> Shop:
    """The domain's shop from an item."""
    return Shop(
        id=model.shop_id,
        name=model.title,
        pickup_place=model.pickup_place,
        timezone=model.zone,
        window_seconds=int(model.window_seconds),
        scans_per_code=int(model.scans_per_code),
        code_seconds=int(model.code_seconds),
        pass_seconds=int(model.pass_seconds),
        capacity=int(model.capacity),
        open_orders_per_customer=int(model.open_orders_per_customer),
        orders_per_day=int(model.orders_per_day),
        is_open=model.is_open,
        sign_in=SignIn(model.sign_in or SignIn.GUEST),
        phone_countries=tuple(model.phone_countries or ()),
        is_rehearsal=bool(model.is_rehearsal),
        shows_baristas=model.shows_baristas is not False,
        menu=menu_from_dict(model.menu),
        hours=hours_from_dict(model.hours or {}),
        door_at=model.door_at,
        extra_minutes=int(model.extra_minutes or 0),
        paused_until=model.paused_until,
        pause_is_automatic=bool(model.pause_is_automatic),
        auto_pause_at=int(model.auto_pause_at or 0),
        no_auto_pause_until=model.no_auto_pause_until,
        languages=tuple(model.languages or Shop.languages),
        pickup_places=model.pickup_places or {},
        accent=model.accent or "",
        logo=model.logo or "",
        keep_days=int(model.keep_days or Shop.keep_days),
        is_archived=bool(model.is_archived),
        edits={
            part: Edit(number, by, datetime.fromisoformat(at))
            for part, (number, by, at) in (model.edits or {}).items()
        },
        version=int(model.version),
    )


def shop_from_stream_image(image: dict) -> Shop:
    """The shop from a stream record's image."""
    model = ShopModel()
    model.deserialize({name: dict(value) for name, value in image.items()})
    return shop_from_model(model)


def _to_model(shop: Shop) -> ShopModel:
    return ShopModel(
        shop.id,
        version=shop.version,
        title=shop.name,
        pickup_place=shop.pickup_place,
        zone=shop.timezone,
        window_seconds=shop.window_seconds,
        scans_per_code=shop.scans_per_code,
        code_seconds=shop.code_seconds,
        pass_seconds=shop.pass_seconds,
        capacity=shop.capacity,
        open_orders_per_customer=shop.open_orders_per_customer,
        orders_per_day=shop.orders_per_day,
        is_open=shop.is_open,
        sign_in=shop.sign_in.value,
        phone_countries=list(shop.phone_countries),
        is_rehearsal=shop.is_rehearsal or None,
        shows_baristas=shop.shows_baristas,
        menu=menu_to_dict(shop.menu),
        hours=hours_to_dict(shop.hours),
        door_at=shop.door_at,
        extra_minutes=shop.extra_minutes,
        paused_until=shop.paused_until,
        pause_is_automatic=shop.pause_is_automatic,
        auto_pause_at=shop.auto_pause_at,
        no_auto_pause_until=shop.no_auto_pause_until,
        languages=list(shop.languages),
        pickup_places=dict(shop.pickup_places) or None,
        accent=shop.accent or None,
        logo=shop.logo or None,
        keep_days=shop.keep_days,
        is_archived=shop.is_archived,
        edits={
            part: [edit.number, edit.by, edit.at.isoformat()] for part, edit in shop.edits.items()
        },
    )
