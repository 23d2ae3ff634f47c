"""The refusals of the bar, in words for customers and baristas.

Every refusal carries a sentence that can be shown; the routes choose the HTTP status code.
Sentences for customers are marked with N_ and keep their values apart, so that pages can show them
in any language.
"""

from __future__ import annotations

from datetime import datetime

from domain.texts import N_


class Refusal(Exception):
    """A request that the bar refuses without changing anything. `sentence` says why, in English.

    message: the sentence with %(name)s in the places of `values`.
    """

    def __init__(self, message: str, **values: object) -> None:
        sentence = message % values if values else message
        super().__init__(sentence)
        self.sentence = sentence
        self.message = message
        self.values = values


class NotFound(Refusal):
    """The shop or order does not exist, or is not for this person.

    Both look the same from outside.
    """


class CodeUnknown(Refusal):
    """The scanned text is not a QR code that this shop ever showed."""

    def __init__(self) -> None:
        super().__init__(N_("This is not a code of this bar. Scan the one on the screen now."))


class CodeExpired(Refusal):
    """The QR code was shown too long ago: it is a picture or a forwarded link."""

    def __init__(self) -> None:
        super().__init__(N_("This code is too old. Scan the one on the screen now."))


class PassMissing(Refusal):
    """This browser opened no fresh QR code, opened one too long ago, or has used its pass."""

    def __init__(self) -> None:
        super().__init__(N_("Scan the code on the screen with this phone first."))


class PhoneNeeded(Refusal):
    """The shop requires customers to prove that a phone number is theirs."""

    def __init__(self) -> None:
        super().__init__(N_("Sign in with your phone number first."))


class OneTimeCodeWrong(Refusal):
    """The typed code is not the texted code. `tries_left` tries with this texted code remain."""

    def __init__(self, tries_left: int) -> None:
        super().__init__(
            N_("That is not the code in the text. Tries left with this one: %(left)s."),
            left=tries_left,
        )
        self.tries_left = tries_left


class OneTimeCodeOver(Refusal):
    """The texted code is too old or was tried too often, or this browser asked for none."""

    def __init__(self) -> None:
        super().__init__(N_("This code is over. Ask for a new one; only the newest text counts."))


class CodeUsedUp(Refusal):
    """All scans of this window are taken. `next_at` is when the next window begins."""

    def __init__(self, scans: int, next_at: datetime) -> None:
        super().__init__(N_("All %(scans)s scans of this code are taken."), scans=scans)
        self.scans = scans
        self.next_at = next_at


class HasOpenOrder(Refusal):
    """This customer already has an order under way, named by `order_id`."""

    def __init__(self, order_id: str) -> None:
        super().__init__(N_("You already have an open order."))
        self.order_id = order_id


class OrdersOfDayUsedUp(Refusal):
    """The customer already placed as many orders today as one person may."""

    def __init__(self, most: int) -> None:
        super().__init__(N_("You have had all %(most)s orders for today."), most=most)
        self.most = most


class TooManyRequests(Refusal):
    """Somebody did this too often within a span of time.

    `retry_at` is when it is possible again.
    """

    def __init__(
        self, retry_at: datetime, message: str = N_("That was very often. Wait a little.")
    ) -> None:
        super().__init__(message)
        self.retry_at = retry_at


class ShopClosed(Refusal):
    """The shop takes no orders now."""

    def __init__(self) -> None:
        super().__init__(N_("The bar is closed."))


class ShopPaused(Refusal):
    """The shop takes no new scans for a while. `until` is when the pause ends at the latest."""

    def __init__(self, until: datetime) -> None:
        super().__init__(N_("The bar is catching up with its orders."))
        self.until = until


class ShopFull(Refusal):
    """The shop's capacity is used up. `next_at` is when a place is likely free; None if unknown."""

    def __init__(self, next_at: datetime | None = None) -> None:
        super().__init__(N_("The bar is full right now."))
        self.next_at = next_at


class ChoiceInvalid(Refusal):
    """The drink or an option is not on the menu, or no drink was chosen."""


class SoldOut(Refusal):
    """The drink or an option has run out."""

    def __init__(self, name: str) -> None:
        super().__init__(
            N_("%(name)s has just sold out. Your time still runs; choose something else."),
            name=name,
        )
        self.name = name


class NotAllowedNow(Refusal):
    """The order is not in a state in which this action is possible."""


class AlreadyTaken(NotAllowedNow):
    """Another barista, `barista_name`, took the order first."""

    def __init__(self, barista_name: str) -> None:
        super().__init__(f"{barista_name} was first.")
        self.barista_name = barista_name


class SettingInvalid(Refusal):
    """A setting has a value that is not possible. `field` names the setting."""

    def __init__(self, field: str, sentence: str) -> None:
        super().__init__(sentence)
        self.field = field


class ChangedMeanwhile(Refusal):
    """Somebody else changed the same settings after they were read for editing."""

    def __init__(self, who: str, at: datetime | None) -> None:
        super().__init__(f"{who or 'Somebody else'} changed this in the meantime.")
        self.who = who
        self.at = at


class ShopIdTaken(Refusal):
    """A shop with this id exists already, or existed before."""

    def __init__(self, shop_id: str) -> None:
        super().__init__(f"There is a shop called {shop_id} already. Choose another address.")


class LinkInvalid(Refusal):
    """The sign-in link is unknown, already used or too old."""

    def __init__(self) -> None:
        super().__init__(
            "This sign-in link was already used or is older than 15 minutes. Ask for a fresh one."
        )


class SignInRefused(Refusal):
    """The sign-in failed.

    A wrong password, an unknown or locked account and an account of another shop look the same from
    outside.
    """

    def __init__(self) -> None:
        super().__init__(
            "This e-mail and password do not open this bar. Check both, then try again."
        )


class SignInOver(Refusal):
    """The sign-in was begun too long ago, or not in this browser."""

    def __init__(self) -> None:
        super().__init__("This sign-in took too long. Begin again with your e-mail.")


class Busy(Exception):
    """The database could not answer or write now. The caller may send the same request again."""
