"""Warns about the certificate that the bar is to serve."""

from __future__ import annotations

import ipaddress
from datetime import UTC, datetime, timedelta
from pathlib import Path

SOON = timedelta(days=3)
"""An event lasts no longer than this."""


def warnings_about(file: Path, host: str, now: datetime | None = None) -> list[str]:
    """Returns one line for each reason why a phone would warn
    about the certificate or refuse it.
    """
    # Imported late, because only a bar that serves https needs it.
    from cryptography import x509

    try:
        certificate = x509.load_pem_x509_certificate(file.read_bytes())
    except (OSError, ValueError):
        return []  # Another check tells whether the certificate can be used at all.
    return [
        *_of_time(certificate, file, now or datetime.now(UTC)),
        *_of_name(certificate, file, host),
    ]


def _of_time(certificate, file: Path, now: datetime) -> list[str]:
    begin, end = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    if now < begin:
        return [
            f"The certificate {file} is not valid before {begin:%Y-%m-%d %H:%M} UTC, so phones"
            " refuse it. Is this machine's clock right?"
        ]
    if now > end:
        return [
            f"The certificate {file} ended on {end:%Y-%m-%d %H:%M} UTC, so phones refuse it."
            " Renew it."
        ]
    if now + SOON > end:
        return [f"The certificate {file} ends on {end:%Y-%m-%d %H:%M} UTC. Renew it before."]
    return []


def _of_name(certificate, file: Path, host: str) -> list[str]:
    from cryptography import x509

    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        names = x509.SubjectAlternativeName([])
    hosts = names.get_values_for_type(x509.DNSName)
    addresses = names.get_values_for_type(x509.IPAddress)
    if _is_among(host, hosts, addresses):
        return []
    known = ", ".join([*hosts, *map(str, addresses)][:4]) or "no name at all"
    return [
        f"The certificate {file} is for {known}, not for {host}, so phones warn of it. Say with"
        " --name which of its names the bar has, or get one for this name."
    ]


def _is_among(host: str, hosts: list[str], addresses: list) -> bool:
    try:
        return ipaddress.ip_address(host) in addresses
    except ValueError:
        host = host.lower().rstrip(".")
    return any(
        host == one.lower() or (one.startswith("*.") and host.partition(".")[2] == one[2:].lower())
        for one in hosts
    )
