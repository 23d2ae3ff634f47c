"""Who may work where, and how an e-mail address is written."""

from __future__ import annotations

from dataclasses import replace

import pytest

from domain.people import EVERY_SHOP, Person, StaffRole, clean_email, reaches

ANA = Person("1", "ana@example.com", "Ana", StaffRole.BARISTA, frozenset({"main"}))


def test_a_person_may_work_at_their_own_shops():
    assert ANA.may_work_at("main")
    assert not ANA.may_work_at("annex")
    assert replace(ANA, shops=frozenset({EVERY_SHOP})).may_work_at("annex")


def test_an_account_that_is_locked_or_half_made_opens_nothing():
    assert not replace(ANA, is_enabled=False).may_work_at("main")
    assert not replace(ANA, role="").may_work_at("main")
    assert replace(ANA, is_invited=True).may_work_at("main")


@pytest.mark.parametrize(
    "shops, managed, reached",
    [
        ({"main"}, {"main", "annex"}, True),
        ({"main", "annex"}, {"main", "annex"}, True),
        ({"main", "annex"}, {"main"}, False),
        ({EVERY_SHOP}, {"main"}, False),
        ({"main", EVERY_SHOP}, {EVERY_SHOP}, True),
        (set(), {"main"}, True),
    ],
)
def test_who_manages_all_of_somebodys_shops_reaches_them(shops, managed, reached):
    assert reaches(shops, managed) is reached


@pytest.mark.parametrize(
    "typed, email",
    [
        ("  Ana@Example.COM ", "ana@example.com"),
        ("a@b.c", "a@b.c"),
        ("a" * 64 + "@" + "b" * 55 + ".example", "a" * 64 + "@" + "b" * 55 + ".example"),
        ("a" * 64 + "@" + "b" * 56 + ".example", None),
        ("a" * 65 + "@b.example", None),
        ("ana", None),
        ("ana@example", None),
        ("a na@example.com", None),
        ("ana@exam_ple.com", None),
        ("ana\u200b@example.com", None),
        ("", None),
    ],
)
def test_an_address_has_one_spelling_or_is_none(typed, email):
    assert clean_email(typed) == email
