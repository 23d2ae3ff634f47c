"""Which language a customer reads: the one they chose, else their phone's, else the bar's own."""

from __future__ import annotations

from flask import g, request, session, url_for

from domain.languages import LANGUAGES
from domain.shops import Shop
from webapp.access import services
from webapp.words import SOURCE, current_locale, use_locale

_CHOSEN = "lang"
_OF_CUSTOMERS = frozenset({None, "customer", "phone", "my_orders", "journey"})
"""Whose errors are a customer's; the team's pages stay in English."""


def end_request(_error: BaseException | None) -> None:
    """Nothing of its language is left for what the process does next."""
    use_locale(SOURCE)


def entered(shop_id: str) -> Shop:
    """The shop of a customer's page; from here on its locale is current. Raises NotFound."""
    shop = services().shop(shop_id)
    asked = request.args.get(_CHOSEN)
    if asked in shop.languages:
        session[_CHOSEN] = asked
    g.offered = shop.languages
    _speak_one_of(shop.languages)
    return shop


def use_locale_of_stranger(is_tv: bool = False) -> None:
    """For a page of no shop, such as that of a wrong address: in any language there is."""
    if "offered" not in g and (is_tv or request.blueprint in _OF_CUSTOMERS):
        _speak_one_of(tuple(LANGUAGES))


def asked_language() -> str | None:
    """The language that this very request asks for, if the shop offers it."""
    asked = request.args.get(_CHOSEN)
    return asked if asked in g.offered else None


def choices(shop: Shop, here: str | None = None) -> list[dict]:
    """The languages of the shop and where this page is in each; none where there is only one.

    here: the page's address, where that is not the one that was asked for.
    """
    if len(shop.languages) < 2:
        return []
    if here is None and request.method == "GET":
        here = request.script_root + request.path
    here = here or url_for("customer.welcome", shop_id=shop.id)
    return [
        {
            "code": code,
            "name": LANGUAGES.get(code, code),
            "url": f"{here}?{_CHOSEN}={code}",
            "is_spoken": code == current_locale(),
        }
        for code in shop.languages
    ]


def _speak_one_of(offered: tuple[str, ...]) -> None:
    chosen = session.get(_CHOSEN)
    if chosen in offered:
        use_locale(chosen)
        return
    g.by_browser = True
    use_locale(request.accept_languages.best_match(offered) or offered[0])
