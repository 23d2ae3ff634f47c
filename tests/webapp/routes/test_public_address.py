"""The bar behind every gateway there is: each request is made as that gateway hands it over, and
each address in each answer is asked for again, as a browser does."""

from __future__ import annotations

import base64
import gzip
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from html.parser import HTMLParser
from urllib.parse import parse_qs, urlencode, urljoin, urlsplit

import pytest
from zappa.wsgi import create_wsgi_request

from tests.builders import a_shop
from tests.webapp.routes.conftest import path_of_code
from webapp import create_app
from webapp.public_address import at_public_address
from webapp.services.staff.sign_in import create_link
from webapp.settings import Settings

_API = "a1b2c3.execute-api.eu-central-1.amazonaws.com"
_STAGE = "prod"


@dataclass(frozen=True)
class Gateway:
    """What guests see and what the function gets.

    before: stands before the app's own path in the function's request.
    host: whom the gateway was asked as; of a CDN that is not the name that guests know.
    """

    public_url: str
    before: str
    host: str
    stage: str = _STAGE
    version: str = "2.0"
    before_in_context: str | None = None

    def event(self, method: str, path: str, query: str, headers: dict, body: str) -> dict:
        whole = (self.before if self.before_in_context is None else self.before_in_context) + path
        headers = {"host": self.host, "x-forwarded-host": "elsewhere.example"} | headers
        body = base64.b64encode(body.encode()).decode()
        event = {"headers": headers, "body": body, "isBase64Encoded": True}
        context = {"stage": self.stage, "domainName": self.host}
        if self.version == "2.0":
            cookies = {"cookies": [headers.pop("cookie")]} if "cookie" in headers else {}
            http = {"method": method, "path": whole, "sourceIp": "203.0.113.7"}
            return (
                event
                | cookies
                | {
                    "version": "2.0",
                    "routeKey": "$default",
                    "rawPath": self.before + path,
                    "rawQueryString": query,
                    "requestContext": context | {"http": http},
                }
            )
        context |= {"path": whole, "identity": {"sourceIp": "203.0.113.7"}}
        return (
            event
            | ({"version": self.version} if self.version else {})
            | {
                "httpMethod": method,
                "path": self.before + path,
                "requestContext": context,
                "multiValueHeaders": {name: [value] for name, value in headers.items()},
                "multiValueQueryStringParameters": parse_qs(query, keep_blank_values=True) or None,
                "queryStringParameters": None,
            }
        )


_OWN, _CDN = "bar.example.com", "cups.example.net"
GATEWAYS = {
    "an HTTP API": Gateway(f"https://{_API}/prod", "/prod", _API),
    "an HTTP API, payload 1.0": Gateway(f"https://{_API}/prod", "/prod", _API, version="1.0"),
    "a REST API": Gateway(f"https://{_API}/prod", "", _API, version="", before_in_context="/prod"),
    "the emulator": Gateway(
        "http://a1b2c3.execute-api.localhost:4566/prod", "", "a1b2c3.execute-api.localhost"
    ),
    "a domain at a stage without a name": Gateway(f"https://{_OWN}", "", _OWN, "$default"),
    "a domain, the stage left in": Gateway(f"https://{_OWN}", "/prod", _OWN),
    "a domain, the stage taken away": Gateway(f"https://{_OWN}", "", _OWN),
    "a domain, the context says what was taken away": Gateway(
        f"https://{_OWN}", "", _OWN, before_in_context="/prod"
    ),
    "a domain of a REST API": Gateway(f"https://{_OWN}", "", _OWN, version=""),
    "a base path, only the stage in the path": Gateway(f"https://{_OWN}/coffee", "/prod", _OWN),
    "a base path, nothing in the path": Gateway(f"https://{_OWN}/coffee", "", _OWN),
    "a base path, left in the path": Gateway(f"https://{_OWN}/coffee", "/coffee", _OWN),
    "a base path of two parts": Gateway(f"https://{_OWN}/hall/coffee", "/prod", _OWN),
    "a base path of a REST API": Gateway(f"https://{_OWN}/coffee", "/coffee", _OWN, version=""),
    "a base path, payload 1.0": Gateway(f"https://{_OWN}/coffee", "/coffee", _OWN, version="1.0"),
    "a base path with the stage's name": Gateway(f"https://{_OWN}/prod", "/prod", _OWN),
    "a CDN before an API": Gateway(f"https://{_CDN}", "/prod", _API),
    "a CDN before a domain": Gateway(f"https://{_CDN}", "", _OWN, "$default"),
    "a CDN with a path of its own": Gateway(f"https://{_CDN}/coffee", "/prod/coffee", _API),
    "a CDN that passes the stage on": Gateway(f"https://{_CDN}/prod", "/prod", _API),
    "a function's own address": Gateway(
        "https://q7w8.lambda-url.eu-central-1.on.aws",
        "",
        "q7w8.lambda-url.eu-central-1.on.aws",
        "$default",
    ),
}


