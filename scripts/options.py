"""The command-line options of all commands.

Uses the standard library only, because it is imported before the environment exists.
"""

from __future__ import annotations

import argparse
import difflib
import ipaddress
import os
import re
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path

from domain.people import PERSON_ROLES, StaffRole
from domain.reading import read_day, read_number
from scripts.version import version

DEFAULT_DATA = Path(__file__).resolve().parent.parent / ".local"

KILLED = ("emulator", "web", "launcher", "all")
"""What scripts/chaos kills: one process of the bar, or all of them at the same moment."""

SETTINGS_HELP = """\
environment:
  CHOOSE_SECONDS         time to choose a drink (default 300)
  MAKE_SECONDS           time until a waiting order is given up (default 900)
  CODE_WINDOW_SECONDS    how long one QR code's scans last (default 300)
  CODE_SECONDS           how often its drawing changes (default 10)
  SCANS_PER_CODE         scans that one QR code accepts (default 10)
  SHOP_CAPACITY          orders that may be open at once
  EXTENSIONS             extensions, such as “webhook labels”; docs/extensions.md
  BEHIND_PROXY           what --behind-proxy says
Those from CODE_WINDOW_SECONDS to SHOP_CAPACITY are used at the first start of a data folder.
"""


def add_bar(parser: argparse.ArgumentParser) -> None:
    """Adds the options that choose a bar for scripts/bar.py."""
    parser.add_argument(
        "--stage", help="of a bar on AWS: a stage of zappa_settings.json, with your credentials"
    )
    parser.add_argument("--region", help="the stage's region, if the settings do not name it")
    _add_data(parser)


def parse_serve(arguments: list[str]) -> argparse.Namespace:
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
    parser.add_argument(
        "--tls",
        nargs=2,
        type=_file,
        metavar=("CERT", "KEY"),
        help="serve https with this certificate and its key (PEM files)",
    )
    parser.add_argument(
        "--name",
        help="the host name that links and codes carry, such as the certificate's"
        " (default: this machine's address); the whole address, such as https://bar.example,"
        " behind a proxy",
    )
    parser.add_argument(
        "--behind-proxy",
        type=_address,
        default=os.environ.get("BEHIND_PROXY") or None,
        metavar="ADDRESS",
        help="the address of a reverse proxy: it alone is believed when it says who asks"
        " (X-Forwarded-For, -Proto and -Host)",
    )
    parser.add_argument("--version", action="version", version=version())
    _add_data(parser)
    chosen = parser.parse_args(arguments)
    for line in _contradictions(chosen, os.environ):
        parser.exit(2, f"scripts/serve: {line}.\n")
    return chosen


_NUMBERS = {
    "CHOOSE_SECONDS": 86_400,
    "MAKE_SECONDS": 86_400,
    "CODE_WINDOW_SECONDS": 31_536_000,
    "CODE_SECONDS": 31_536_000,
    "SCANS_PER_CODE": 1_000_000,
    "SHOP_CAPACITY": 100_000,
}
"""The largest allowed value of each variable; the smallest is 1."""
_WORDS = ("EXTENSIONS",)
_LABEL = "(?!-)[a-z0-9-]{1,63}(?<!-)"
_HOST_NAME = re.compile(rf"{_LABEL}(\.{_LABEL})*\.?", re.IGNORECASE)


def _contradictions(chosen: argparse.Namespace, environment: Mapping[str, str]) -> Iterator[str]:
    """Yields one line for each option or variable that makes no sense."""
    for name, most in _NUMBERS.items():
        text = environment.get(name, "").strip()
        try:
            read_number(text or "1", 1, most)
        except ValueError:
            yield f"{name} must be a whole number from 1 to {most}, not “{text}”"
    is_whole = "://" in (chosen.name or "")
    if chosen.name and not (chosen.behind_proxy if is_whole else _is_host(chosen.name)):
        yield (
            f"--name takes a host name alone, such as bar.example.com, not “{chosen.name}”; the"
            " port is --port’s, https comes with --tls, and a whole address needs --behind-proxy"
        )
    if chosen.name in ("0.0.0.0", "::"):
        yield f"no phone can open {chosen.name}; --name takes the name that phones reach it by"
    if chosen.host.startswith("["):
        yield f"write --host {chosen.host.strip('[]')}, without brackets"


