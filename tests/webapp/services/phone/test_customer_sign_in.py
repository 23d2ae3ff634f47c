"""What a shop asks of its customers beside the scan."""

import pytest

from domain.errors import ChoiceInvalid
from domain.shops import SignIn
from webapp.services.phone.requirement import set_sign_in


def test_a_shop_lets_guests_in_until_somebody_decides_otherwise(services):
    shop = services.shop("main")
    assert (shop.sign_in, shop.phone_countries) == (SignIn.GUEST, ())


def test_a_shop_that_asks_for_phone_numbers_says_of_which_countries(services):
    set_sign_in(services, "main", "phone", "de, at")
    shop = services.shop("main")
    assert (shop.sign_in, shop.phone_countries) == (SignIn.PHONE, ("DE", "AT"))


@pytest.mark.parametrize(
    ("sign_in", "countries"), [("phone", ""), ("phone", "XX"), ("nobody", "DE"), ("", "DE")]
)
def test_a_choice_that_makes_no_sense_changes_nothing(services, sign_in, countries):
    before = services.shop("main")
    with pytest.raises(ChoiceInvalid):
        set_sign_in(services, "main", sign_in, countries)
    assert services.shop("main") == before


def test_the_countries_stay_while_guests_are_let_in_again(services):
    set_sign_in(services, "main", "phone", "DE")
    set_sign_in(services, "main", "guest", "DE")
    shop = services.shop("main")
    assert (shop.sign_in, shop.phone_countries) == (SignIn.GUEST, ("DE",))


def test_a_shop_stored_before_there_was_a_choice_is_still_read(services):
    from webapp.storage.tables import ShopModel

    ShopModel("main").update(
        actions=[ShopModel.sign_in.remove(), ShopModel.phone_countries.remove()]
    )
    assert services.shop("main").sign_in is SignIn.GUEST
