"""Checks of the public address: what the gateway does with paths, headers, cookies and files."""

from __future__ import annotations

import base64
import hashlib
import statistics
import time
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urljoin, urlsplit

from scripts.verifying.browser import Browser
from scripts.verifying.registry import checks
from scripts.verifying.scenes import Scenes
from scripts.verifying.verdicts import EmulatorDiffers, NotChecked, Wrong

_AT_ONCE = 6
_WARM = 10
_SLOW_PAGE_SECONDS = 1.0
_GATEWAY_SECONDS = 30
_HEADERS = (
    "content-security-policy",
    "x-content-type-options",
    "referrer-policy",
    "cross-origin-opener-policy",
    "permissions-policy",
    "cache-control",
)
_OTHERS_PAGES = ("/barista", "/display", "/admin", "/barista/live", "/display/live")


@checks("address-answers")
def address_answers(scenes: Scenes) -> str:
    browser = scenes.browser()
    answer = browser.open("/healthz")
    if answer.status_code != 200 or answer.text != "ok":
        raise Wrong(f"/healthz answers {answer.status_code}")
    return "/healthz says that tables, workflow and event bus answer"


@checks("links-lead-back")
def links_lead_back(scenes: Scenes) -> str:
    browser = scenes.browser()
    browser.open(f"/{scenes.shop}/")
    if browser.answer.status_code != 200:
        raise Wrong(f"the shop's first page answers {browser.answer.status_code}")
    addresses = _addresses(browser)
    browser.open(f"/{scenes.shop}/staff")
    addresses |= _addresses(browser)
    base = scenes.subject.url + "/"
    for address in sorted(addresses):
        if not address.startswith(base):
            raise Wrong(f"a page leads to {_path(address)}, which is not below the bar's address")
        if (status := scenes.browser().open(address).status_code) >= 400:
            raise Wrong(f"a page leads to {_path(address)}, which answers {status}")
    return f"{len(addresses)} links, forms, scripts and styles of two pages lead to pages"


def _addresses(browser: Browser) -> set[str]:
    found = {
        urljoin(browser.answer.url, element[name])
        for selector, name in (
            ("a[href]", "href"),
            ("link[href]", "href"),
            ("script[src]", "src"),
            ("form[action]", "action"),
        )
        for element in browser.page.select(selector)
        if not element[name].startswith(("data:", "#", "otpauth:"))
    }
    return {address.partition("#")[0] for address in found}


def _path(address: str) -> str:
    return urlsplit(address).path


@checks("links-say-address")
def links_say_address(scenes: Scenes) -> str:
    answer = scenes.subject.ask("sign-in-link", {"shop": scenes.shop, "role": "display"})
    if not answer["link"].startswith(f"{scenes.subject.url}/"):
        parts = urlsplit(answer["link"])
        begin = f"{parts.scheme}://{parts.netloc}{parts.path.partition(scenes.shop)[0]}"
        raise Wrong(f"the bar is not where codes and sign-in links lead: {begin}")
    return "codes and sign-in links begin with the bar's own address"


@checks("domain-at-default")
def domain_at_default(scenes: Scenes) -> str:
    subject = scenes.subject
    if "Domain" not in subject.physical:
        raise NotChecked("this bar has no name of its own")
    gateway, domain = subject.client("apigatewayv2"), urlsplit(subject.url).hostname
    stages = {
        one["Stage"]
        for one in gateway.get_api_mappings(DomainName=domain)["Items"]
        if not one.get("ApiMappingKey")
    }
    if stages != {"$default"}:
        raise Wrong(f"the name leads to {', '.join(sorted(stages)) or 'nothing'}, not to $default")
    answer = scenes.browser().open(f"/{scenes.shop}/")
    if answer.status_code != 200:
        raise Wrong(f"behind the name a page answers {answer.status_code}")
    return "the name leads to $default, and a page answers there"


@checks("redirects")
def redirects(scenes: Scenes) -> str:
    answer = scenes.browser().open("/", allow_redirects=False)
    if answer.status_code == 200:
        return "several shops are offered at the first page"
    target = urljoin(answer.url, answer.headers.get("location", ""))
    if answer.status_code not in (302, 303, 308):
        raise Wrong(f"the first page answers {answer.status_code}")
    if not target.startswith(f"{scenes.subject.url}/"):
        raise Wrong(f"the first page leads to {_path(target)}, outside the bar's address")
    status = scenes.browser().open(target).status_code
    if status != 200:
        raise Wrong(f"the first page leads to {_path(target)}, which answers {status}")
    return f"the first page leads to {_path(target)}"


@checks("static-files")
def static_files(scenes: Scenes) -> str:
    """Uses the staff's page, because a customer's first page contains its style and script."""
    browser = scenes.browser()
    browser.open(f"/{scenes.shop}/staff")
    files = [one for one in _addresses(browser) if "/static/dist/" in one]
    if not files:
        raise Wrong("the page names no script and no style")
    for address in files:
        answer = scenes.browser().open(address)
        if answer.status_code != 200 or len(answer.content) < 100:
            raise Wrong(f"{_path(address)} answers {answer.status_code}")
        if answer.headers.get("cache-control") != "public, max-age=31536000, immutable":
            raise Wrong(f"{_path(address)} may be kept: {answer.headers.get('cache-control')}")
        if answer.headers.get("content-encoding") != "gzip":
            raise Wrong(f"{_path(address)} does not arrive gzipped")
    return f"{len(files)} files arrive gzipped and may be kept for a year"


