"""The badges of named people in DynamoDB."""

from __future__ import annotations

import secrets

from pynamodb.exceptions import DoesNotExist

from webapp.storage.tables import BadgeModel


class BadgeRepository:
    """See services.ports.Badges."""

    def current(self, email: str) -> str:
        try:
            return BadgeModel.get(email, consistent_read=True).badge
        except DoesNotExist:
            return ""

    def renew(self, email: str) -> None:
        # Whatever was there before: any new badge ends the sessions of the old one.
        BadgeModel(email, badge=secrets.token_hex(8)).save()
