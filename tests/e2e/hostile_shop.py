"""Makes a shop whose every text was written by somebody who tries things out.

python -m tests.e2e.hostile_shop, with the environment of a running bar: past all forms and their
checks, straight into the tables.
"""

from __future__ import annotations

import random
from dataclasses import replace

from domain.menu import Drink, Menu, Option, OptionGroup
from domain.shops import Shop
from tests.hostile_texts import XSS
from webapp.bootstrap import build_services
from webapp.settings import Settings

SHOP = "hostile"
_MARKUP = "<>\"'`=/&\\{}()!-[];:#% abonclickrstp"


def texts() -> tuple[str, ...]:
    """The known tricks, and as many texts of their characters at random."""
    dice = random.Random(20261124)
    return (*XSS, *("".join(dice.choices(_MARKUP, k=24)) for _ in XSS))


def hostile_shop() -> Shop:
    hours = 6 * 3600
    milk = OptionGroup(
        "milk", XSS[6], tuple(Option(f"o{at}", text) for at, text in enumerate(XSS[:12]))
    )
    drinks = tuple(
        Drink(f"d{at}", text, text, "latte", ("milk",)) for at, text in enumerate(texts())
    )
    return replace(
        Shop(id=SHOP),
        name=XSS[10],
        pickup_place=XSS[13],
        window_seconds=hours,
        code_seconds=hours,
        scans_per_code=1000,
        menu=Menu(drinks, (milk,)),
    )


if __name__ == "__main__":
    assert build_services(Settings.from_environment()).shops.create(hostile_shop())
