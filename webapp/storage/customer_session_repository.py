"""Customers' browsers and their scan passes, stored under the hash of the cookie's secret."""

from __future__ import annotations

from datetime import datetime, timedelta

from pynamodb.exceptions import DoesNotExist

from domain.admission import ScanPass
from webapp.services.ports import CustomerSession
from webapp.storage.secret_hash import hash_secret
from webapp.storage.tables import CustomerSessionModel

_KEEP = timedelta(days=1)


class CustomerSessionRepository:
    """See services.ports.CustomerSessions."""

    def create(self, secret: str, customer_id: str, ends_at: datetime) -> CustomerSession:
        model = CustomerSessionModel(
            hash_secret(secret),
            customer_id=customer_id,
            ends_at=ends_at,
            expires_at=ends_at + _KEEP,
        )
        model.save()
        return _from_model(model)

    def get(self, secret: str, now: datetime) -> CustomerSession | None:
        try:
            model = CustomerSessionModel.get(hash_secret(secret), consistent_read=True)
        except DoesNotExist:
            return None
        # Time to live only cleans up; whether it is over is decided here.
        return _from_model(model) if model.ends_at > now else None

    def give_pass(
        self, session: CustomerSession, scan_pass: ScanPass, ends_at: datetime
    ) -> CustomerSession:
        model = CustomerSessionModel(session.id)
        model.update(
            actions=[
                CustomerSessionModel.pass_shop.set(scan_pass.shop_id),
                CustomerSessionModel.pass_window.set(scan_pass.window),
                CustomerSessionModel.pass_ends_at.set(scan_pass.ends_at),
                CustomerSessionModel.ends_at.set(ends_at),
                CustomerSessionModel.expires_at.set(ends_at + _KEEP),
            ],
            condition=CustomerSessionModel.session_id.exists(),
        )
        return _from_model(model)

    def end(self, session: CustomerSession) -> None:
        CustomerSessionModel(session.id).delete()


def _from_model(model: CustomerSessionModel) -> CustomerSession:
    scan_pass = None
    if model.pass_shop:
        scan_pass = ScanPass(model.pass_shop, int(model.pass_window), model.pass_ends_at)
    return CustomerSession(model.session_id, model.customer_id, scan_pass)
