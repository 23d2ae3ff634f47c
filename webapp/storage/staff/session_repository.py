"""Staff sessions, sign-in links and pairings, stored under the hash of their secret."""

from __future__ import annotations

from datetime import datetime, timedelta

from pynamodb.exceptions import DeleteError, DoesNotExist, PutError, UpdateError
from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action
from pynamodb.transactions import TransactWrite

from webapp.services.staff.ports import Sessions, StaffSession
from webapp.storage.secret_hash import hash_secret
from webapp.storage.tables import SessionModel
from webapp.storage.transaction import check_refused, transact

_KEEP = timedelta(days=1)
_LINK, _SESSION, _ASKED, _APPROVED = "link", "session", "pairing", "approved pairing"
_ID_LENGTH = 16


class SessionRepository(Sessions):
    """Fulfils the port `Sessions`, which describes each method."""

    def create_link(self, secret: str, session: StaffSession, ends_at: datetime) -> None:
        _model(_LINK, hash_secret(secret), session, ends_at).save()

    def use_link(
        self, secret: str, new_secret: str, now: datetime, ends_at: datetime
    ) -> StaffSession | None:
        link = _find(_LINK, hash_secret(secret), now)
        if link is None:
            return None
        return _begin(link, SessionModel.session_id.exists(), new_secret, now, ends_at)

    def begin(
        self, secret: str, session: StaffSession, now: datetime, ends_at: datetime
    ) -> StaffSession:
        model = _model(_SESSION, hash_secret(secret), session, ends_at)
        model.staff_of, model.began_at, model.seen_at = session.shop_id, now, now
        model.email, model.session_epoch = session.email, session.session_epoch
        model.save()
        return _session(model)

    def get(self, secret: str, now: datetime) -> StaffSession | None:
        model = _find(_SESSION, hash_secret(secret), now)
        return _session(model) if model else None

    def rename(self, secret: str, name: str) -> None:
        self._update(secret, SessionModel.title.set(name))

    def touch(self, secret: str, now: datetime) -> None:
        self._update(secret, SessionModel.seen_at.set(now))

    @staticmethod
    def _update(secret: str, action: Action) -> None:
        try:
            SessionModel(hash_secret(secret)).update(
                actions=[action], condition=SessionModel.session_id.exists()
            )
        except UpdateError as error:
            # The session ended meanwhile. Its next request is told so.
            check_refused(error)

    def end(self, secret: str) -> None:
        SessionModel(hash_secret(secret)).delete()

    def of_shop(self, shop_id: str, now: datetime) -> list[StaffSession]:
        return [
            _session(model) for model in SessionModel.of_shop.query(shop_id) if model.ends_at > now
        ]

    def revoke(self, shop_id: str, session_id: str) -> bool:
        # The id is the beginning of the key. Only the shop's own sessions are searched.
        starts_so = SessionModel.of_shop.query(
            shop_id, SessionModel.session_id.startswith(session_id)
        )
        for model in starts_so if len(session_id) == _ID_LENGTH else ():
            try:
                SessionModel(model.session_id).delete(condition=SessionModel.staff_of == shop_id)
            except DeleteError as error:
                check_refused(error)
            return True
        return False

    def ask_pairing(self, code: str, browser: str, shop_id: str, ends_at: datetime) -> bool:
        model = _model(_ASKED, _pairing_key(code), StaffSession("", shop_id, "", ""), ends_at)
        model.browser = hash_secret(browser)
        try:
            model.save(condition=SessionModel.session_id.does_not_exist())
        except PutError as error:
            check_refused(error)
            return False
        return True

    def approve_pairing(self, shop_id: str, code: str, role: str, name: str, now: datetime) -> bool:
        try:
            SessionModel(_pairing_key(code)).update(
                actions=[
                    SessionModel.kind.set(_APPROVED),
                    SessionModel.staff_role.set(role),
                    SessionModel.title.set(name),
                ],
                condition=(SessionModel.kind == _ASKED)
                & (SessionModel.shop_id == shop_id)
                & (SessionModel.ends_at > now),
            )
        except UpdateError as error:
            check_refused(error)
            return self._is_approved(shop_id, code, role, name)
        return True

    @staticmethod
    def _is_approved(shop_id: str, code: str, role: str, name: str) -> bool:
        """Returns True when the pairing is already approved as wanted.

        This happens when an admin presses twice, or when the answer to the write was lost.
        """
        try:
            model = SessionModel.get(_pairing_key(code), consistent_read=True)
        except DoesNotExist:
            return False
        found = (model.kind, model.shop_id, model.staff_role, model.title)
        return found == (_APPROVED, shop_id, role, name)

    def pairing_ends_at(self, code: str, browser: str, now: datetime) -> datetime | None:
        model = _find(_ASKED, _pairing_key(code), now)
        return model.ends_at if model and model.browser == hash_secret(browser) else None

    def take_pairing(
        self, code: str, browser: str, new_secret: str, now: datetime, ends_at: datetime
    ) -> StaffSession | None:
        pairing = _find(_APPROVED, _pairing_key(code), now)
        asked_here = SessionModel.browser == hash_secret(browser)
        return _begin(pairing, asked_here, new_secret, now, ends_at) if pairing else None


def _begin(
    ticket: SessionModel, condition: Condition, new_secret: str, now: datetime, ends_at: datetime
) -> StaffSession | None:
    """Turns a link or a pairing into a session. Returns None when somebody else just did."""
    session = StaffSession("", ticket.shop_id, ticket.staff_role, ticket.title)
    model = _model(_SESSION, hash_secret(new_secret), session, ends_at)
    model.staff_of, model.began_at, model.seen_at = ticket.shop_id, now, now

    def build(transaction: TransactWrite) -> None:
        transaction.delete(ticket, condition=condition)
        transaction.save(model)

    return _session(model) if transact(build) is None else None


def _find(kind: str, key: str, now: datetime) -> SessionModel | None:
    try:
        model = SessionModel.get(key, consistent_read=True)
    except DoesNotExist:
        return None
    # DynamoDB's time to live only cleans up, and may be late. So the code checks the end itself.
    return model if model.kind == kind and model.ends_at > now else None


def _session(model: SessionModel) -> StaffSession:
    return StaffSession(
        model.session_id[:_ID_LENGTH],
        model.shop_id,
        model.staff_role,
        model.title,
        model.email or "",
        model.session_epoch or "",
        model.began_at,
        model.seen_at,
    )


def _model(kind: str, key: str, session: StaffSession, ends_at: datetime) -> SessionModel:
    return SessionModel(
        key,
        kind=kind,
        shop_id=session.shop_id,
        staff_role=session.role,
        title=session.name,
        ends_at=ends_at,
        expires_at=ends_at + _KEEP,
    )


def _pairing_key(code: str) -> str:
    return hash_secret(f"pairing|{code}")