@checks("headers-pass")
def headers_pass(scenes: Scenes) -> str:
    browser = scenes.browser()
    answer, wanted = browser.open(f"/{scenes.shop}/"), _HEADERS
    if scenes.subject.url.startswith("https:"):
        wanted += ("strict-transport-security",)
    if missing := [name for name in wanted if name not in answer.headers]:
        raise Wrong(f"the gateway lets these headers fall: {', '.join(missing)}")
    if "default-src 'none'" not in answer.headers["content-security-policy"]:
        raise Wrong("the content security policy is not ours")
    inside = browser.page.select("style, script:not([src])")
    for element in inside:
        digest = base64.b64encode(hashlib.sha256(element.text.encode()).digest()).decode()
        if f"'sha256-{digest}'" not in answer.headers["content-security-policy"]:
            raise Wrong(f"a {element.name} of the page is not the one that its policy names")
    return f"{len(wanted)} headers of protection arrive, and {len(inside)} parts that they name"


@checks("cookies-pass")
def cookies_pass(scenes: Scenes) -> str:
    browser = scenes.browser()
    browser.open(f"/{scenes.shop}/staff")
    # requests joins headers of the same name; urllib3 below it keeps them apart.
    cookies = browser.answer.raw.headers.getlist("set-cookie")
    if not cookies:
        raise Wrong("a page with a form sets no cookie")
    is_secure = scenes.subject.url.startswith("https:")
    for cookie in set(cookies):
        parts = {part.strip().partition("=")[0].lower() for part in cookie.split(";")[1:]}
        wanted = {"httponly", "path", "samesite"} | ({"secure"} if is_secure else set())
        if missing := wanted - parts:
            raise Wrong(f"a cookie comes without {', '.join(sorted(missing))}")
        if is_secure and not cookie.startswith("__Host-"):
            raise Wrong("a cookie is not bound to this host")
    if len(set(cookies)) < len(cookies) and scenes.subject.is_emulator:
        raise EmulatorDiffers("Set-Cookie arrives twice; its content is right")
    return "cookies arrive once, with all that protects them"


@checks("stranger-gets-nothing")
def stranger_gets_nothing(scenes: Scenes) -> str:
    order = scenes.made.fact("order")
    pages = [f"/{scenes.shop}{page}" for page in _OTHERS_PAGES]
    pages += [f"/{scenes.shop}/orders/{order}{page}" for page in ("", "/panel", "/live")]
    pages += [f"/api/{scenes.shop}/orders", f"/{scenes.shop}/api/orders"]
    for page in pages:
        answer = scenes.browser().open(page, allow_redirects=False)
        is_way_in = answer.status_code == 303 and "/staff" in answer.headers.get("location", "")
        if answer.status_code not in (401, 403, 404) and not is_way_in:
            raise Wrong(
                f"a stranger who asks for {page.replace(order, '…')} gets {answer.status_code}"
            )
    answer = scenes.browser().session.post(
        f"{scenes.subject.url}/{scenes.shop}/orders/{order}/cancel", timeout=_GATEWAY_SECONDS
    )
    if answer.status_code < 400:
        raise Wrong(f"a stranger may cancel an order: {answer.status_code}")
    return f"{len(pages) + 1} pages of others turn a stranger away"


@checks("large-bodies")
def large_bodies(scenes: Scenes) -> str:
    browser = scenes.browser()
    browser.open(f"/{scenes.shop}/staff")
    browser.press("form", email="x" * 40_000, password="no")
    if browser.answer.status_code != 413:
        raise Wrong(f"a form of 40 KB is answered {browser.answer.status_code}")
    return "a form of 40 KB is turned away with 413"


@checks("cold-start")
def cold_start(scenes: Scenes) -> str:
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        times = sorted(pool.map(lambda _: _seconds(scenes), range(_AT_ONCE)))
    if times[-1] > _GATEWAY_SECONDS:
        raise Wrong(f"the slowest of {_AT_ONCE} pages at once took {times[-1]:.1f} s")
    return (
        f"{_AT_ONCE} first pages at once took {times[0]:.2f} to {times[-1]:.2f} s; the slow ones"
        " waited for a container"
    )


@checks("warm-request")
def warm_request(scenes: Scenes) -> str:
    times = [_seconds(scenes) for _ in range(_WARM)]
    median = statistics.median(times)
    said = f"a warm page took {median * 1000:.0f} ms, the median of {_WARM} from here"
    if median > _SLOW_PAGE_SECONDS:
        raise Wrong(said)
    return said


def _seconds(scenes: Scenes) -> float:
    browser, began = scenes.browser(), time.monotonic()
    browser.open("/healthz")
    return time.monotonic() - began