def _is_host(text: str) -> bool:
    return _is_address(text) if ":" in text else _is_name(text)


def _is_name(text: str) -> bool:
    return len(text) <= 253 and bool(_HOST_NAME.fullmatch(text))


def _is_address(text: str) -> bool:
    try:
        return bool(ipaddress.ip_address(text))
    except ValueError:
        return False


def notices_about(chosen: argparse.Namespace, environment: Mapping[str, str]) -> list[str]:
    """Returns one line for each setting that is possible but probably a mistake."""
    known = [*_NUMBERS, *_WORDS]
    found = []
    for name in environment:
        near = difflib.get_close_matches(name, known, 1, 0.88)
        if name not in known and near:
            found.append(f"{name} is no setting and changes nothing. Did you mean {near[0]}?")
    extensions = environment.get("EXTENSIONS", "").replace(",", " ").upper().split()
    found += [
        f"{name} belongs to no extension that EXTENSIONS names, so it does nothing."
        for name in sorted(environment)
        if name.startswith("EXTENSION_")
        and not any(name.startswith(f"EXTENSION_{one}_") for one in extensions)
    ]
    if chosen.name and is_loopback(chosen.host) and not is_loopback(chosen.name):
        found.append(
            f"Links carry the name {chosen.name}, but the bar listens on this machine only"
            f" ({chosen.host}). Add --host 0.0.0.0, unless a proxy here passes phones on."
        )
    if chosen.name and _is_address(chosen.name) and not is_loopback(chosen.host):
        given, heard = ipaddress.ip_address(chosen.name), chosen.host
        if _is_address(heard) and given.version != ipaddress.ip_address(heard).version:
            found.append(f"Links carry the address {chosen.name}, but the bar listens on {heard}.")
    return found


def is_loopback(host: str) -> bool:
    """Returns whether only this machine can reach a server that listens on this host."""
    return host == "localhost" or (_is_address(host) and ipaddress.ip_address(host).is_loopback)


def to_arguments(chosen: argparse.Namespace) -> list[str]:
    arguments = ["--port", str(chosen.port), "--host", chosen.host, "--data", str(chosen.data)]
    arguments += ["--tls", *map(str, chosen.tls)] if chosen.tls else []
    arguments += ["--behind-proxy", chosen.behind_proxy] if chosen.behind_proxy else []
    return arguments + (["--name", chosen.name] if chosen.name else [])


def parse_staff(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="scripts/staff", description="The people and screens behind the bar."
    )
    commands = parser.add_subparsers(dest="command", required=True)

    def command(name: str, what: str) -> argparse.ArgumentParser:
        one = commands.add_parser(name, help=what, description=f"{what[0].upper()}{what[1:]}.")
        add_bar(one)
        return one

    add_admin = command("add-admin", "make an admin and print a temporary password, once")
    add_admin.add_argument("email", metavar="EMAIL")
    add_admin.add_argument("--shop", help="admin of this shop only (default: of every shop)")
    add = command("add", "make an account and print a temporary password, once")
    add.add_argument("email", metavar="EMAIL")
    add.add_argument("--role", default="barista", choices=[str(role) for role in PERSON_ROLES])
    listing = command("list", "print who has an account and who is signed in")
    revoke = command("revoke", "lock an account, or sign out one screen, and end what is open")
    revoke.add_argument("who", metavar="EMAIL|ID", help="an e-mail, or an id that list prints")
    command("restore", "unlock an account").add_argument("email", metavar="EMAIL")
    reset = command("reset", "print a new temporary password, once")
    reset.add_argument("email", metavar="EMAIL")
    reset.add_argument(
        "--authenticator", action="store_true", help="instead, have a new authenticator set up"
    )
    link = command("link", "print a fresh sign-in link: it works once, for 15 minutes")
    link.add_argument("--role", required=True, choices=[str(role) for role in StaffRole])
    for one in (add_admin, add, link):
        one.add_argument("--name", default="", help="the name shown to customers, such as Rui")
    for one in (add, listing, revoke, link):
        _add_shop(one, default=None)
    return parser.parse_args(arguments)


