"""A browser without JavaScript, at the bar's public address."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urljoin

import requests
from bs4 import BeautifulSoup

from scripts.verifying.verdicts import Wrong

SECONDS = 35
"""A little longer than the gateway waits for the function."""


@contextmanager
def names_below_localhost() -> Iterator[None]:
    """Resolves names below localhost to this machine, as every browser does."""
    resolve = socket.getaddrinfo

    def resolve_locally(host, *rest, **named):
        is_local = isinstance(host, str) and host.endswith(".localhost")
        return resolve("127.0.0.1" if is_local else host, *rest, **named)

    socket.getaddrinfo = resolve_locally
    try:
        yield
    finally:
        socket.getaddrinfo = resolve


class Browser:
    """A browser with cookies and the page that it opened last."""

    def __init__(self, url: str):
        self.base_url = url
        self.session = requests.Session()
        self.session.headers["User-Agent"] = "coffee-bar-verify"
        self.answer: requests.Response | None = None

    def open(self, address: str, **options) -> requests.Response:
        """Opens an address, or a path below the bar's own address, and returns the answer."""
        if address.startswith("/"):
            address = self.base_url + address
        return self._take(self.session.get(address, timeout=SECONDS, **options))

    def press(self, selector: str, **fields: str) -> requests.Response:
        """Sends a form of the open page, with these fields filled in and the others unchanged."""
        form = self.page.select_one(selector)
        if form is None:
            raise Wrong(f"{self.where} has no form {selector}; its title is “{self.title}”")
        data = {
            field["name"]: field.get("value", "")
            for field in form.select("input[name][type=hidden], input[name][type=email]")
        }
        address = urljoin(self.answer.url, form.get("action") or self.answer.url)
        return self._take(self.session.post(address, data=data | fields, timeout=SECONDS))

    @property
    def page(self) -> BeautifulSoup:
        return BeautifulSoup(self.answer.text, "html.parser")

    @property
    def title(self) -> str:
        heading = self.page.select_one("h1") or self.page.select_one("title")
        return heading.get_text(" ", strip=True) if heading else ""

    @property
    def where(self) -> str:
        """The open page's path without parts that may be secret."""
        path = self.answer.url.removeprefix(self.base_url).partition("?")[0]
        return "/".join(part if len(part) < 20 else "…" for part in path.split("/"))

    def attribute(self, selector: str, name: str) -> str:
        found = self.page.select_one(selector)
        return found.get(name, "") if found else ""

    def _take(self, answer: requests.Response) -> requests.Response:
        self.answer = answer
        if answer.status_code >= 500:
            raise Wrong(f"{answer.request.method} {self.where} answers {answer.status_code}")
        return answer
