"""One of several processes that guess a code at once: python -m tests.e2e.guesser SIGN_IN CUSTOMER.

Says when it is ready, waits for a line, guesses, and prints how many of its guesses were compared.
Without arguments it makes a sign-in whose code nobody knows, and prints its two ids.
"""

from __future__ import annotations

import secrets
import sys
from dataclasses import replace

from webapp.bootstrap import build_services
from webapp.services.all_services import Services
from webapp.services.phone import texted_codes
from webapp.services.phone.ports import PhoneSignIn
from webapp.settings import Settings

GUESSES = 40


def main() -> None:
    services = build_services(Settings.from_environment())
    if len(sys.argv) == 1:
        print(*make_sign_in(services))
    else:
        print(guess(services, *sys.argv[1:]))


def make_sign_in(services: Services) -> tuple[str, str]:
    sign_in = PhoneSignIn(
        session_id=secrets.token_hex(16),
        shop_id="main",
        customer_id=secrets.token_hex(16),
        number="+4915199999999",
        phone="+49 ••• 99",
        ask_id=secrets.token_hex(16),
        asked_at=services.now(),
    )
    services.phone_sign_ins.ask(sign_in)
    texted_codes.make_code(services, sign_in.session_id, sign_in.customer_id)
    return sign_in.session_id, sign_in.customer_id


def guess(services: Services, sign_in_id: str, customer_id: str) -> int:
    compared = 0

    class Counting:
        """The repository, and how often it let a guess be compared."""

        def __getattr__(self, name: str):
            return getattr(services.phone_sign_ins, name)

        def count_try(self, *arguments) -> bool:
            nonlocal compared
            is_counted = services.phone_sign_ins.count_try(*arguments)
            compared += is_counted
            return is_counted

    watched = replace(services, phone_sign_ins=Counting())
    texted_codes.is_right_code(watched, sign_in_id, "connects first", "000000")
    print("ready", flush=True)
    sys.stdin.readline()
    for _ in range(GUESSES):
        code = f"{secrets.randbelow(10**6):06}"
        texted_codes.is_right_code(watched, sign_in_id, customer_id, code)
    return compared


if __name__ == "__main__":
    main()