def parse_erase(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="scripts/erase",
        description="Erase what the bar holds about one customer: who ordered, at all its shops. "
        "Drinks, times and figures stay.",
    )
    whose = parser.add_mutually_exclusive_group(required=True)
    whose.add_argument("number", nargs="?", type=int, metavar="NUMBER", help="an order's number")
    whose.add_argument("--phone", metavar="NUMBER", help="whoever signed in with this number")
    parser.add_argument(
        "--day", type=_day, help="the order's day, such as 2026-11-24 (default: today)"
    )
    _add_shop(parser, default=None)
    add_bar(parser)
    return parser.parse_args(arguments)


def parse_rebuild_metrics(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="scripts/rebuild-metrics",
        description="Count the figures of all shops anew from the orders' journeys. Harmless at any"
        " time, also twice: what is counted already is not counted again. For when figures were"
        " lost, or are not believed.",
    )
    add_bar(parser)
    return parser.parse_args(arguments)


def parse_verify(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="scripts/verify",
        description="Have an account itself check what this bar believes about AWS: orders on every"
        " path in a rehearsal shop, live connections, events, rights, alarms. It prints a line for"
        " each belief of docs/aws-beliefs.md and takes away what it made. Run one at a time.",
        epilog="Ends with 0 when nothing is wrong, 1 when something is, 2 when it could not run.",
    )
    parser.add_argument("stage", nargs="?", help="a stage of zappa_settings.json (or --data)")
    parser.add_argument("--region", help="the stage's region, if the settings do not name it")
    _add_data(parser)
    parser.add_argument(
        "--report",
        type=_folder,
        metavar="FILE",
        help="write what was found to FILE (Markdown) and beside it as JSON; without secrets",
    )
    parser.add_argument("--only", nargs="+", metavar="BELIEF", help="these beliefs only")
    parser.add_argument("--list", action="store_true", help="list the beliefs and do nothing")
    parser.add_argument(
        "--patient",
        action="store_true",
        help="also wait for what takes minutes: dead letters and CloudWatch's figures",
    )
    parser.add_argument(
        "--patience",
        type=_positive,
        default=30,
        metavar="SECONDS",
        help="how long a single thing may take (default 30)",
    )
    parser.add_argument("--text", metavar="NUMBER", help="send one text, to this number")
    parser.add_argument("--clean", action="store_true", help="only remove what earlier runs left")
    return parser.parse_args(arguments)


def parse_shop(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="scripts/shop", description="Shops of the bar that runs here, and their settings."
    )
    commands = parser.add_subparsers(dest="command", required=True)

    def command(name: str, what: str) -> argparse.ArgumentParser:
        one = commands.add_parser(name, help=what, description=f"{what[0].upper()}{what[1:]}.")
        _add_data(one)
        return one

    export = command("export", "write a shop's settings as one readable file (TOML)")
    export.add_argument("file", nargs="?", type=Path, help="the file (default: print it)")
    importing = command("import", "give a shop the settings of such a file")
    importing.add_argument("file", type=Path)
    create = command("create", "make a shop with the usual settings, closed")
    copy = command("copy", "make a shop with another one's settings, closed")
    archive = command("archive", "put a shop away, closed; nothing of it is lost")
    archive.add_argument("--undo", action="store_true", help="take it out again")
    for one in (create, copy):
        one.add_argument("new", metavar="ID", help="the new shop's id, such as hall-2")
        one.add_argument("--name", required=True, help="its name, as customers read it")
        one.add_argument(
            "--rehearsal", action="store_true", help="for robots and recorded days; it says so"
        )
    for one in (export, importing, copy, archive):
        _add_shop(one)
    return parser.parse_args(arguments)


