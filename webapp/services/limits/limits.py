"""How often one address, browser, number or shop may do a thing within a span of time.

Counted atomically, in spans that begin at full minutes, hours and so on. This machine's own address
is never limited: whoever sits there runs the bar. `own_names.Here` sees to it that nobody else has
it.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from domain.errors import TooManyRequests
from domain.texts import N_
from webapp.services.limits.bundle import LimitServices


@dataclass(frozen=True)
class Limit:
    """At most `most` of a thing within `span`.

    shared_bits: how much of an IPv4 and of an IPv6 address counts as one; a household by default.
    """

    name: str
    most: int
    span: timedelta
    sentence: str
    shared_bits: tuple[int, int] = (32, 64)


_MINUTE = timedelta(minutes=1)
BAD_CODES = Limit(
    "bad-codes",
    30,
    _MINUTE,
    N_(
        "Too many codes from your network were wrong. Wait a minute, then scan the one on the "
        "screen."
    ),
)
SCANS = Limit(
    "scans",
    60,
    _MINUTE,
    N_("Many people on your network are scanning right now. Try again in a minute."),
)
PAIRINGS = Limit(
    "pairings",
    20,
    _MINUTE,
    "Many screens on your network are asking to be let in. Try again in a minute.",
)
CLAIMS = Limit(
    "claims",
    6,
    _MINUTE,
    N_(
        "Many people on your network are ordering right now. Your scan is kept; try again in a "
        "minute."
    ),
)
"""Ten tokens per five minutes: a single address cannot drain a window before others get in."""

COUNTED_REFUSALS = Limit("counted-refusals", 60, _MINUTE, "")
"""How many refused scans of one address are counted; nobody is told."""


SIGN_INS = Limit(
    "sign-ins",
    20,
    _MINUTE,
    "Many people on your network are signing in right now. Try again in a minute.",
)
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


def take(services: LimitServices, limit: Limit, address: str) -> None:
    """Counts one. Raises TooManyRequests when the span's are used up, and counts nothing then."""
    subject = _subject(limit, address)
    if subject is not None:
        take_of(services, limit, subject)


def check(services: LimitServices, limit: Limit, address: str) -> None:
    """Raises TooManyRequests when the span's are used up; counts nothing."""
    subject = _subject(limit, address)
    if subject is not None:
        check_of(services, limit, subject)


def take_of(services: LimitServices, limit: Limit, subject: str) -> None:
    """`take` for what is no address: a browser, a number, a shop."""
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
    """`check` for what is no address."""
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


def _subject(limit: Limit, address: str) -> str | None:
    """The block that an address is of; None for this machine itself."""
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return "unknown"
    if parsed.version == 6 and parsed.ipv4_mapped:
        parsed = parsed.ipv4_mapped
    if parsed.is_loopback:
        return None
    bits = limit.shared_bits[parsed.version == 6]
    return str(ipaddress.ip_network((parsed, bits), strict=False))
