"""Who gets in: the QR code's token bucket and the shop's capacity.

The rules stand here as pure functions; the storage repeats them as write conditions, and the
database's answer is the one that counts (docs/architecture.md).
Source of the bucket: the deck's "Token bucket system" - ten scans per five-minute window.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, timezone

from domain.errors import CodeExpired, CodeUnknown, CodeUsedUp, ShopClosed, ShopFull
from domain.shops import Shop

_MAC_CHARACTERS = 12
_CODE_PATTERN = re.compile(rf"([0-9a-f]{{1,32}})-([A-Za-z0-9_-]{{{_MAC_CHARACTERS}}})")


@dataclass(frozen=True)
class Window:
    """The time one QR code is shown: `index` counts windows since 1970."""

    index: int
    opens_at: datetime
    closes_at: datetime


@dataclass(frozen=True)
class TokenBucket:
    """The scans of one window. `taken` never exceeds `scans`."""

    shop_id: str
    window: int
    scans: int
    taken: int
    opens_at: datetime
    closes_at: datetime

    @property
    def left(self) -> int:
        """Scans that are still free."""
        return max(self.scans - self.taken, 0)

    def take(self) -> TokenBucket:
        """The bucket with one scan fewer. Raises CodeUsedUp when none is left."""
        if self.left < 1:
            raise CodeUsedUp(self.scans, self.closes_at)
        return replace(self, taken=self.taken + 1)

    def give_back(self) -> TokenBucket:
        """The bucket with one scan returned, for an order the shop had to refuse."""
        return replace(self, taken=max(self.taken - 1, 0))


def window_at(shop: Shop, now: datetime) -> Window:
    """The window that `now` falls into."""
    return _window(shop, int(now.timestamp()) // shop.window_seconds)


def new_bucket(shop: Shop, window: Window) -> TokenBucket:
    """The full token bucket of a window."""
    return TokenBucket(
        shop_id=shop.id,
        window=window.index,
        scans=shop.scans_per_code,
        taken=0,
        opens_at=window.opens_at,
        closes_at=window.closes_at,
    )


def sign_code(shop: Shop, window: Window, key: str) -> str:
    """The text in a window's QR code: the window and a 72-bit proof that we showed it.

    Derived from `key`, so no table holds it and none can leak it.
    """
    return f"{window.index:x}-{_proof(shop.id, shop.window_seconds, window.index, key)}"


def read_code(shop: Shop, code: str, key: str, now: datetime) -> Window:
    """The window a scanned code belongs to.

    Raises CodeUnknown for anything this shop did not show, CodeExpired once the window and the
    shop's grace time are over.
    """
    match = _CODE_PATTERN.fullmatch(code)
    if match is None:
        raise CodeUnknown
    index = int(match[1], 16)
    expected = _proof(shop.id, shop.window_seconds, index, key)
    if f"{index:x}" != match[1] or not hmac.compare_digest(expected, match[2]):
        raise CodeUnknown
    window = _window(shop, index)
    if now >= window.closes_at + timedelta(seconds=shop.grace_seconds):
        raise CodeExpired
    return window


def check_intake(shop: Shop, open_orders: int) -> None:
    """Passes when the shop takes another order now.

    Raises ShopClosed or ShopFull. `open_orders` counts the orders that hold capacity.
    """
    if not shop.is_open:
        raise ShopClosed
    if open_orders >= shop.capacity:
        raise ShopFull


def _window(shop: Shop, index: int) -> Window:
    # The largest index a datetime can hold would overflow on hostile input.
    seconds = min(index, 10**10 // shop.window_seconds) * shop.window_seconds
    opens_at = datetime.fromtimestamp(seconds, timezone.utc)
    return Window(index, opens_at, opens_at + timedelta(seconds=shop.window_seconds))


def _proof(shop_id: str, window_seconds: int, index: int, key: str) -> str:
    message = f"qr-code|{shop_id}|{window_seconds}|{index}".encode()
    digest = hmac.new(key.encode(), message, hashlib.sha256).digest()
    return base64.urlsafe_b64encode(digest).decode()[:_MAC_CHARACTERS]
