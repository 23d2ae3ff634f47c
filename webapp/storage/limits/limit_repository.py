"""The counters of limits in DynamoDB."""

from __future__ import annotations

from datetime import datetime, timedelta

from pynamodb.exceptions import DoesNotExist, UpdateError

from webapp.services.limits.ports import Limits
from webapp.storage.tables import LimitModel
from webapp.storage.transaction import check_refused

_KEEP = timedelta(hours=1)


class LimitRepository(Limits):
    """Fulfils the port `Limits`, which describes each method."""

    def take(self, key: str, most: int, ends_at: datetime) -> bool:
        if most < 1:
            return False
        try:
            LimitModel(key).update(
                actions=[LimitModel.taken.add(1), LimitModel.expires_at.set(ends_at + _KEEP)],
                condition=LimitModel.taken.does_not_exist() | (LimitModel.taken < most),
            )
        except UpdateError as error:
            check_refused(error)
            return False
        return True

    def taken(self, key: str) -> int:
        try:
            return int(LimitModel.get(key, consistent_read=True).taken)
        except DoesNotExist:
            return 0
