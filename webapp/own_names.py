"""The names that the bar answers to, and who sits at this machine.

Whoever makes another name lead here, by DNS or by a Host header of his own, gets nothing: neither
his name in a link nor a page that his own script could read. And the address 127.0.0.1 alone does
not say that somebody sits here: a proxy on this machine has it for everybody.
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
"""In a request's environment: the address of this machine that it was sent to."""
IS_HERE = "bar.is_here"
"""In a request's environment: whether a browser of this very machine has asked, and no proxy."""
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
    """Turns away whoever asks for another name, and makes the app's redirects relative."""
    own = _name_of(settings.public_url)

    @app.before_request
    def answer_to_own_names() -> Response | None:
        name = name_in(request.environ.get("HTTP_HOST", ""))
        if name and (name == own or is_loopback_name(name) or _is_where_it_arrived(name)):
            return None
        return Response(_SENTENCE.format(settings.public_url), 400, mimetype="text/plain")

    @app.after_request
    def lead_nowhere_else(response: Response) -> Response:
        # Routing names the host that was asked for; behind a proxy that is not the bar's.
        if response.location and response.location.startswith(request.host_url):
            response.location = "/" + response.location[len(request.host_url) :].lstrip("/")
        return response


def _is_where_it_arrived(name: str) -> bool:
    """An address of this machine itself. Behind the function's door the gateway has turned away
    every other name, and public_address.py has put the bar's own in its place."""
    return name == request.environ.get(ARRIVED_AT, "").partition("%")[0]


def _name_of(url: str) -> str:
    return (urlsplit(url).hostname or "").rstrip(".")


def name_in(host: str) -> str:
    """The name in a Host header, in small letters and without port and brackets; "" for none."""
    try:
        parts = urlsplit(f"//{host}")
        # Whatever else a name could be hidden in is no host; a port that is none raises.
        if parts.netloc != host or "@" in host or parts.port == 0:
            return ""
        return (parts.hostname or "").rstrip(".")
    except ValueError:
        return ""


def is_loopback_name(name: str) -> bool:
    """Whether this name leads to the machine of whoever uses it, and never elsewhere."""
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
    """A WSGI app that tells the app behind it who sits at this machine.

    is_local: links and codes of the bar lead to this machine only, so nobody else is a customer;
    otherwise even whoever sits here is treated as anybody else. is_behind_proxy: all that comes
    from this machine may be the proxy's.
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
    """Whether a request looks like one that no proxy has passed on.

    A proxy that was set up says whose request it is. nginx, as it comes, says nothing but speaks
    HTTP/1.0, which no browser has done for twenty years; and what a page sends names the page.
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
