"""The session epochs of people in DynamoDB."""

from __future__ import annotations

import secrets

from pynamodb.exceptions import DoesNotExist

from webapp.services.staff.ports import SessionEpochs
from webapp.storage.tables import SessionEpochModel


class SessionEpochRepository(SessionEpochs):
    """Fulfils the port `SessionEpochs`, which describes each method."""

    def current(self, email: str) -> str:
        try:
            return SessionEpochModel.get(email, consistent_read=True).session_epoch
        except DoesNotExist:
            return ""

    def renew(self, email: str) -> None:
        # The old value does not matter, because any new session epoch ends the sessions of the old
        # one.
        SessionEpochModel(email, session_epoch=secrets.token_hex(8)).save()