def parse_robots(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="scripts/robots",
        description="Robots that order and make drinks through the bar's own pages, to rehearse"
        " a day or to see how the bar bears one. They use a shop as people do: choose one where"
        " nobody waits for a real coffee.",
    )
    crews = parser.add_subparsers(dest="crew", required=True, metavar="customers|baristas")
    customers = crews.add_parser("customers", help="scan, order, wait and collect")
    customers.add_argument(
        "--per-hour", type=_positive, default=71, help="how many come in an hour (default 71)"
    )
    customers.add_argument(
        "--count", type=_positive_int, help="stop after so many customers (default: go on)"
    )
    customers.add_argument(
        "--cancel", type=_share, default=0.05, help="share that changes its mind (default 0.05)"
    )
    baristas = crews.add_parser("baristas", help="make what is in the queue")
    baristas.add_argument("--count", type=_positive_int, default=1, help="how many (default 1)")
    baristas.add_argument(
        "--minutes", type=_positive, help="stop after so many minutes (default: go on)"
    )
    baristas.add_argument(
        "--cancel", type=_share, default=0.02, help="share of orders cancelled (default 0.02)"
    )
    for crew in (customers, baristas):
        _add_shop(crew)
        crew.add_argument(
            "--speed", type=_positive, default=1, help="how much quicker than people (default 1)"
        )
        crew.add_argument(
            "--link",
            action="append",
            default=[],
            metavar="URL",
            help="for a bar that does not run here: a fresh sign-in link, of a display for"
            " customers, of a barista for each barista",
        )
        crew.add_argument("--seed", type=int, help="the same choices again")
        _add_data(crew)
    return parser.parse_args(arguments)


def parse_chaos(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="scripts/chaos",
        description="Starts a bar of its own in a temporary folder, lets robots order and make"
        " drinks, kills its processes at random moments, and holds all that anybody was told"
        " against what the bar knows in the end. Exit code 1 when something was lost or is there"
        " twice.",
    )
    parser.add_argument(
        "--kills", type=_positive_int, default=12, help="how often something is killed (default 12)"
    )
    parser.add_argument(
        "--only",
        choices=KILLED,
        action="append",
        help="kill only this; may be given several times (default: each in turn)",
    )
    parser.add_argument(
        "--phones", type=_positive_int, default=6, help="customers at once (default 6)"
    )
    parser.add_argument(
        "--baristas", type=_positive_int, default=2, help="tablets at once (default 2)"
    )
    parser.add_argument("--seed", type=int, help="the same moments and choices again")
    parser.add_argument("--keep", action="store_true", help="keep the bar's folder, and say where")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    return parser.parse_args(arguments)


def parse_replay(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="scripts/replay",
        description="Play a recorded day onto the bus as a rehearsal shop's. Live shops are"
        " refused; unknown events are counted and left out.",
    )
    parser.add_argument("file", type=Path, help="one JSON array of envelopes")
    parser.add_argument(
        "--shop", default="rehearsal", help="a rehearsal shop; made when it is not there yet"
    )
    parser.add_argument(
        "--speed", type=_speed, default=1, help="from 1 (as recorded) to 60 times as quick"
    )
    _add_data(parser)
    return parser.parse_args(arguments)


def parse_record(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="scripts/record",
        description="Write the events of a shop's day to a file that scripts/replay plays, with"
        " all persons removed.",
    )
    parser.add_argument("day", type=_day, help="a day of the shop, such as 2026-11-24")
    _add_shop(parser)
    parser.add_argument("--out", type=Path, help="the file (default SHOP-DAY.json)")
    _add_data(parser)
    return parser.parse_args(arguments)


