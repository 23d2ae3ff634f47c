"""The people behind the bar who have an account of their own."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum


class StaffRole(StrEnum):
    """What somebody, or a screen, behind the bar may do. An admin may do what the others may."""

    ADMIN = "admin"
    BARISTA = "barista"
    DISPLAY = "display"


PERSON_ROLES = (StaffRole.BARISTA, StaffRole.ADMIN)
"""The roles of people. The lesser one first: it counts for somebody whose account has both."""
NAME_LENGTH = 24
"""Of a person, a screen, and of what is called out for a drink."""
EVERY_SHOP = "*"
"""Among a person's shops: all there are, and all that come."""
_EMAIL = re.compile(r"[^@\s\x00-\x1f]{1,64}@[a-z0-9-]{1,63}(\.[a-z0-9-]{1,63})+")
_LONGEST_EMAIL = 128


@dataclass(frozen=True)
class Person:
    """An account. `id` names it in addresses; `email` is what its owner signs in with.

    role: one of PERSON_ROLES, or empty while the account is half made and opens nothing.
    shops: ids of the shops it is for.
    is_invited: nobody has chosen a password of their own yet.
    """

    id: str
    email: str
    name: str
    role: str
    shops: frozenset[str]
    is_enabled: bool = True
    is_invited: bool = False

    def may_work_at(self, shop_id: str) -> bool:
        """True when the account opens this shop's pages."""
        return bool(self.role) and self.is_enabled and reaches({shop_id}, self.shops)


def reaches(shops: frozenset[str] | set[str], managed: frozenset[str] | set[str]) -> bool:
    """True when somebody who manages `managed` manages all of `shops`.

    So nobody gets into a further shop by giving a colleague a new password.
    """
    return EVERY_SHOP in managed or shops <= managed


def clean_email(text: str) -> str | None:
    """The address in the one spelling it is stored and counted in; None when it is not one."""
    email = text.strip().lower()
    if len(email) > _LONGEST_EMAIL or not email.isprintable() or not _EMAIL.fullmatch(email):
        return None
    return email
