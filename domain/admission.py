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
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from domain.errors import CodeExpired, CodeUnknown, CodeUsedUp, ShopClosed, ShopFull, ShopPaused
from domain.shops import Shop

_MAC_CHARACTERS = 22
_CODE_PATTERN = re.compile(
    rf"([0-9a-f]{{1,32}})-([0-9a-f]{{1,8}})-([A-Za-z0-9_-]{{{_MAC_CHARACTERS}}})"
)


@dataclass(frozen=True)
class Window:
    """The time of one token bucket: `index` counts windows since 1970."""

    index: int
    opens_at: datetime
    closes_at: datetime


@dataclass(frozen=True)
class QrCode:
    """What one drawing of the code says, how long it is shown and how long it lets people in."""

    text: str
    shown_until: datetime
    good_until: datetime


@dataclass(frozen=True)
class ScanPass:
    """A browser's right to one place in a window, for a few minutes. It takes no token yet.

    order_id: the one order that it makes. Once there is that order, the pass is used up; whoever
    sends it again, or from another tab, is led there.
    """

    shop_id: str
    window: int
    ends_at: datetime
    order_id: str


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


def sign_code(shop: Shop, now: datetime, keys: Sequence[str]) -> QrCode:
    """The QR code to show now: its window, its turn within the window, and a 132-bit proof of both.

    Derived from the first of `keys`, so no table holds it and none can leak it.
    """
    window = window_at(shop, now)
    turn = int((now - window.opens_at).total_seconds()) // shop.code_seconds
    shown_until = min(_turn_begins(shop, window, turn + 1), window.closes_at)
    return QrCode(
        text=f"{window.index:x}-{turn:x}-{_proof(shop, window.index, turn, keys[0])}",
        shown_until=shown_until,
        good_until=shown_until + timedelta(seconds=shop.code_seconds),
    )


def coming_codes(shop: Shop, now: datetime, keys: Sequence[str], most: int) -> list[QrCode]:
    """The codes to show after the one of now, as far as its window goes."""
    codes: list[QrCode] = []
    shown_until = sign_code(shop, now, keys).shown_until
    closes_at = window_at(shop, now).closes_at
    while len(codes) < most and shown_until < closes_at:
        codes.append(sign_code(shop, shown_until, keys))
        shown_until = codes[-1].shown_until
    return codes


def read_code(shop: Shop, code: str, keys: Sequence[str], now: datetime) -> Window:
    """The window a scanned code belongs to. All of `keys` are accepted.

    Raises CodeUnknown for anything this shop did not show, also for what comes later than the next
    turn, and CodeExpired when the code has not been on the screen for `code_seconds`: whoever scans
    in its last moment still gets in.
    """
    match = _CODE_PATTERN.fullmatch(code)
    if match is None:
        raise CodeUnknown
    index, turn = int(match[1], 16), int(match[2], 16)
    proofs = [_proof(shop, index, turn, key) for key in keys]
    # Every key is compared, so that the time it takes does not tell which one fits.
    hits = [hmac.compare_digest(proof, match[3]) for proof in proofs]
    if (f"{index:x}", f"{turn:x}") != (match[1], match[2]) or not any(hits):
        raise CodeUnknown
    window = _window(shop, index)
    # A screen may be a little ahead; nobody else has a code before its time.
    if now < _turn_begins(shop, window, turn) - timedelta(seconds=shop.code_seconds):
        raise CodeUnknown
    shown_until = min(_turn_begins(shop, window, turn + 1), window.closes_at)
    if now >= shown_until + timedelta(seconds=shop.code_seconds):
        raise CodeExpired
    return window


def check_intake(shop: Shop, open_orders: int) -> None:
    """Passes when the shop takes another scan now.

    Raises ShopClosed, ShopPaused or ShopFull. `open_orders` counts the orders that hold capacity.
    """
    check_door(shop, 0)
    if shop.paused_until is not None:
        raise ShopPaused(shop.paused_until)
    check_door(shop, open_orders)


def check_door(shop: Shop, open_orders: int) -> None:
    """Passes when the shop can make another order now; a pause is from scans only.

    Raises ShopClosed or ShopFull.
    """
    if not shop.is_open:
        raise ShopClosed
    if open_orders >= shop.capacity:
        raise ShopFull


def _window(shop: Shop, index: int) -> Window:
    # The largest index a datetime can hold would overflow on hostile input.
    seconds = min(index, 10**10 // shop.window_seconds) * shop.window_seconds
    opens_at = datetime.fromtimestamp(seconds, UTC)
    return Window(index, opens_at, opens_at + timedelta(seconds=shop.window_seconds))


def _turn_begins(shop: Shop, window: Window, turn: int) -> datetime:
    return window.opens_at + timedelta(seconds=turn * shop.code_seconds)


def _proof(shop: Shop, index: int, turn: int, key: str) -> str:
    rhythm = f"{shop.window_seconds}|{shop.code_seconds}"
    message = f"qr-code|{shop.id}|{rhythm}|{index}|{turn}".encode()
    digest = hmac.new(key.encode(), message, hashlib.sha256).digest()
    return base64.urlsafe_b64encode(digest).decode()[:_MAC_CHARACTERS]


@dataclass(frozen=True)
class CurrentCode:
    """The code to show now, those that follow it, and what is left of their window.

    place_at: when a place of a full bar is likely free; None while there is a free one.
    """

    bucket: TokenBucket
    qr_code: QrCode
    coming: tuple[QrCode, ...] = ()
    place_at: datetime | None = None


def state_of(shop: Shop, current: CurrentCode) -> tuple[str, datetime]:
    """Whether the code lets somebody in, and when that changes by the clock at the latest.

    The word is "open", "used_up", "full", "closed" or "paused": screens and devices know these. For
    a full bar the moment is a likely one.
    """
    if not shop.is_open:
        return "closed", current.bucket.closes_at
    if shop.paused_until is not None:
        return "paused", shop.paused_until
    if current.place_at is not None:
        if current.bucket.left:
            return "full", current.place_at
        # A place helps nobody before there is a scan for it.
        return "full", max(current.place_at, current.bucket.closes_at)
    return "open" if current.bucket.left else "used_up", current.bucket.closes_at
