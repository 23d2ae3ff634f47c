"""Serves the bar below the path of PUBLIC_URL, whatever path the gateway sends.

Gateways send different paths. An HTTP API leaves its stage in the path, behind a domain's mapping
too, and takes the mapping's key out. A REST API does the reverse. The emulator takes both out. A
CDN adds its origin path. So the request's context says what to expect. If a path can be read in
several ways, the reading that matches one of our addresses is right. This also serves a shop that
has the same name as the stage.
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
    """Returns the full address of a page, for a QR code, a message or a link that is shared."""
    return services().public_url + url_for(endpoint, **values).removeprefix(request.script_root)


def cookie_suffix(public_url: str) -> str:
    """Returns a suffix that separates the cookies of bars that share a host below different paths.

    The cookie's path cannot do that, because a cookie that is bound to its host applies to all
    paths. A host of API Gateway belongs to one bar, so its bar needs no suffix.
    """
    address = urlsplit(public_url)
    if ".execute-api." in (address.hostname or ""):
        return ""
    return re.sub("[^A-Za-z0-9]+", "-", address.path.rstrip("/"))


def at_public_address(app: Flask, public_url: str) -> Callable:
    """Returns the WSGI app that serves requests at the bar's public address."""
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
            # A CDN sends the API's name as host, and Zappa marks every request as https.
            environ["HTTP_HOST"] = address.netloc
            environ["wsgi.url_scheme"] = address.scheme
        environ["SCRIPT_NAME"] = mount
        environ["PATH_INFO"] = _without(asked, prefixes, known)
        return inner(environ, start_response)

    return below


def _prefixes(event: Mapping, asked: str, mount: str, address: SplitResult) -> Iterator[str]:
    """Returns possible prefixes of the app's own path, first the one that the context implies."""
    context = event.get("requestContext") or {}
    name = context.get("stage")
    stage = "" if name in _NO_STAGE else f"/{name}"
    domain = context.get("domainName") or ""
    whole = (context.get("http") or context).get("path") or asked
    is_aws = ".execute-api." not in domain or _AWS_API.fullmatch(domain)
    is_older = event.get("version") != "2.0"
    if _as_in_wsgi(unquote(whole)) == stage + asked:
        has_stage = False  # The gateway itself says what it has removed.
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
    # `max` takes the first of the paths that the app knows equally well.
    return next(iter(fitting)) if len(fitting) == 1 else max(fitting, key=known)


class _Known:
    """Tells how well the app knows a path. It is asked only if there is a choice."""

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
        # A shop is hardly named like a page. More likely the prefix that was taken off was the
        # shop.
        return _PERHAPS if values.get("shop_id") in self._pages_of_shop else _IS_ADDRESS

    def _match(self, path: str) -> tuple[str, Mapping]:
        return self._urls.bind("").match(path.encode("latin-1").decode(errors="replace"))

    @cached_property
    def _pages_of_shop(self) -> set[str]:
        paths = (rule.rule.split("/") for rule in self._urls.iter_rules())
        return {path[2] for path in paths if path[1] == "<shop_id>"}


def _as_in_wsgi(text: str) -> str:
    return text.encode().decode("latin-1")
