"""What the bar refuses, in the customer's and the barista's words.

Every refusal carries a sentence fit to be shown; routes decide the status code. Sentences for
customers are marked (N_) and keep what they are made of, so that pages say them in any language.
"""

from __future__ import annotations

from datetime import datetime

from domain.texts import N_


class Refusal(Exception):
    """A request the bar turns down; nothing was changed. `sentence` says it in English.

    message: the sentence with %(name)s where `values` come in.
    """

    def __init__(self, message: str, **values: object) -> None:
        sentence = message % values if values else message
        super().__init__(sentence)
        self.sentence = sentence
        self.message = message
        self.values = values


class NotFound(Refusal):
    """No such shop or order, or not for this person: both look the same from outside."""


class CodeUnknown(Refusal):
    """The scanned text is not a QR code this shop ever showed."""

    def __init__(self) -> None:
        super().__init__(N_("This is not a code of this bar. Scan the one on the screen now."))


class CodeExpired(Refusal):
    """The QR code was shown too long ago: a picture of it, or a link that somebody forwarded."""

    def __init__(self) -> None:
        super().__init__(N_("This code is too old. Scan the one on the screen now."))


class PassMissing(Refusal):
    """This browser has not opened a fresh QR code, or too long ago, or has used its pass."""

    def __init__(self) -> None:
        super().__init__(N_("Scan the code on the screen with this phone first."))


class PhoneNeeded(Refusal):
    """The shop lets only people in who have shown that a phone number is theirs."""

    def __init__(self) -> None:
        super().__init__(N_("Sign in with your phone number first."))


class OneTimeCodeWrong(Refusal):
    """What was typed is not the code that was texted; `tries_left` of it remain."""

    def __init__(self, tries_left: int) -> None:
        super().__init__(
            N_("That is not the code in the text. Tries left with this one: %(left)s."),
            left=tries_left,
        )
        self.tries_left = tries_left


class OneTimeCodeOver(Refusal):
    """The texted code is too old, was tried too often, or none was asked for here."""

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
    """The customer has had all orders that one person may place on a day."""

    def __init__(self, most: int) -> None:
        super().__init__(N_("You have had all %(most)s orders for today."), most=most)
        self.most = most


class TooManyRequests(Refusal):
    """Done too often within a span of time. `retry_at` is when it is possible again."""

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
    """The shop takes no new orders for a while. `until` is when it goes on, at the latest."""

    def __init__(self, until: datetime) -> None:
        super().__init__(N_("The bar is catching up with its orders."))
        self.until = until


class ShopFull(Refusal):
    """As many orders are under way as the shop can make at once. `next_at`: a place is likely."""

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
    """Another barista was first; `barista_name` is who."""

    def __init__(self, barista_name: str) -> None:
        super().__init__(f"{barista_name} was first.")
        self.barista_name = barista_name


class SettingInvalid(Refusal):
    """A setting that cannot be so; `field` says which."""

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
    """There is a shop of this id already, or was one."""

    def __init__(self, shop_id: str) -> None:
        super().__init__(f"There is a shop called {shop_id} already. Choose another address.")


class LinkInvalid(Refusal):
    """A sign-in link that is unknown, already used or too old."""

    def __init__(self) -> None:
        super().__init__(
            "This sign-in link was already used or is older than 15 minutes. Ask for a fresh one."
        )


class SignInRefused(Refusal):
    """Wrong, unknown, locked, or of another shop: from outside all look the same."""

    def __init__(self) -> None:
        super().__init__(
            "This e-mail and password do not open this bar. Check both, then try again."
        )


class SignInOver(Refusal):
    """The sign-in was begun too long ago, or not in this browser."""

    def __init__(self) -> None:
        super().__init__("This sign-in took too long. Begin again with your e-mail.")


class Busy(Exception):
    """The database could not take the write now; the same request may be sent again."""
