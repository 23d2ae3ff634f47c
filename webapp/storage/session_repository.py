"""Staff sessions and sign-in links, stored under the hash of their secret."""

from __future__ import annotations

from datetime import datetime, timedelta

from pynamodb.exceptions import DoesNotExist, TransactWriteError

from webapp.services.ports import StaffSession
from webapp.storage.secret_hash import hash_secret
from webapp.storage.tables import SessionModel
from webapp.storage.transaction import transact_write

_KEEP = timedelta(days=1)
_LINK, _SESSION = "link", "session"


class SessionRepository:
    """See services.ports.Sessions."""

    def create_link(self, secret: str, session: StaffSession, ends_at: datetime) -> None:
        _model(_LINK, secret, session, ends_at).save()

    def use_link(
        self, secret: str, new_secret: str, now: datetime, ends_at: datetime
    ) -> StaffSession | None:
        link = self._find(_LINK, secret, now)
        if link is None:
            return None
        session = StaffSession(
            hash_secret(new_secret)[:16], link.shop_id, link.staff_role, link.title
        )
        try:
            with transact_write() as transaction:
                transaction.delete(link, condition=SessionModel.session_id.exists())
                transaction.save(_model(_SESSION, new_secret, session, ends_at))
        except TransactWriteError as error:
            if error.cause_response_code != "TransactionCanceledException":
                raise
            return None
        return session

    def get(self, secret: str, now: datetime) -> StaffSession | None:
        model = self._find(_SESSION, secret, now)
        if model is None:
            return None
        return StaffSession(
            model.session_id[:16], model.shop_id, model.staff_role, model.title
        )

    def rename(self, secret: str, name: str) -> None:
        SessionModel(hash_secret(secret)).update(
            actions=[SessionModel.title.set(name)], condition=SessionModel.session_id.exists()
        )

    @staticmethod
    def _find(kind: str, secret: str, now: datetime) -> SessionModel | None:
        try:
            model = SessionModel.get(hash_secret(secret), consistent_read=True)
        except DoesNotExist:
            return None
        # Time to live only cleans up; whether it is over is decided here.
        return model if model.kind == kind and model.ends_at > now else None


def _model(kind: str, secret: str, session: StaffSession, ends_at: datetime) -> SessionModel:
    return SessionModel(
        hash_secret(secret),
        kind=kind,
        shop_id=session.shop_id,
        staff_role=session.role,
        title=session.name,
        staff_of=session.shop_id if kind == _SESSION else None,
        ends_at=ends_at,
        expires_at=ends_at + _KEEP,
    )
