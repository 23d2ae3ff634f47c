"""Which numbers get a text message, and what they become."""

import pytest

from domain.errors import ChoiceInvalid
from webapp.services.phone.numbers import example_number, read_countries, read_number


@pytest.mark.parametrize(
    "typed",
    [
        "0151 23456789",
        "+49 151 23456789",
        "0049 151 2345 6789",
        "(0151) 23456789",
        "  +49-151-23456789 ",
        "0151/23456789",
        "\u202a+49 151 23456789\u202c",
    ],
)
def test_a_number_is_the_same_however_it_is_typed(typed):
    assert read_number(typed, ("DE",)).e164 == "+4915123456789"


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "   ",
        "12",
        "not a number",
        "030 1234567",
        "0900 1234567",
        "+44 7400 123456",
        "+4915123456789;ext=5",
        "0151 2345678x9",
        "9" * 33,
        "+",
        "+49",
        "<b>0151 23456789</b>",
        "0151 23456789, 0151 23456780",
        "110",
        "+800 12345678",
    ],
)
def test_what_is_no_mobile_number_of_the_shops_countries_is_refused(typed):
    with pytest.raises(ChoiceInvalid):
        read_number(typed, ("DE", "AT"))


def test_without_countries_no_number_is_good():
    with pytest.raises(ChoiceInvalid):
        read_number("+4915123456789", ())


def test_a_number_without_a_country_belongs_to_the_first_in_which_it_is_a_mobile_one():
    assert read_number("0664 1234567", ("DE", "AT")).e164 == "+436641234567"
    assert read_number("201-555-0123", ("US",)).e164 == "+12015550123"


def test_a_number_of_a_country_beside_the_list_is_refused_although_the_code_is_the_same():
    with pytest.raises(ChoiceInvalid):
        read_number("+1 204 234 5678", ("US",))
    assert read_number("+1 204 234 5678", ("US", "CA")).e164 == "+12042345678"


def test_the_customer_of_a_number_is_always_the_same_and_only_with_the_key():
    one, other = read_number("0151 23456789", ("DE",)), read_number("0151 23456788", ("DE",))
    assert one.customer_id("key") == one.customer_id("key")
    assert one.customer_id("key") != other.customer_id("key")
    assert one.customer_id("key") != one.customer_id("another key")
    assert "5123456789" not in one.customer_id("key")


def test_a_masked_number_shows_the_country_and_two_digits():
    assert read_number("0151 23456789", ("DE",)).masked == "+49 ••• 89"


def test_countries_are_read_however_they_are_separated():
    assert read_countries("de, AT;ch  de") == ("DE", "AT", "CH")
    assert read_countries("") == ()
    for wrong in ("XX", "Germany", "49", "001"):
        with pytest.raises(ChoiceInvalid):
            read_countries(wrong)


def test_every_country_that_can_be_chosen_has_an_example():
    assert example_number("DE").startswith("+49 15")
