"""The bundle of the use cases about people, screens and devices."""

from __future__ import annotations

from dataclasses import dataclass

from webapp.services.limits.bundle import LimitServices
from webapp.services.shop.bundle import ShopServices
from webapp.services.staff.ports import Devices, SessionEpochs, Sessions, StaffPool, StaffSignIns


@dataclass(frozen=True, kw_only=True)
class StaffServices(ShopServices, LimitServices):
    """People with their accounts, the sessions of people and screens, and devices."""

    sessions: Sessions
    session_epochs: SessionEpochs
    sign_ins: StaffSignIns
    staff_pool: StaffPool
    devices: Devices
    public_url: str
