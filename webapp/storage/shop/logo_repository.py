"""Shops' logos in DynamoDB."""

from __future__ import annotations

from pynamodb.exceptions import DoesNotExist

from webapp.services.shop.ports import Logos
from webapp.storage.tables import LogoModel


class LogoRepository(Logos):
    """See the port."""

    def put(self, shop_id: str, name: str, picture: bytes) -> None:
        LogoModel(shop_id, name, picture=picture).save()

    def get(self, shop_id: str, name: str) -> bytes | None:
        # Screens ask the moment they hear of a new logo: the cheap read may be too early.
        for is_consistent in (False, True):
            try:
                return LogoModel.get(shop_id, name, consistent_read=is_consistent).picture
            except DoesNotExist:
                continue
        return None

    def delete(self, shop_id: str, name: str) -> None:
        LogoModel(shop_id, name).delete()
