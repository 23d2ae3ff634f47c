"""What scripts/erase does: asks a bar to forget the customer of an order or of a phone number."""

from __future__ import annotations

import sys
from argparse import Namespace

from scripts import options
from scripts.bar import on_aws
from scripts.commands.staff import ask_function, ask_here
from scripts.machine import StackError


def main() -> None:
    chosen = options.parse_erase(sys.argv[1:])
    asked = asked_of(chosen)
    try:
        if chosen.stage:
            answer = ask_function(on_aws(chosen.stage, chosen.region), "erase-person", asked)
        else:
            answer = ask_here("erase-person", asked)
    except StackError as error:
        sys.exit(str(error))
    if refused := answer.get("refused"):
        sys.exit(refused)
    print(f"Erased. Orders that name nobody any more: {answer['orders']}")


def asked_of(chosen: Namespace) -> dict:
    """What the bar's job is asked with."""
    asked = {name: getattr(chosen, name) for name in ("number", "phone", "shop")}
    return asked | {"day": chosen.day.isoformat() if chosen.day else ""}


if __name__ == "__main__":
    main()