def parse_deploy(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="scripts/deploy",
        description="Prepare a deployment to AWS, or remove one; docs/deploy.md is the guide.",
    )
    commands = parser.add_subparsers(dest="command", required=True)
    init = commands.add_parser(
        "init",
        help="ask and check what a deployment needs, and write it into zappa_settings.json",
        description="Asks what only you can know, checks it, and says what a deployment will make"
        " and cost. Changes nothing on AWS. What a flag says is not asked.",
    )
    init.add_argument("--new", action="store_true", help="make the stage: one more bar")
    init.add_argument("--region", help="AWS region, such as eu-central-1")
    init.add_argument("--bucket", help="bucket for packages on their way; made when needed")
    init.add_argument("--domain", help="the bar's own name, such as bar.example.com")
    init.add_argument(
        "--certificate-arn", help="its certificate in ACM, when Route 53 does not hold the domain"
    )
    init.add_argument("--sms-sender", help="sender shown on text messages")
    init.add_argument("--admin", help="e-mail address of the first admin")
    remove = commands.add_parser(
        "remove",
        help="take away what “scripts/zappa undeploy” has left",
        description="Takes away the stack and what deployments have left in the bucket. Tables,"
        " accounts, the secret key and the bucket stay unless --with-data says otherwise.",
    )
    remove.add_argument("--with-data", action="store_true", help="delete those too, for good")
    for one in (init, remove):
        one.add_argument("--stage", default="prod", help="stage of zappa_settings.json (prod)")
        one.add_argument("--yes", action="store_true", help="do not ask")
    return parser.parse_args(arguments)


def _day(text: str) -> date:
    try:
        return read_day(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text} is not a day such as 2026-11-24") from None


def _speed(text: str) -> float:
    speed = _positive(text)
    if not 1 <= speed <= 60:
        raise argparse.ArgumentTypeError(f"{text} is not a speed from 1 to 60")
    return speed


def _positive(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = 0
    if not 0 < number < float("inf"):
        raise argparse.ArgumentTypeError(f"{text} is not a number above 0")
    return number


def _positive_int(text: str) -> int:
    if not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text} is not a whole number above 0")
    return int(text)


def _share(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = -1
    if not 0 <= number <= 1:
        raise argparse.ArgumentTypeError(f"{text} is not a share from 0 to 1")
    return number


def _add_shop(parser: argparse.ArgumentParser, default: str | None = "main") -> None:
    """Adds --shop.

    default: a shop's id; with None the bar itself chooses its first shop.
    """
    parser.add_argument(
        "--shop", default=default, help=f"the shop's id (default: {default or 'the first shop'})"
    )


def _add_data(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--data",
        type=_folder,
        default=DEFAULT_DATA,
        metavar="DIR",
        help="folder of the bar that runs here: shop, orders and secrets (default .local)",
    )


def _file(text: str) -> Path:
    path = Path(os.path.abspath(os.path.expanduser(text)))
    if not path.is_file():
        raise argparse.ArgumentTypeError(f"there is no file {text}")
    return path


def _folder(text: str) -> Path:
    if not text.strip():
        raise argparse.ArgumentTypeError("name a folder")
    if not text.isprintable():
        raise argparse.ArgumentTypeError("the folder's name holds characters that no name should")
    return Path(os.path.abspath(os.path.expanduser(text)))


def _address(text: str) -> str:
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"{text} is not an address; give the proxy's, such as 127.0.0.1"
        ) from None


def _port(text: str) -> int:
    try:
        port = int(text)
    except ValueError:
        port = -1
    if not 1 <= port <= 65535:
        raise argparse.ArgumentTypeError(f"{text} is not a port; choose one from 1 to 65535")
    return port
