"""Knows the names that the bar answers to, and which requests come from this machine.

An attacker may point a name of their own at the bar by DNS, or write any Host header. Such a
request gets an error: no link with that name, and no page that the attacker's script could read.
The address 127.0.0.1 alone does not prove that a browser on this machine asks, because a proxy on
this machine has that address for all its clients.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from flask import Flask, Response, request

if TYPE_CHECKING:
    from webapp.settings import Settings

ARRIVED_AT = "bar.arrived_at"
"""The key in a request's environment for the address of this machine that it was sent to."""
IS_HERE = "bar.is_here"
"""The key in a request's environment that says whether a browser on this machine asks directly."""
_NOBODY = "0.0.0.0"
_SENTENCE = "This is not an address of the bar. Scan the code on its screen, or open {}/."
_OF_PROXIES = (
    "HTTP_FORWARDED",
    "HTTP_VIA",
    "HTTP_X_REAL_IP",
    "HTTP_X_CLIENT_IP",
    "HTTP_TRUE_CLIENT_IP",
    "HTTP_CF_CONNECTING_IP",
    "HTTP_X_ORIGINAL_HOST",
)


def register(app: Flask, settings: Settings) -> None:
    """Refuses requests for other names, and makes the app's redirects relative."""
    own = _name_of(settings.public_url)

    @app.before_request
    def answer_to_own_names() -> Response | None:
        name = name_in(request.environ.get("HTTP_HOST", ""))
        if name and (name == own or is_loopback_name(name) or _is_where_it_arrived(name)):
            return None
        return Response(_SENTENCE.format(settings.public_url), 400, mimetype="text/plain")

    @app.after_request
    def lead_nowhere_else(response: Response) -> Response:
        # Routing makes redirects with the requested host, which behind a proxy is not the bar's
        # name.
        if response.location and response.location.startswith(request.host_url):
            response.location = "/" + response.location[len(request.host_url) :].lstrip("/")
        return response


def _is_where_it_arrived(name: str) -> bool:
    """Returns whether the name is the address of this machine that the request was sent to.

    In the Lambda function the gateway has refused every other name, and public_address.py has
    already put the bar's own name in.
    """
    return name == request.environ.get(ARRIVED_AT, "").partition("%")[0]


def _name_of(url: str) -> str:
    return (urlsplit(url).hostname or "").rstrip(".")


def name_in(host: str) -> str:
    """Returns the name in a Host header, in small letters, without port and brackets.

    Returns "" when there is no name.
    """
    try:
        parts = urlsplit(f"//{host}")
        # A header that holds more than host and port could hide another name. An invalid port
        # raises ValueError.
        if parts.netloc != host or "@" in host or parts.port == 0:
            return ""
        return (parts.hostname or "").rstrip(".")
    except ValueError:
        return ""


def is_loopback_name(name: str) -> bool:
    """Returns whether this name always leads to the machine of the client that uses it."""
    return name == "localhost" or _is_loopback(name)


def _is_loopback(address: str) -> bool:
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return False
    if parsed.version == 6 and parsed.ipv4_mapped:
        parsed = parsed.ipv4_mapped
    return parsed.is_loopback


class Here:
    """A WSGI app that tells the app behind it which requests come from this machine.

    is_local: links and QR codes of the bar lead to this machine only, so every customer sits at it.
    Otherwise a browser on this machine gets no rights of its own.
    is_behind_proxy: every request from this machine may be the proxy's.
    """

    def __init__(self, app: Callable, is_local: bool, is_behind_proxy: bool) -> None:
        self._app = app
        self._is_local = is_local
        self._is_behind_proxy = is_behind_proxy

    def __call__(self, environ: dict, start_response: Callable) -> Iterable[bytes]:
        is_loopback = _is_loopback(environ.get("REMOTE_ADDR", ""))
        environ[IS_HERE] = is_loopback and not self._is_behind_proxy and is_direct(environ)
        if is_loopback and not (environ[IS_HERE] and self._is_local):
            environ["REMOTE_ADDR"] = environ["REMOTE_HOST"] = _NOBODY
        return self._app(environ, start_response)


def is_direct(environ: dict) -> bool:
    """Returns whether a request looks as if no proxy has passed it on.

    A configured proxy adds headers that say whose request it is. An unconfigured nginx adds none
    but speaks HTTP/1.0, which browsers gave up twenty years ago. A request that a page sends names
    that page in Origin or Referer.
    """
    if environ.get("SERVER_PROTOCOL") == "HTTP/1.0":
        return False
    if any(name in environ for name in _OF_PROXIES):
        return False
    if any(name.startswith("HTTP_X_FORWARDED") for name in environ):
        return False
    asked_for = [name_in(environ.get("HTTP_HOST", ""))]
    asked_for += [
        _name_of(environ[name]) for name in ("HTTP_ORIGIN", "HTTP_REFERER") if environ.get(name)
    ]
    return all(is_loopback_name(name) for name in asked_for)
