"""Says what a staff password must be, for the user pool and for the pages that ask for one."""

from __future__ import annotations

import secrets

SHORTEST = 12
LONGEST = 99
TEMPORARY_DAYS = 3
"""For so many days a password from an admin lets its owner sign in."""
_LETTERS = "abcdefghjkmnpqrstuvwxyz", "ABCDEFGHJKLMNPQRSTUVWXYZ", "23456789"
"""Letters and digits, without those that look alike."""
_GROUPS, _GROUP_LENGTH = 4, 4
POLICY_SENTENCE = (
    f"At least {SHORTEST} characters, with a small letter, a capital letter and a digit."
)


def fault_in(password: str) -> str | None:
    """Returns a sentence that says what is wrong with a password; None for a good one."""
    if len(password) > LONGEST:
        return f"A password has at most {LONGEST} characters."
    if password != password.strip():
        return "A password neither begins nor ends with a space."
    has_all = all(
        any(kind(letter) for letter in password) for kind in (str.islower, str.isupper, _is_digit)
    )
    if len(password) < SHORTEST or not has_all:
        return POLICY_SENTENCE
    return None


def temporary_password() -> str:
    """Returns a random password of about 86 bits, in groups of four that are easy to read aloud."""
    while True:
        groups = [
            "".join(secrets.choice("".join(_LETTERS)) for _ in range(_GROUP_LENGTH))
            for _ in range(_GROUPS)
        ]
        password = "-".join(groups)
        if fault_in(password) is None:
            return password


def _is_digit(letter: str) -> bool:
    # The user pool accepts only these ten digits, not every character that Unicode calls a digit.
    return letter in "0123456789"
