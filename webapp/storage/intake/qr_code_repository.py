"""The token buckets of the QR codes' windows in DynamoDB."""

from __future__ import annotations

from datetime import timedelta

from pynamodb.exceptions import DoesNotExist, PutError

from domain.admission import TokenBucket
from webapp.services.intake.ports import QrCodes
from webapp.storage.tables import QrCodeModel
from webapp.storage.transaction import check_refused

_KEEP_CODES = timedelta(days=1)


class QrCodeRepository(QrCodes):
    """Fulfils the port `QrCodes`, which describes each method."""

    def get(self, shop_id: str, window: int) -> TokenBucket | None:
        try:
            model = QrCodeModel.get(shop_id, window, consistent_read=True)
        except DoesNotExist:
            return None
        # A window that was never shown has only a count of scans, from walk-ups.
        return None if model.scans is None else _bucket_from_model(model)

    def get_or_create(self, bucket: TokenBucket) -> TokenBucket:
        if found := self.get(bucket.shop_id, bucket.window):
            return found
        model = QrCodeModel(
            bucket.shop_id,
            bucket.window,
            scans=bucket.scans,
            taken=bucket.taken,
            opens_at=bucket.opens_at,
            closes_at=bucket.closes_at,
            expires_at=bucket.closes_at + _KEEP_CODES,
        )
        try:
            model.save(condition=QrCodeModel.window_index.does_not_exist())
        except PutError as error:
            check_refused(error)
            # Another screen was first. A window has one token bucket, whichever screen shows it.
            return self.get(bucket.shop_id, bucket.window) or bucket
        return bucket


def _bucket_from_model(model: QrCodeModel) -> TokenBucket:
    return TokenBucket(
        shop_id=model.shop_id,
        window=int(model.window_index),
        scans=int(model.scans),
        taken=int(model.taken),
        opens_at=model.opens_at,
        closes_at=model.closes_at,
    )
