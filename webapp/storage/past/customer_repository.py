"""Reads what a shop holds about one customer, and removes it."""

from __future__ import annotations

from pynamodb.exceptions import DoesNotExist, UpdateError

from webapp.services.past.ports import Customers, CustomerTrace
from webapp.services.refused import Stale
from webapp.storage.tables import CustomerModel
from webapp.storage.transaction import check_refused


class CustomerRepository(Customers):
    """Fulfils the port `Customers`, which describes each method."""

    def trace(self, shop_id: str, customer_id: str) -> CustomerTrace | None:
        try:
            model = CustomerModel.get(shop_id, customer_id, consistent_read=True)
        except DoesNotExist:
            return None
        return CustomerTrace(
            shop_id=shop_id,
            customer_id=customer_id,
            entries=frozenset(model.recent_orders or ()),
            sessions=frozenset(model.sessions or ()),
        )

    def forget(self, trace: CustomerTrace) -> None:
        if not trace.entries:
            return
        try:
            # The count of the day stays, because a customer who could erase it would have no limit.
            CustomerModel(trace.shop_id, trace.customer_id).update(
                actions=[
                    CustomerModel.recent_orders.remove(),
                    CustomerModel.sessions.remove(),
                    CustomerModel.under_way.remove(),
                    CustomerModel.open_orders.remove(),
                ],
                condition=CustomerModel.recent_orders.does_not_exist()
                | (CustomerModel.recent_orders == set(trace.entries)),
            )
        except UpdateError as error:
            check_refused(error)
            raise Stale from None
