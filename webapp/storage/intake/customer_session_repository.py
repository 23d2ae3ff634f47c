"""Customers' browsers and their passes, stored under the hash of the cookie's secret."""

from __future__ import annotations

from datetime import datetime, timedelta

from pynamodb.exceptions import DoesNotExist, UpdateError
from pynamodb.expressions.condition import Condition
from pynamodb.transactions import TransactWrite

from domain.admission import ScanPass
from webapp.services.intake.ports import CustomerSession, CustomerSessions
from webapp.storage.secret_hash import hash_secret
from webapp.storage.tables import CustomerSessionModel
from webapp.storage.transaction import check_refused, transact

_KEEP = timedelta(days=1)
_ORDER_ID_LENGTH = 32


class CustomerSessionRepository(CustomerSessions):
    """Fulfils the port `CustomerSessions`, which describes each method."""

    def create(
        self, secret: str, customer_id: str, ends_at: datetime, scan_pass: ScanPass | None = None
    ) -> CustomerSession:
        model = CustomerSessionModel(
            hash_secret(secret),
            customer_id=customer_id,
            pass_shop=scan_pass and scan_pass.shop_id,
            pass_window=scan_pass and scan_pass.window,
            pass_ends_at=scan_pass and scan_pass.ends_at,
            pass_order=scan_pass and scan_pass.order_id,
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
        # DynamoDB's time to live only cleans up, and may be late. So the code checks the end
        # itself.
        return _from_model(model) if model.ends_at > now else None

    def give_pass(
        self, session: CustomerSession, scan_pass: ScanPass, ends_at: datetime
    ) -> CustomerSession | None:
        model = CustomerSessionModel(session.id)
        try:
            model.update(
                actions=[
                    CustomerSessionModel.pass_shop.set(scan_pass.shop_id),
                    CustomerSessionModel.pass_window.set(scan_pass.window),
                    CustomerSessionModel.pass_ends_at.set(scan_pass.ends_at),
                    CustomerSessionModel.pass_order.set(scan_pass.order_id),
                    CustomerSessionModel.ends_at.set(ends_at),
                    CustomerSessionModel.expires_at.set(ends_at + _KEEP),
                ],
                condition=CustomerSessionModel.session_id.exists(),
            )
        except UpdateError as error:
            check_refused(error)
            return None
        return _from_model(model)

    def prolong_pass(self, session: CustomerSession, ends_at: datetime) -> None:
        pass_ends_at = CustomerSessionModel.pass_ends_at
        try:
            CustomerSessionModel(session.id).update(
                actions=[pass_ends_at.set(ends_at)], condition=pass_ends_at < ends_at
            )
        except UpdateError as error:
            check_refused(error)

    def sign_in(
        self,
        session: CustomerSession,
        secret: str,
        customer_id: str,
        phone: str,
        phone_ends_at: datetime,
    ) -> CustomerSession | None:
        old = CustomerSessionModel(session.id)
        try:
            old.refresh(consistent_read=True)
        except DoesNotExist:
            return None
        new = CustomerSessionModel(
            hash_secret(secret),
            customer_id=customer_id,
            pass_shop=old.pass_shop,
            pass_window=old.pass_window,
            pass_ends_at=old.pass_ends_at,
            pass_order=_order_of_pass(old),
            phone=phone,
            phone_ends_at=phone_ends_at,
            ends_at=phone_ends_at,
            expires_at=phone_ends_at + _KEEP,
        )

        def build(transaction: TransactWrite) -> None:
            # The pass moves to the new session. A request that still wanted to use the old one
            # finds it gone.
            transaction.delete(old, condition=_pass_as_read(old))
            transaction.save(new, condition=CustomerSessionModel.session_id.does_not_exist())

        return _from_model(new) if transact(build) is None else None

    def end(self, session: CustomerSession) -> None:
        CustomerSessionModel(session.id).delete()


def _pass_as_read(model: CustomerSessionModel) -> Condition:
    condition = CustomerSessionModel.session_id.exists()
    for name in ("pass_shop", "pass_window"):
        attribute, value = getattr(CustomerSessionModel, name), getattr(model, name)
        condition &= attribute.does_not_exist() if value is None else attribute == value
    return condition


def _from_model(model: CustomerSessionModel) -> CustomerSession:
    scan_pass, order_id = None, _order_of_pass(model)
    if model.pass_shop and order_id:
        scan_pass = ScanPass(model.pass_shop, int(model.pass_window), model.pass_ends_at, order_id)
    return CustomerSession(
        model.session_id, model.customer_id, scan_pass, model.phone or "", model.phone_ends_at
    )


def _order_of_pass(model: CustomerSessionModel) -> str | None:
    if model.pass_order or not model.pass_shop:
        return model.pass_order
    # Remove after 1.1: before 1.0 a pass named no order. Such a pass is good for three minutes.
    return hash_secret(f"pass|{model.session_id}|{model.pass_window}")[:_ORDER_ID_LENGTH]
