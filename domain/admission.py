"""Decides who gets in, by the QR code's token bucket and the shop's capacity.

The rules are pure functions here. The storage repeats them as write conditions, and the database's
answer is the one that counts (docs/architecture.md).
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
    """The time of one token bucket. `index` counts the windows since 1970."""

    index: int
    opens_at: datetime
    closes_at: datetime


@dataclass(frozen=True)
class QrCode:
    """One drawing of the QR code.

    text: what the code says. shown_until: when the next drawing replaces it. good_until: when it
        stops letting people in.
    """

    text: str
    shown_until: datetime
    good_until: datetime


@dataclass(frozen=True)
class ScanPass:
    """A browser's right to claim one order with a scan of this window, for a few minutes.

    A pass takes no scan from the token bucket; only the claim does.
    order_id: the one order that this pass can make. Once that order exists, the pass is used up,
        and a browser that sends it again or from another tab is led to that order.
    """

    shop_id: str
    window: int
    ends_at: datetime
    order_id: str


@dataclass(frozen=True)
class TokenBucket:
    """The scans of one window. `taken` is never more than `scans`."""

    shop_id: str
    window: int
    scans: int
    taken: int
    opens_at: datetime
    closes_at: datetime

    @property
    def left(self) -> int:
        """Returns how many scans are still free."""
        return max(self.scans - self.taken, 0)

    def take(self) -> TokenBucket:
        """Returns the bucket with one scan fewer. Raises CodeUsedUp when no scan is left."""
        if self.left < 1:
            raise CodeUsedUp(self.scans, self.closes_at)
        return replace(self, taken=self.taken + 1)

    def give_back(self) -> TokenBucket:
        """Returns the bucket with one scan given back, for an order that the shop had to refuse."""
        return replace(self, taken=max(self.taken - 1, 0))


def window_at(shop: Shop, now: datetime) -> Window:
    """Returns the window that `now` falls into."""
    return _window(shop, int(now.timestamp()) // shop.window_seconds)


def new_bucket(shop: Shop, window: Window) -> TokenBucket:
    """Returns the full token bucket of a window."""
    return TokenBucket(
        shop_id=shop.id,
        window=window.index,
        scans=shop.scans_per_code,
        taken=0,
        opens_at=window.opens_at,
        closes_at=window.closes_at,
    )


def sign_code(shop: Shop, now: datetime, keys: Sequence[str]) -> QrCode:
    """Returns the QR code to show now: its window, its turn in it, and a 132-bit proof of both.

    The code is derived from the first of `keys`. No table holds it, so no table can leak it.
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
    """Returns the codes that follow the current one, until its window ends.

    most: how many codes at most.
    """
    codes: list[QrCode] = []
    shown_until = sign_code(shop, now, keys).shown_until
    closes_at = window_at(shop, now).closes_at
    while len(codes) < most and shown_until < closes_at:
        codes.append(sign_code(shop, shown_until, keys))
        shown_until = codes[-1].shown_until
    return codes


def read_code(shop: Shop, code: str, keys: Sequence[str], now: datetime) -> Window:
    """Returns the window that a scanned code belongs to. Accepts codes made with any of `keys`.

    Raises CodeUnknown for a code that this shop did not show, and for a code whose turn comes later
    than the next one. Raises CodeExpired when the code left the screen at least `code_seconds` ago,
    so a customer who scans it in its last moment still gets in.
    """
    match = _CODE_PATTERN.fullmatch(code)
    if match is None:
        raise CodeUnknown
    index, turn = int(match[1], 16), int(match[2], 16)
    proofs = [_proof(shop, index, turn, key) for key in keys]
    # Every key is compared, so that the time this takes does not tell which key fits.
    hits = [hmac.compare_digest(proof, match[3]) for proof in proofs]
    if (f"{index:x}", f"{turn:x}") != (match[1], match[2]) or not any(hits):
        raise CodeUnknown
    window = _window(shop, index)
    # A screen's clock may be a little ahead. Nobody else can have a code before its time.
    if now < _turn_begins(shop, window, turn) - timedelta(seconds=shop.code_seconds):
        raise CodeUnknown
    shown_until = min(_turn_begins(shop, window, turn + 1), window.closes_at)
    if now >= shown_until + timedelta(seconds=shop.code_seconds):
        raise CodeExpired
    return window


def check_intake(shop: Shop, open_orders: int) -> None:
    """Does nothing when the shop takes another scan now.

    Raises ShopClosed, ShopPaused or ShopFull.
    open_orders: how many orders hold capacity.
    """
    check_door(shop, 0)
    if shop.paused_until is not None:
        raise ShopPaused(shop.paused_until)
    check_door(shop, open_orders)


def check_door(shop: Shop, open_orders: int) -> None:
    """Does nothing when the shop can make another order now. A pause stops scans only.

    Raises ShopClosed or ShopFull.
    open_orders: how many orders hold capacity.
    """
    if not shop.is_open:
        raise ShopClosed
    if open_orders >= shop.capacity:
        raise ShopFull


def _window(shop: Shop, index: int) -> Window:
    # A hostile code may name an index that no datetime can hold, so the index is cut off.
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
    """The code to show now, the codes that follow it, and the scans that are left in their window.

    place_at: when a full shop will likely have a free place; None while it has one.
    """

    bucket: TokenBucket
    qr_code: QrCode
    coming: tuple[QrCode, ...] = ()
    place_at: datetime | None = None


def state_of(shop: Shop, current: CurrentCode) -> tuple[str, datetime]:
    """Returns whether the code lets customers in, and when that changes by the clock at the latest.

    The state is "open", "used_up", "full", "closed" or "paused"; screens and devices know these
    words. For a full shop, the moment is only a likely one.
    """
    if not shop.is_open:
        return "closed", current.bucket.closes_at
    if shop.paused_until is not None:
        return "paused", shop.paused_until
    if current.place_at is not None:
        if current.bucket.left:
            return "full", current.place_at
        # A free place is of no use before the next window, because no scan is left in this one.
        return "full", max(current.place_at, current.bucket.closes_at)
    return "open" if current.bucket.left else "used_up", current.bucket.closes_at
