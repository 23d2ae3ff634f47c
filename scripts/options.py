"""What a person may say on the command line.

Standard library only: it is read before the environment exists.
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path

DEFAULT_DATA = Path(__file__).resolve().parent.parent / ".local"

SETTINGS_HELP = """\
environment:
  CHOOSE_SECONDS         time to choose a drink (default 300)
  MAKE_SECONDS           time until a waiting order is given up (default 900)
  CODE_WINDOW_SECONDS    how long one QR code's scans last (default 300)
  CODE_SECONDS           how often its drawing changes (default 10)
  SCANS_PER_CODE         scans that one QR code accepts (default 10)
  SHOP_CAPACITY          orders that may be open at once
The last four are used at the first start of a data folder.
"""


def parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="scripts/serve",
        description="Start the coffee bar on this machine. The first start sets everything up.",
        epilog=SETTINGS_HELP,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--port", type=_port, default=8000, help="port of the pages (default 8000)")
    parser.add_argument(
        "--host",
        default="127.0.0.1",
        help="address to listen on (default 127.0.0.1; 0.0.0.0 lets phones on the same Wi-Fi in)",
    )
    _add_data(parser)
    return parser.parse_args(arguments)


def to_arguments(chosen: argparse.Namespace) -> list[str]:
    return ["--port", str(chosen.port), "--host", chosen.host, "--data", str(chosen.data)]


def parse_staff(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="scripts/staff", description="Sign-in links for the people behind the bar."
    )
    link = parser.add_subparsers(dest="command", required=True).add_parser(
        "link",
        help="print a fresh sign-in link",
        description="Print a fresh sign-in link. It works once, for 15 minutes.",
    )
    link.add_argument("--role", required=True, choices=["admin", "barista", "display"])
    link.add_argument("--shop", default="main", help="the shop's id (default main)")
    link.add_argument("--name", default="", help="the name shown to customers, such as Rui")
    _add_data(link)
    return parser.parse_args(arguments)


def _add_data(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--data",
        type=folder,
        default=DEFAULT_DATA,
        metavar="DIR",
        help="folder that keeps shop, orders and secrets (default .local)",
    )


def folder(text: str) -> Path:
    return Path(os.path.abspath(os.path.expanduser(text)))


def _port(text: str) -> int:
    try:
        port = int(text)
    except ValueError:
        port = -1
    if not 1 <= port <= 65535:
        raise argparse.ArgumentTypeError(f"{text} is not a port; choose one from 1 to 65535")
    return port
