"""The bar lies below the path of PUBLIC_URL, whatever the gateway puts into the path of a request.

What comes in the path differs. An HTTP API leaves its stage there, behind a domain's mapping too,
and takes the mapping's key out; a REST API does the reverse; the emulator takes both out; a CDN
adds what its origin path says. So the request's own context says what to expect. Where the path
could be read in several ways, the one that leads to one of our addresses is right: that keeps a
shop apart that has the name of the stage.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cached_property
from typing import Any
from urllib.parse import SplitResult, unquote, urlsplit

from flask import Flask, request, url_for
from werkzeug.exceptions import MethodNotAllowed, NotFound
from werkzeug.routing import RequestRedirect

from webapp.access import services

_AWS_API = re.compile(r"[a-z0-9-]{1,63}\.execute-api\.[a-z0-9-]{1,63}\.amazonaws\.com(\.cn)?")
_NO_STAGE = (None, "", "$default")
_IS_ADDRESS, _PERHAPS, _UNKNOWN = 2, 1, 0


def public_url_for(endpoint: str, **values: Any) -> str:
    """The whole address of a page, for a QR code, a message or a link that is shared."""
    return services().public_url + url_for(endpoint, **values).removeprefix(request.script_root)


def cookie_suffix(public_url: str) -> str:
    """Keeps the cookies of bars apart that share a host, each below a path of its own.

    The path cannot: a cookie that is bound to its host is good for all of it. An API's own host is
    one bar's alone.
    """
    address = urlsplit(public_url)
    if ".execute-api." in (address.hostname or ""):
        return ""
    return re.sub("[^A-Za-z0-9]+", "-", address.path.rstrip("/"))


def at_public_address(app: Flask, public_url: str) -> Callable:
    """The app as WSGI calls it, at the address that its guests know."""
    address, inner = urlsplit(public_url), app.wsgi_app
    mount = _as_in_wsgi(unquote(address.path.rstrip("/")))
    known = _Known(app)

    def below(environ: dict, start_response: Callable) -> Iterable[bytes]:
        event = environ.get("lambda.event")
        if event is None:
            asked = environ.get("SCRIPT_NAME", "") + environ.get("PATH_INFO", "")
            prefixes: Iterable[str] = ("", mount)
        else:
            asked = _as_in_wsgi(unquote(event.get("rawPath") or event.get("path") or "/"))
            prefixes = _prefixes(event, asked, mount, address)
            # A CDN asks by the API's name, and Zappa takes every request for https.
            environ["HTTP_HOST"] = address.netloc
            environ["wsgi.url_scheme"] = address.scheme
        environ["SCRIPT_NAME"] = mount
        environ["PATH_INFO"] = _without(asked, prefixes, known)
        return inner(environ, start_response)

    return below


def _prefixes(event: Mapping, asked: str, mount: str, address: SplitResult) -> Iterator[str]:
    """What may stand before the app's own path; what the context speaks for comes first."""
    context = event.get("requestContext") or {}
    name = context.get("stage")
    stage = "" if name in _NO_STAGE else f"/{name}"
    domain = context.get("domainName") or ""
    whole = (context.get("http") or context).get("path") or asked
    is_aws = ".execute-api." not in domain or _AWS_API.fullmatch(domain)
    is_older = event.get("version") != "2.0"
    if _as_in_wsgi(unquote(whole)) == stage + asked:
        has_stage = False  # The gateway itself says what it has taken away.
    elif is_older:
        has_stage = bool(_AWS_API.fullmatch(domain))
    else:
        has_stage = bool(is_aws)
    is_cdn = bool(domain) and domain != address.hostname
    has_mount = mount != stage and (is_older or is_cdn)
    yield (stage if has_stage else "") + (mount if has_mount else "")
    yield from (stage + mount, stage, mount, "")


def _without(asked: str, prefixes: Iterable[str], known: _Known) -> str:
    fitting = {
        asked[len(prefix) :] or "/": None
        for prefix in prefixes
        if not prefix or asked == prefix or asked.startswith(f"{prefix}/")
    }
    # The first of those that are known equally well.
    return next(iter(fitting)) if len(fitting) == 1 else max(fitting, key=known)


class _Known:
    """How well the app knows a path; worked out where there is a choice."""

    def __init__(self, app: Flask):
        self._urls = app.url_map

    def __call__(self, path: str) -> int:
        try:
            _, values = self._match(path)
        except MethodNotAllowed:
            return _IS_ADDRESS
        except RequestRedirect:
            return _PERHAPS
        except NotFound:
            return _UNKNOWN
        # Hardly a shop's name: the shop is what has been read as a prefix.
        return _PERHAPS if values.get("shop_id") in self._pages_of_shop else _IS_ADDRESS

    def _match(self, path: str) -> tuple[str, Mapping]:
        return self._urls.bind("").match(path.encode("latin-1").decode(errors="replace"))

    @cached_property
    def _pages_of_shop(self) -> set[str]:
        paths = (rule.rule.split("/") for rule in self._urls.iter_rules())
        return {path[2] for path in paths if path[1] == "<shop_id>"}


def _as_in_wsgi(text: str) -> str:
    return text.encode().decode("latin-1")
