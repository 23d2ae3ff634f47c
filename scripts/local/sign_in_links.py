"""Prints fresh sign-in links, one a line: python -m scripts.local.sign_in_links --role ROLE [...]

It needs the environment of a running stack, which the launcher provides.
"""

from __future__ import annotations

import argparse
import sys

from domain.errors import NotFound
from webapp.bootstrap import build_services
from webapp.services.staff.sign_in import create_link
from webapp.settings import Settings


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--role", action="append", required=True)
    parser.add_argument("--shop", default="main")
    parser.add_argument("--name", default="")
    parser.add_argument("--wait", action="store_true", help="go on when standard input closes")
    chosen = parser.parse_args()
    services = build_services(Settings.from_environment())
    if chosen.wait:
        sys.stdin.read()
    try:
        for role in chosen.role:
            print(create_link(services, shop_id=chosen.shop, role=role, name=chosen.name))
    except NotFound:
        sys.exit(f"There is no shop called {chosen.shop} here.")


if __name__ == "__main__":
    main()
