"""Asks a bar to erase the personal data of the customer of an order or of a phone number."""

from __future__ import annotations

import sys
from argparse import Namespace

from scripts import options
from scripts.commands.staff import ask


def main() -> None:
    chosen = options.parse_erase(sys.argv[1:])
    answer = ask(chosen, "erase-person", asked_of(chosen))
    print(f"Erased. Orders that name nobody any more: {answer['orders']}")


def asked_of(chosen: Namespace) -> dict:
    """Returns the arguments of the bar's job."""
    asked = {name: getattr(chosen, name) for name in ("number", "phone", "shop")}
    return asked | {"day": chosen.day.isoformat() if chosen.day else ""}


if __name__ == "__main__":
    main()
