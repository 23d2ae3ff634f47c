"""Opens a bar's phones, tablets and TVs in a real Chromium and acts as the people who use them."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass, field

from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

# On a busy machine a screen may be updated late; the tests only need it to be updated.
expect.set_options(timeout=20_000)

CHROMIUM_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
SIZES = {
    "phone": {"viewport": {"width": 390, "height": 844}, "device_scale_factor": 2},
    "tablet": {"viewport": {"width": 1180, "height": 820}},
    "tv": {"viewport": {"width": 1920, "height": 1080}},
}

_TELL_OF_REPORTS = """addEventListener('securitypolicyviolation', event =>
    console.error(`CSP report: ${event.violatedDirective} ${event.blockedURI}`))"""


@dataclass
class Screens:
    """Opens the screens of one bar and collects the errors in their consoles."""

    browser: Browser
    stack: object
    contexts: ExitStack
    complaints: list[str] = field(default_factory=list)

    def context(self, kind: str, **options) -> BrowserContext:
        context = self.browser.new_context(**SIZES[kind] | options)
        context.add_init_script(_TELL_OF_REPORTS)
        self.contexts.callback(context.close)
        return context

    def page(self, context: BrowserContext) -> Page:
        page = context.new_page()
        page.set_default_timeout(15_000)
        # The first page of a run also waits until Chromium has started.
        page.set_default_navigation_timeout(60_000)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("console", self._listen)
        page.on("dialog", self._dismiss)
        return page

    def phone(self, path: str = "/main/", **options) -> Page:
        page = self.page(self.context("phone", **options))
        page.goto(self.stack.base_url + path)
        return page

    def tablet(self, name: str = "") -> Page:
        return self.signed_in("tablet", "barista", name)

    def tv(self) -> Page:
        return self.signed_in("tv", "display")

    def signed_in(self, kind: str, role: str, name: str = "") -> Page:
        page = self.page(self.context(kind))
        page.goto(self.stack.link(role, name=name))
        page.get_by_role("button", name="Sign in here").click()
        page.wait_for_url(lambda url: "/sign-in/" not in url)
        return page

    def scan(self, tv: Page, **options) -> Page:
        """Returns a phone that has scanned the QR code on the TV."""
        page = self.page(self.context("phone", **options))
        page.goto(self.code_link(tv))
        return page

    @staticmethod
    def code_link(tv: Page) -> str:
        """Returns the address in the QR code that the TV shows now."""
        link = tv.get_by_role("link").filter(has=tv.get_by_label("Scan to order"))
        return link.get_attribute("href")

    def _dismiss(self, dialog) -> None:
        # Our pages open no dialogs, so a dialog comes from a script that should not run.
        self.complaints.append(f"a dialog: {dialog.message}")
        dialog.dismiss()

    def _listen(self, message) -> None:
        # A refused page gives a 4xx answer and a lost event stream an error event; both are
        # expected.
        expected = ("Failed to load resource", "[object Event]")
        if message.type == "error" and not message.text.startswith(expected):
            self.complaints.append(message.text)


def get_place(phone: Page) -> None:
    phone.get_by_role("button", name="Get my place").click()
    phone.get_by_role("radio", name="Latte", exact=True).wait_for()


def place_order(phone: Page, drink: str, *options: str) -> str:
    """Chooses a drink, orders it and returns the order number."""
    phone.get_by_role("radio", name=drink, exact=True).check()
    for option in options:
        phone.get_by_role("radio", name=option, exact=True).check()
    phone.get_by_role("button", name="Place order").click()
    number = phone.get_by_label("Order number", exact=True)
    number.wait_for()
    return number.inner_text().strip()


def card(tablet: Page, number: str) -> Locator:
    return tablet.get_by_role("article", name=f"Order {number}", exact=True)


def tap(tablet: Page, number: str, name: str) -> None:
    card(tablet, number).get_by_role("button", name=name, exact=True).click()
