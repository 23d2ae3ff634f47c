"""The shops' logos in DynamoDB."""

from __future__ import annotations

from pynamodb.exceptions import DoesNotExist

from webapp.services.shop.ports import Logos
from webapp.storage.tables import LogoModel


class LogoRepository(Logos):
    """Fulfils the port `Logos`, which describes each method."""

    def put(self, shop_id: str, name: str, picture: bytes) -> None:
        LogoModel(shop_id, name, picture=picture).save()

    def get(self, shop_id: str, name: str) -> bytes | None:
        # Screens ask as soon as they hear of a new logo, so the cheap read may not see it yet.
        for is_consistent in (False, True):
            try:
                return LogoModel.get(shop_id, name, consistent_read=is_consistent).picture
            except DoesNotExist:
                continue
        return None

    def delete(self, shop_id: str, name: str) -> None:
        LogoModel(shop_id, name).delete()
