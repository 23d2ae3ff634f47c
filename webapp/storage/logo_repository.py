"""Shops' logos in DynamoDB."""

from __future__ import annotations

from pynamodb.exceptions import DoesNotExist

from webapp.storage.tables import LogoModel


class LogoRepository:
    """See services.ports.Logos."""

    def put(self, shop_id: str, name: str, picture: bytes) -> None:
        LogoModel(shop_id, name, picture=picture).save()

    def get(self, shop_id: str, name: str) -> bytes | None:
        try:
            return LogoModel.get(shop_id, name).picture
        except DoesNotExist:
            return None

    def delete(self, shop_id: str, name: str) -> None:
        LogoModel(shop_id, name).delete()
