"""Chooses a customer's language: their own choice, else their phone's, else the shop's first."""

from __future__ import annotations

from flask import g, request, session, url_for

from domain.languages import LANGUAGES
from domain.shops import Shop
from webapp.access import services
from webapp.words import SOURCE, current_locale, use_locale

_CHOSEN = "lang"
_OF_CUSTOMERS = frozenset({None, "customer", "phone", "my_orders", "journey"})
"""The blueprints whose errors customers read. The team's pages stay in English."""


def end_request(_error: BaseException | None) -> None:
    """Resets the locale, so that the process's next request does not inherit it."""
    use_locale(SOURCE)


def entered(shop_id: str) -> Shop:
    """Returns the shop of a customer's page and sets the locale. Raises NotFound."""
    shop = services().shop(shop_id)
    asked = request.args.get(_CHOSEN)
    if asked in shop.languages:
        session[_CHOSEN] = asked
    g.offered = shop.languages
    _use_one_of(shop.languages)
    return shop


def use_locale_of_stranger(is_tv: bool = False) -> None:
    """Sets the locale for a page of no shop, such as that of a wrong address.

    Any language of the product may be used.
    """
    if "offered" not in g and (is_tv or request.blueprint in _OF_CUSTOMERS):
        _use_one_of(tuple(LANGUAGES))


def asked_language() -> str | None:
    """Returns the language that this request asks for; None if the shop does not offer it."""
    asked = request.args.get(_CHOSEN)
    return asked if asked in g.offered else None


def choices(shop: Shop, here: str | None = None) -> list[dict]:
    """Returns the shop's languages with this page's address in each; none if there is only one.

    here: the page's address, if it differs from the address that was asked for.
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
            "is_current": code == current_locale(),
        }
        for code in shop.languages
    ]


def _use_one_of(offered: tuple[str, ...]) -> None:
    chosen = session.get(_CHOSEN)
    if chosen in offered:
        use_locale(chosen)
        return
    g.by_browser = True
    use_locale(request.accept_languages.best_match(offered) or offered[0])
