"""How often one address, browser, phone number or shop may do a thing within a span of time.

The counts are atomic. The spans begin at full minutes, hours and so on.

Nobody is refused because of their address, because a whole hall shares one. The counts by address,
one for each shop, only decide things that nobody misses. This machine's own address is not counted.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from domain.errors import TooManyRequests
from webapp.services.limits.bundle import LimitServices


@dataclass(frozen=True)
class Limit:
    """At most `most` of a thing within `span`. sentence: tells people that they are used up."""

    name: str
    most: int
    span: timedelta
    sentence: str


_MINUTE = timedelta(minutes=1)
PAIRINGS = Limit("pairings", 20, _MINUTE, "")
"""For one address at one shop. Nobody is refused: the codes get longer (sign_in.ask_pairing)."""

COUNTED_REFUSALS = Limit("counted-refusals", 60, _MINUTE, "")
"""How many refused scans of one address a shop counts. Nobody is told when they are used up."""

SIGN_INS = Limit(
    "sign-ins",
    120,
    _MINUTE,
    "Very many people are trying to sign in. Try again in a minute, or ask an admin for a link.",
)
"""Of one shop's unknown browsers. It bounds what strangers can ask of Cognito, whose quota all
people share; a browser in which its owner has signed in before is not counted."""
_AGAIN_LATER = "That was tried many times. Wait a while, or ask an admin for a new password."
PASSWORDS = Limit("passwords", 10, timedelta(minutes=15), _AGAIN_LATER)
"""For one e-mail, also when it has no account, so that the limit does not tell which exist."""
AUTHENTICATOR_CODES = Limit("authenticator-codes", 5, timedelta(minutes=10), _AGAIN_LATER)
AUTHENTICATOR_CODES_OF_DAY = Limit("day-of-codes", 40, timedelta(days=1), _AGAIN_LATER)
"""Three codes are good at a time, so guessing one takes about eight thousand days on average, even
for somebody who has the password."""
LIVE_GRANTS = Limit(
    "live-grants",
    30,
    _MINUTE,
    "This screen has asked for its live connection very often. It goes on in a minute.",
)
"""For one session, because each grant costs a call to STS. A page needs one when it opens and then
every 12 minutes."""


def is_within(services: LimitServices, limit: Limit, shop_id: str, address: str) -> bool:
    """Counts one for an address at a shop; returns False and counts none when they are used up."""
    subject = _subject(address)
    return subject is None or take_quietly(services, limit, f"{shop_id}|{subject}")


def take_of(services: LimitServices, limit: Limit, subject: str) -> None:
    """Counts one for a subject.

    subject: names the browser, phone number or shop whose limit it is. Raises TooManyRequests, and
    counts nothing, when the limit of this span is used up.
    """
    key, ends_at = _span(limit, subject, services.now())
    if not services.limits.take(key, limit.most, ends_at):
        raise TooManyRequests(ends_at, limit.sentence)


def take_quietly(services: LimitServices, limit: Limit, subject: str) -> bool:
    """Counts one like `take_of`, but returns False when the limit of this span is used up.

    For limits about which nobody is told.
    """
    try:
        take_of(services, limit, subject)
    except TooManyRequests:
        return False
    return True


def check_of(services: LimitServices, limit: Limit, subject: str) -> None:
    """Raises TooManyRequests when the limit of this span is used up; counts nothing."""
    key, ends_at = _span(limit, subject, services.now())
    if services.limits.taken(key) >= limit.most:
        raise TooManyRequests(ends_at, limit.sentence)


def usage(services: LimitServices, limit: Limit, subject: str) -> tuple[int, datetime]:
    """Returns how many are counted in this span, and when the span ends."""
    key, ends_at = _span(limit, subject, services.now())
    return services.limits.taken(key), ends_at


def _span(limit: Limit, subject: str, now: datetime) -> tuple[str, datetime]:
    seconds = int(limit.span.total_seconds())
    number = int(now.timestamp()) // seconds
    ends_at = datetime.fromtimestamp((number + 1) * seconds, UTC)
    return f"{limit.name}|{subject}|{number}", ends_at


def _subject(address: str) -> str | None:
    """Returns the network under which an address is counted; None for this machine itself.

    An IPv4 address is counted alone. The IPv6 addresses of one /64 are counted together, because
    one household has so many.
    """
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return "unknown"
    if parsed.version == 6 and parsed.ipv4_mapped:
        parsed = parsed.ipv4_mapped
    if parsed.is_loopback:
        return None
    return str(ipaddress.ip_network((parsed, 64 if parsed.version == 6 else 32), strict=False))
