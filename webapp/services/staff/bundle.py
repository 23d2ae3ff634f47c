"""What the use cases about people, screens and devices of the bar may touch."""

from __future__ import annotations

from dataclasses import dataclass

from webapp.services.limits.bundle import LimitServices
from webapp.services.shop.bundle import ShopServices
from webapp.services.staff.ports import Devices, SessionEpochs, Sessions, StaffPool, StaffSignIns


@dataclass(frozen=True, kw_only=True)
class StaffServices(ShopServices, LimitServices):
    """Named people with their accounts, and what is signed in."""

    sessions: Sessions
    session_epochs: SessionEpochs
    sign_ins: StaffSignIns
    staff_pool: StaffPool
    devices: Devices
    public_url: str
