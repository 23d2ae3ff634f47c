"""Devices, stored under the hash of their token."""

from __future__ import annotations

from datetime import datetime

from pynamodb.exceptions import DeleteError, DoesNotExist, UpdateError

from webapp.services.staff.ports import Device, Devices
from webapp.storage.secret_hash import hash_secret
from webapp.storage.tables import DeviceModel
from webapp.storage.transaction import check_refused


class DeviceRepository(Devices):
    """Fulfils the port `Devices`, which describes each method."""

    def create(self, token: str, device: Device, ends_at: datetime) -> None:
        DeviceModel(
            hash_secret(token),
            shop_id=device.shop_id,
            device_id=device.id,
            title=device.name,
            scopes=set(device.scopes),
            began_at=device.began_at,
            ends_at=ends_at,
            expires_at=ends_at,
        ).save(condition=DeviceModel.token_hash.does_not_exist())

    def get(self, token: str, now: datetime) -> Device | None:
        try:
            model = DeviceModel.get(hash_secret(token), consistent_read=True)
        except DoesNotExist:
            return None
        return _device(model) if model.ends_at > now else None

    def touch(self, token: str, now: datetime) -> None:
        try:
            DeviceModel(hash_secret(token)).update(
                actions=[DeviceModel.seen_at.set(now)], condition=DeviceModel.token_hash.exists()
            )
        except UpdateError as error:
            # The device was removed meanwhile.
            check_refused(error)

    def of_shop(self, shop_id: str, now: datetime) -> list[Device]:
        found = DeviceModel.of_shop.query(shop_id)
        return [_device(model) for model in found if model.ends_at > now]

    def remove(self, shop_id: str, device_id: str) -> bool:
        for model in DeviceModel.of_shop.query(shop_id, DeviceModel.device_id == device_id):
            try:
                DeviceModel(model.token_hash).delete(condition=DeviceModel.shop_id == shop_id)
            except DeleteError as error:
                # The device was removed meanwhile.
                check_refused(error)
            return True
        return False


def _device(model: DeviceModel) -> Device:
    return Device(
        id=model.device_id,
        shop_id=model.shop_id,
        name=model.title,
        scopes=frozenset(model.scopes),
        began_at=model.began_at,
        seen_at=model.seen_at,
    )
