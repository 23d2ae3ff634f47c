"""The people of the team who have an account of their own."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum


class StaffRole(StrEnum):
    """What a person or a screen may do. An admin may do everything that the others may."""

    ADMIN = "admin"
    BARISTA = "barista"
    DISPLAY = "display"


PERSON_ROLES = (StaffRole.BARISTA, StaffRole.ADMIN)
"""The roles of people. The lesser role comes first, because it counts for an account that has
both."""
NAME_LENGTH = 24
"""The limit for the name of a person or a screen, and for the name called out for a drink."""
EVERY_SHOP = "*"
"""Stands among a person's shops for all shops, also those that are created later."""
_EMAIL = re.compile(r"[^@\s\x00-\x1f]{1,64}@[a-z0-9-]{1,63}(\.[a-z0-9-]{1,63})+")
_LONGEST_EMAIL = 128


@dataclass(frozen=True)
class Person:
    """An account. `id` names it in addresses; its owner signs in with `email`.

    role: one of PERSON_ROLES, or empty while the account is half made and opens nothing.
    shops: ids of the shops that the account is for.
    is_invited: the owner has not chosen a password yet.
    """

    id: str
    email: str
    name: str
    role: str
    shops: frozenset[str]
    is_enabled: bool = True
    is_invited: bool = False

    def may_work_at(self, shop_id: str) -> bool:
        """Returns True when the account opens this shop's pages."""
        return bool(self.role) and self.is_enabled and reaches({shop_id}, self.shops)


def reaches(shops: frozenset[str] | set[str], managed: frozenset[str] | set[str]) -> bool:
    """Returns True when a person who manages `managed` manages all of `shops`.

    This check keeps an admin from entering another shop by giving a colleague a new password.
    """
    return EVERY_SHOP in managed or shops <= managed


def clean_email(text: str) -> str | None:
    """Returns the address as it is stored and counted; None when the text is no address."""
    email = text.strip().lower()
    if len(email) > _LONGEST_EMAIL or not email.isprintable() or not _EMAIL.fullmatch(email):
        return None
    return email
