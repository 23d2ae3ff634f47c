"""What a password of the staff must be."""

from __future__ import annotations

import re

import pytest

from domain.passwords import POLICY_SENTENCE, fault_in, temporary_password


@pytest.mark.parametrize(
    "password", ["Abcdefghijk1", "ABCDEFGHIJk1", "Aa1" + "x" * 96, "A b1 c2 d3 e4"]
)
def test_a_password_of_all_kinds_and_12_to_99_characters_will_do(password):
    assert fault_in(password) is None


@pytest.mark.parametrize(
    "password",
    ["Abcdefghij1", "abcdefghijk1", "ABCDEFGHIJK1", "Abcdefghijkl", "Abcdefghijk١"],
    ids=["short", "no capital", "no small letter", "no digit", "another script's digit"],
)
def test_what_is_missing_is_said_in_the_policys_words(password):
    assert fault_in(password) == POLICY_SENTENCE
    assert POLICY_SENTENCE.startswith("At least 12 characters")


def test_a_password_that_is_too_long_or_ends_with_a_space_is_refused():
    assert fault_in("Aa1" + "x" * 97) == "A password has at most 99 characters."
    for password in (" Abcdefghijk1", "Abcdefghijk1 "):
        assert fault_in(password) == "A password neither begins nor ends with a space."


def test_a_temporary_password_is_four_groups_fit_to_be_read_aloud():
    made = {temporary_password() for _ in range(50)}
    assert len(made) == 50
    for password in made:
        assert re.fullmatch(r"[a-km-np-zA-HJ-NP-Z2-9]{4}(-[a-km-np-zA-HJ-NP-Z2-9]{4}){3}", password)
        assert fault_in(password) is None
