"""How often one address, browser, number or shop may do a thing within a span of time.

Counted atomically, in spans that begin at full minutes, hours and so on.

Nobody is refused for their address: a whole hall has one. What is counted by address, for each bar
on its own, only decides what nobody misses. This machine's own address is not counted.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from domain.errors import TooManyRequests
from webapp.services.limits.bundle import LimitServices


@dataclass(frozen=True)
class Limit:
    """At most `most` of a thing within `span`."""

    name: str
    most: int
    span: timedelta
    sentence: str


_MINUTE = timedelta(minutes=1)
PAIRINGS = Limit("pairings", 20, _MINUTE, "")
"""Of one address at one bar; nobody is refused, codes get longer. See sign_in.ask_pairing."""

COUNTED_REFUSALS = Limit("counted-refusals", 60, _MINUTE, "")
"""How many refused scans of one address a bar counts; nobody is told."""

_AGAIN_LATER = "That was tried many times. Wait a while, or ask an admin for a new password."
PASSWORDS = Limit("passwords", 10, timedelta(minutes=15), _AGAIN_LATER)
"""For one e-mail, whether there is such an account or not."""
AUTHENTICATOR_CODES = Limit("authenticator-codes", 5, timedelta(minutes=10), _AGAIN_LATER)
AUTHENTICATOR_CODES_OF_DAY = Limit("day-of-codes", 40, timedelta(days=1), _AGAIN_LATER)
"""Three codes are good at a time: somebody with the password guesses one in ten thousand days."""
LIVE_GRANTS = Limit(
    "live-grants",
    30,
    _MINUTE,
    "This screen has asked for its live connection very often. It goes on in a minute.",
)
"""Of one session: each costs a call to STS; a page needs one when it opens and every 12 minutes."""


def is_within(services: LimitServices, limit: Limit, shop_id: str, address: str) -> bool:
    """Counts one of an address at a bar; False, and counts none, when the span's are used up."""
    subject = _subject(address)
    return subject is None or take_quietly(services, limit, f"{shop_id}|{subject}")


def take_of(services: LimitServices, limit: Limit, subject: str) -> None:
    """Counts one. Raises TooManyRequests when the span's are used up, and counts nothing then.

    subject: whose they are: a browser's, a number's, a shop's.
    """
    key, ends_at = _span(limit, subject, services.now())
    if not services.limits.take(key, limit.most, ends_at):
        raise TooManyRequests(ends_at, limit.sentence)


def take_quietly(services: LimitServices, limit: Limit, subject: str) -> bool:
    """`take_of` for what nobody is told: False when the span's are used up."""
    try:
        take_of(services, limit, subject)
    except TooManyRequests:
        return False
    return True


def check_of(services: LimitServices, limit: Limit, subject: str) -> None:
    """Raises TooManyRequests when the span's are used up; counts nothing."""
    key, ends_at = _span(limit, subject, services.now())
    if services.limits.taken(key) >= limit.most:
        raise TooManyRequests(ends_at, limit.sentence)


def usage(services: LimitServices, limit: Limit, subject: str) -> tuple[int, datetime]:
    """How many of the span's are used, and when it ends."""
    key, ends_at = _span(limit, subject, services.now())
    return services.limits.taken(key), ends_at


def _span(limit: Limit, subject: str, now: datetime) -> tuple[str, datetime]:
    seconds = int(limit.span.total_seconds())
    number = int(now.timestamp()) // seconds
    ends_at = datetime.fromtimestamp((number + 1) * seconds, UTC)
    return f"{limit.name}|{subject}|{number}", ends_at


def _subject(address: str) -> str | None:
    """The household that an address is of; None for this machine itself."""
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return "unknown"
    if parsed.version == 6 and parsed.ipv4_mapped:
        parsed = parsed.ipv4_mapped
    if parsed.is_loopback:
        return None
    return str(ipaddress.ip_network((parsed, 64 if parsed.version == 6 else 32), strict=False))