_OWN_HTTP_API = "a domain, the stage left in"
READINGS = {
    # gateway, path in the request: the app's own path
    ("an HTTP API", "/prod"): "/",
    ("an HTTP API", "/prod/"): "/",
    ("an HTTP API", "/prod/prod/"): "/prod/",
    ("an HTTP API", "/prod/products"): "/products",
    ("an HTTP API", "/production/"): "/production/",
    ("an HTTP API", "/%70rod/main/"): "/main/",
    ("an HTTP API", "/prod//main//"): "//main//",
    ("an HTTP API", "/prod/main/scan/a%2Fb"): "/main/scan/a/b",
    ("an HTTP API", "/prod/caf%C3%A9/"): "/caf\xc3\xa9/",
    ("a REST API", "/prod/"): "/prod/",
    ("a REST API", "/products"): "/products",
    ("the emulator", "/prod/"): "/prod/",
    ("the emulator", "/"): "/",
    (_OWN_HTTP_API, "/prod"): "/",
    (_OWN_HTTP_API, "/prod/prod/display"): "/prod/display",
    (_OWN_HTTP_API, "/prod/prod/prod"): "/prod/prod",
    ("a domain, the stage taken away", "/prod/display"): "/prod/display",
    ("a domain, the stage taken away", "/prod/display/metrics"): "/prod/display/metrics",
    ("a domain, the context says what was taken away", "/prod/"): "/prod/",
    ("a domain at a stage without a name", "/prod/"): "/prod/",
    ("a base path, left in the path", "/coffee"): "/",
    ("a base path, left in the path", "/coffee/coffee/display"): "/coffee/display",
    ("a base path, only the stage in the path", "/prod/coffee/"): "/coffee/",
    ("a base path with the stage's name", "/prod/prod/"): "/prod/",
    ("a CDN with a path of its own", "/prod/coffee/"): "/",
    ("a CDN with a path of its own", "/prod/coffee/coffee/"): "/coffee/",
    ("a CDN that passes the stage on", "/prod/"): "/",
}


@dataclass
class Answer:
    status: int
    headers: dict
    text: str


@dataclass
class Browser:
    """Knows the public address alone, keeps cookies as browsers do, and asks through a gateway."""

    gateway: Gateway
    door: Callable
    cookies: dict[str, str] = field(default_factory=dict)

    def ask(self, url: str, method: str = "GET", **form: str) -> Answer:
        public, asked = urlsplit(self.gateway.public_url), urlsplit(url)
        assert (asked.scheme, asked.netloc) == (public.scheme, public.netloc), url
        path = asked.path
        assert path == public.path or path.startswith(f"{public.path}/"), url
        headers = {"accept-encoding": "gzip"}
        if self.cookies:
            headers["cookie"] = "; ".join(f"{name}={one}" for name, one in self.cookies.items())
        if form:
            headers["content-type"] = "application/x-www-form-urlencoded"
        own_path = path.removeprefix(public.path)
        event = self.gateway.event(method, own_path, asked.query, headers, urlencode(form))
        answer = self.door(event, None)
        self._keep(answer)
        several = answer.get("multiValueHeaders", {})
        headers = {name.lower(): values[0] for name, values in several.items()}
        headers |= {name.lower(): value for name, value in answer.get("headers", {}).items()}
        body = answer["body"].encode()
        if answer.get("isBase64Encoded"):
            body = base64.b64decode(body)
        if headers.get("content-encoding") == "gzip":
            body = gzip.decompress(body)
        return Answer(answer["statusCode"], headers, body.decode())

    def _keep(self, answer: dict) -> None:
        sent = answer.get("cookies") or answer.get("multiValueHeaders", {}).get("Set-Cookie", ())
        names = [one.partition("=")[0] for one in sent]
        assert len(names) == len(set(names)), "each cookie is sent once"
        for cookie in sent:
            pair, *marks = re.split("; *", cookie)
            name, _, value = pair.partition("=")
            assert "Path=/" in marks and not any(one.startswith("Domain") for one in marks)
            is_https = self.gateway.public_url.startswith("https:")
            assert name.startswith("__Host-") == ("Secure" in marks) == is_https
            self.cookies[name] = value


