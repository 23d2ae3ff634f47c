"""The commands of scripts/shop, which run with the environment of a running stack."""

from __future__ import annotations

import sys
from pathlib import Path

from domain.errors import Refusal
from domain.shop_file import write_shop
from scripts import options
from webapp.bootstrap import build_services
from webapp.services.all_services import Services
from webapp.services.shop import shops
from webapp.settings import Settings


def main() -> None:
    chosen = options.parse_shop(sys.argv[1:])
    services = build_services(Settings.from_environment())
    try:
        _run(services, chosen)
    except Refusal as refused:
        sys.exit(refused.sentence)
    except (OSError, UnicodeDecodeError) as error:
        sys.exit(f"{chosen.file} cannot be read or written: {error}.")


def _run(services: Services, chosen) -> None:
    if chosen.command == "export":
        text = write_shop(services.shop(chosen.shop))
        if chosen.file is None:
            sys.stdout.write(text)
        else:
            Path(chosen.file).write_text(text)
            print(f"{chosen.file} holds the settings of {chosen.shop}.")
    elif chosen.command == "import":
        text = Path(chosen.file).read_text()
        shops.import_settings(services, chosen.shop, text, "scripts/shop")
        print(f"{chosen.shop} has the settings of {chosen.file}.")
    elif chosen.command == "archive":
        services.shop(chosen.shop)
        shops.archive_shop(services, chosen.shop, not chosen.undo)
        print(f"{chosen.shop} is {'taken out again, still closed' if chosen.undo else 'put away'}.")
    else:
        if chosen.command == "copy":
            made = shops.copy_shop(services, chosen.shop, chosen.new, chosen.name, chosen.rehearsal)
        else:
            made = shops.create_shop(services, chosen.new, chosen.name, chosen.rehearsal)
        print(
            f"{made.id} is there, closed. Sign in: scripts/staff link --role admin --shop {made.id}"
        )


if __name__ == "__main__":
    main()
