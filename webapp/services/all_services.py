"""All bundles in one, for routes and consumers, which call the use cases of every subject."""

from __future__ import annotations

from dataclasses import dataclass

from webapp.services.api.bundle import ApiServices
from webapp.services.events.bundle import EventServices
from webapp.services.orders.bundle import PrintoutServices
from webapp.services.past.bundle import PastServices
from webapp.services.phone.bundle import PhoneServices
from webapp.services.shop.bundle import LogoServices
from webapp.services.staff.bundle import StaffServices


@dataclass(frozen=True, kw_only=True)
class Services(
    PrintoutServices,
    PhoneServices,
    StaffServices,
    PastServices,
    LogoServices,
    ApiServices,
    EventServices,
):
    """All ports. A use case asks for its subject's bundle only, and gets this or a smaller one.

    bootstrap.py builds this bundle; a test of one subject may build that subject's bundle alone.
    """