class _Addresses(HTMLParser):
    """All that a browser, htmx or our own script may ask for, and how."""

    def __init__(self, text: str):
        super().__init__()
        self.found: set[tuple[str, str]] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attributes: list) -> None:
        given = dict(attributes)
        for name, value in attributes:
            value = (value or "").strip()
            if name == "content" and (found := re.search(r"url=(\S+)", value)):
                value = found[1]
            if not re.match("/|https?:", value):
                continue
            is_post = name == "hx-post" or (
                name in ("action", "formaction") and given.get("method", "get").lower() == "post"
            )
            self.found.add(("POST" if is_post else "GET", value))

    def handle_data(self, text: str) -> None:
        for url in re.findall(r"https?://\S+", text):
            self.found.add(("GET", url))


@pytest.fixture
def shops(services):
    """Besides the bar `main` one that has the name of the stage, and one that has a base path's."""
    for name in ("prod", "coffee"):
        services.shops.create(a_shop(id=name, capacity=9, scans_per_code=9))


@pytest.fixture(params=GATEWAYS.values(), ids=GATEWAYS)
def gateway(request) -> Gateway:
    return request.param


@pytest.fixture
def services(services, gateway):
    return replace(services, public_url=gateway.public_url)


@pytest.fixture
def app(gateway, services):
    settings = Settings(secret_key=services.secret_keys[0], public_url=gateway.public_url)
    app = create_app(settings, services)
    app.config["WTF_CSRF_ENABLED"] = False
    app.extensions["live_relay"] = object()  # So that pages name their live addresses.
    app.extensions["live_grants"] = None
    return app


@pytest.fixture
def browser(gateway, app, door_of):
    door = door_of(app)
    return lambda: Browser(gateway, door)


def _landed(browser: Browser, url: str, method: str = "GET", **form: str) -> tuple[str, Answer]:
    """Where a browser arrives, following what it is sent on to."""
    answer = browser.ask(url, method, **form)
    for _ in range(5):
        if answer.status not in (301, 302, 303, 308):
            break
        url = urljoin(url, answer.headers["location"])
        answer = browser.ask(url)
    return url, answer


def _walk(browser: Browser, *starts: str) -> Iterator[str]:
    """Asks for one page of each kind that can be found from here; yields its kind."""
    public = browser.gateway.public_url
    waiting, seen = [("GET", url) for url in starts], set()
    while waiting:
        method, url = waiting.pop()
        kind = _kind(urlsplit(url).path.removeprefix(urlsplit(public).path))
        if (method, kind) in seen or url.startswith("http://www.w3.org"):
            continue
        seen.add((method, kind))
        if kind.endswith(("/live", "/journeys/SECRET")):
            yield kind  # A stream, and a journey that no consumer has written.
            continue
        landed, answer = _landed(browser, url)
        # What takes a form only is known, and says so; nothing is sent to it. A TV has the codes
        # that are to come, too.
        told = {"POST": 405}.get(method, 400 if kind.endswith("/scan/SECRET") else 200)
        assert answer.status in (200, told), (method, url)
        yield kind
        if "text/html" in answer.headers["content-type"] and method == "GET":
            for how, found in sorted(_Addresses(answer.text).found):
                waiting.append((how, urljoin(landed, found)))


