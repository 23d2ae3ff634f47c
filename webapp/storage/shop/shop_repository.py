"""Shops, their doors and their order numbers in DynamoDB."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from pynamodb.exceptions import DoesNotExist, UpdateError
from pynamodb.transactions import TransactWrite

from domain.hours import hours_from_dict, hours_to_dict
from domain.menu import menu_from_dict, menu_to_dict
from domain.shops import Edit, Shop, SignIn
from webapp.services.refused import Stale
from webapp.services.shop.ports import Shops
from webapp.storage.field_mapping import AS_LIST, Codec, FieldMapping, one_of
from webapp.storage.tables import CounterModel, IntakeModel, ShopModel
from webapp.storage.transaction import CONFLICT, check_refused, transact


class ShopRepository(Shops):
    """Fulfils the port `Shops`, which describes each method."""

    def get(self, shop_id: str) -> Shop | None:
        try:
            return SHOP_ROW.read(ShopModel.get(shop_id, consistent_read=True))
        except DoesNotExist:
            return None

    def ids(self) -> list[str]:
        return [model.shop_id for model in ShopModel.scan(attributes_to_get=["shop_id"])]

    def create(self, shop: Shop) -> bool:
        def build(transaction: TransactWrite) -> None:
            transaction.save(
                ShopModel(**SHOP_ROW.write(shop)), condition=ShopModel.shop_id.does_not_exist()
            )
            transaction.save(
                IntakeModel(shop.id, is_open=shop.is_open, capacity=shop.capacity),
                condition=IntakeModel.shop_id.does_not_exist(),
            )

        return transact(build) is None

    def save(self, before: Shop, after: Shop) -> None:
        def build(transaction: TransactWrite) -> None:
            transaction.save(
                ShopModel(**SHOP_ROW.write(after)), condition=ShopModel.version == before.version
            )
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
        # A retry after a lost answer may skip a number, but no number is ever given twice.
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
                # Orders write to the same item at this moment. The next run tries again.
                return
            check_refused(error)


def _intake(shop_id: str, is_consistent: bool = False) -> IntakeModel:
    try:
        return IntakeModel.get(shop_id, consistent_read=is_consistent)
    except DoesNotExist:
        return IntakeModel(shop_id)


def _edits_to_json(edits: Mapping[str, Edit]) -> dict:
    return {part: [edit.number, edit.by, edit.at.isoformat()] for part, edit in edits.items()}


def _edits_from_json(data: Mapping[str, list]) -> dict[str, Edit]:
    return {
        part: Edit(number, by, datetime.fromisoformat(at))
        for part, (number, by, at) in data.items()
    }


SHOP_ROW = FieldMapping(
    Shop,
    ShopModel,
    columns={"id": "shop_id", "name": "title", "timezone": "zone"},
    codecs={
        "sign_in": one_of(SignIn),
        "phone_countries": AS_LIST,
        "menu": Codec(menu_to_dict, menu_from_dict),
        "hours": Codec(hours_to_dict, hours_from_dict),
        "languages": AS_LIST,
        "edits": Codec(_edits_to_json, _edits_from_json),
    },
    left_out_when_empty=("is_rehearsal", "pickup_places", "accent", "logo"),
)
"""Maps a shop to its table. A new field of Shop needs a column in ShopModel, and here only a
codec."""
