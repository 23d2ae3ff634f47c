"""Requests to addresses from the settings. They may go to the internet, never into our network.

The host's name is looked up once and the connection goes to the checked address, so that a name
that changes in between cannot lead elsewhere. A redirect is not followed.
"""

from __future__ import annotations

import http.client
import ipaddress
import socket
import ssl
from collections.abc import Mapping
from urllib.parse import urlsplit

from webapp.extension_kit import DeliveryFailed

_SECONDS = 5.0
"""The limit for connecting and for each wait after it, in seconds. The function itself has 30."""


class CheckedHttp:
    """See extension_kit.HttpOut; `inside_too` lets a local bar reach this machine, without TLS."""

    def __init__(self, inside_too: bool = False):
        self._inside_too = inside_too

    def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> None:
        """See extension_kit.HttpOut."""
        parts = urlsplit(url)
        if not parts.hostname or parts.scheme not in self._schemes:
            raise DeliveryFailed("the address does not begin with https://")
        try:
            connection = self._connection(parts.scheme, parts.hostname, parts.port)
        except (OSError, ValueError) as error:
            raise DeliveryFailed(f"no such host: {type(error).__name__}") from None
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        try:
            named = {"Host": parts.netloc.rpartition("@")[2], **headers}
            connection.request("POST", path, body, named)
            status = connection.getresponse().status
        except (OSError, http.client.HTTPException) as error:
            # Only the error's type is passed on, because its text may hold what the other side
            # sent.
            raise DeliveryFailed(f"no answer: {type(error).__name__}") from None
        finally:
            connection.close()
        if not 200 <= status < 300:
            raise DeliveryFailed(f"the other side answered {status}")

    @property
    def _schemes(self) -> tuple[str, ...]:
        return ("https", "http") if self._inside_too else ("https",)

    def _connection(self, scheme: str, host: str, port: int | None) -> http.client.HTTPConnection:
        port = port or {"https": 443, "http": 80}[scheme]
        address = self._checked_address(host, port)
        if scheme == "http":
            return http.client.HTTPConnection(address, port, timeout=_SECONDS)
        return _TlsTo(address, host, port)

    def _checked_address(self, host: str, port: int) -> str:
        found = {str(one[4][0]) for one in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)}
        if not self._inside_too and not all(is_outside(address) for address in found):
            raise DeliveryFailed("the address is not a public one")
        # IPv4 addresses come first, because Lambda has no way out over IPv6.
        return min(found, key=lambda one: (":" in one, one))


def is_outside(address: str) -> bool:
    """Returns whether an address is on the public internet.

    An IPv6 address that wraps an IPv4 address never counts as public.
    """
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        wrapped = ip.ipv4_mapped or ip.sixtofour or (ip.teredo or (None, None))[1]
        if wrapped or ip in _NAT64:
            return False
    return ip.is_global and not ip.is_multicast


_NAT64 = ipaddress.ip_network("64:ff9b::/96")


class _TlsTo(http.client.HTTPSConnection):
    """TLS to an address, checked against the certificate of the host's name."""

    def __init__(self, address: str, name: str, port: int):
        self._tls = ssl.create_default_context()
        super().__init__(name, port, timeout=_SECONDS, context=self._tls)
        self._address = address

    def connect(self) -> None:
        plain = socket.create_connection((self._address, self.port), self.timeout)
        try:
            self.sock = self._tls.wrap_socket(plain, server_hostname=self.host)
        except BaseException:
            plain.close()
            raise