def _kind(path: str) -> str:
    path = re.sub("[0-9a-f]{32}", "ID", path)
    path = re.sub(r"/(scan|sign-in|journeys)/.+", r"/\1/SECRET", path)
    path = re.sub(r"(/admin/menu/\w+)/[^/]+", r"\1/ITEM", path)
    return re.sub(r"(/people|/sessions|/devices)/[^/]+/", r"\1/ONE/", path)


def test_every_address_that_a_page_gives_leads_back_to_the_bar(gateway, services, shops, browser):
    public, shop = gateway.public_url, f"{gateway.public_url}/prod"
    for shop_id in ("main", "coffee", "prod"):
        phone = browser()
        _, answer = _landed(phone, public + path_of_code(services, shop_id))
        assert answer.status == 200 and "Get my place" in answer.text
        order_url, answer = _landed(phone, f"{public}/{shop_id}/scan", "POST")
        assert answer.status == 200 and order_url.startswith(f"{public}/{shop_id}/orders/")
    of_phone = set(_walk(phone, order_url, f"{public}/", f"{public}/api/openapi.json"))
    below_order = {f"/prod/orders/ID{part}" for part in ("", "/panel", "/live", "/cancel")}
    assert below_order | {"/prod/journeys/SECRET"} < of_phone

    tv, admin = browser(), browser()
    board, answer = _landed(tv, create_link(services, "prod", "display"), "POST")
    assert (board, answer.status) == (f"{shop}/display", 200)
    assert {"/prod/display/code", "/prod/scan/SECRET"} < set(_walk(tv, board))
    home, answer = _landed(admin, create_link(services, "prod", "admin"), "POST")
    assert (home, answer.status) == (f"{shop}/admin", 200)
    assert len(set(_walk(admin, home, f"{shop}/barista", f"{shop}/metrics"))) > 40


@pytest.mark.parametrize(("name", "asked"), READINGS, ids=[" ".join(one) for one in READINGS])
def test_a_path_is_read_as_its_gateway_means_it(name, asked, bare_app):
    gateway = GATEWAYS[name]
    event = replace(gateway, before="").event("GET", asked, "", {}, "")
    given = create_wsgi_request(event) | {"lambda.event": event, "wsgi.url_scheme": "https"}
    at_public_address(bare_app, gateway.public_url)(given, None)
    public = urlsplit(gateway.public_url)
    assert given["PATH_INFO"] == READINGS[name, asked]
    assert given["SCRIPT_NAME"] == public.path
    assert (given["wsgi.url_scheme"], given["HTTP_HOST"]) == (public.scheme, public.netloc)


@pytest.fixture(scope="module")
def bare_app():
    """Only knows its addresses."""
    app = create_app(Settings(secret_key="unused", public_url="http://localhost"), object())
    app.wsgi_app = lambda environ, start_response: []
    return app


@pytest.mark.parametrize(
    ("asked", "own"), [("/main/", "/main/"), ("/coffee/main/", "/main/"), ("/coffee/", "/coffee/")]
)
def test_a_proxy_of_ones_own_may_take_its_path_away_or_leave_it(bare_app, asked, own):
    given = {"SCRIPT_NAME": "", "PATH_INFO": asked, "HTTP_HOST": "as.asked.example"}
    at_public_address(bare_app, "https://hall.example/coffee")(given, None)
    assert given == {"SCRIPT_NAME": "/coffee", "PATH_INFO": own, "HTTP_HOST": "as.asked.example"}


def test_an_address_without_its_slash_leads_to_the_public_one(browser, gateway, services):
    answer = browser().ask(f"{gateway.public_url}/main")
    assert answer.status == 308
    landed = urljoin(f"{gateway.public_url}/main", answer.headers["location"])
    assert landed == f"{gateway.public_url}/main/"


def test_bars_that_share_a_host_have_cookies_of_their_own():
    names = {
        url: create_app(Settings(secret_key="unused", public_url=url), object()).config[
            "SESSION_COOKIE_NAME"
        ]
        for url in (
            f"https://{_OWN}",
            f"https://{_OWN}/coffee",
            f"https://{_OWN}/tea",
            f"https://{_API}/prod",
        )
    }
    assert list(names.values()) == [
        "__Host-session",
        "__Host-session-coffee",
        "__Host-session-tea",
        "__Host-session",
    ]
