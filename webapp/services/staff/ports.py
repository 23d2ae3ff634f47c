"""The ports of people and screens behind the bar, and of devices that use the JSON API."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from domain.people import Person


@dataclass(frozen=True)
class StaffSession:
    """A person or a screen that is signed in at one shop.

    id: not a secret. email: the person's; empty for a screen. session_epoch: the person's when they
    signed in; empty for a screen.
    """

    id: str
    shop_id: str
    role: str
    name: str
    email: str = ""
    session_epoch: str = ""
    began_at: datetime | None = field(default=None, compare=False)
    seen_at: datetime | None = field(default=None, compare=False)


class Sessions(Protocol):
    def create_link(self, secret: str, session: StaffSession, ends_at: datetime) -> None: ...
    def use_link(
        self, secret: str, new_secret: str, now: datetime, ends_at: datetime
    ) -> StaffSession | None: ...
    def begin(
        self, secret: str, session: StaffSession, now: datetime, ends_at: datetime
    ) -> StaffSession: ...
    def get(self, secret: str, now: datetime) -> StaffSession | None: ...
    def rename(self, secret: str, name: str) -> None: ...
    def touch(self, secret: str, now: datetime) -> None:
        """Notes that the session is in use now."""

    def end(self, secret: str) -> None: ...
    def of_shop(self, shop_id: str, now: datetime) -> list[StaffSession]: ...
    def revoke(self, shop_id: str, session_id: str) -> bool: ...
    def ask_pairing(self, code: str, browser: str, shop_id: str, ends_at: datetime) -> bool:
        """Stores a pairing; returns False when a screen shows this pairing code already.

        browser: the secret of the screen's browser.
        """

    def approve_pairing(
        self, shop_id: str, code: str, role: str, name: str, now: datetime
    ) -> bool: ...
    def pairing_ends_at(self, code: str, browser: str, now: datetime) -> datetime | None: ...
    def take_pairing(
        self, code: str, browser: str, new_secret: str, now: datetime, ends_at: datetime
    ) -> StaffSession | None:
        """Begins the session of an approved pairing, once; returns None otherwise."""


class SessionEpochs(Protocol):
    """The session epochs of people: renewing one ends all sessions that carry the old one."""

    def current(self, email: str) -> str: ...
    def renew(self, email: str) -> None: ...


class SignInStep(StrEnum):
    """What a person with the right password still has to do."""

    NEW_PASSWORD = "new password"
    CODE = "code"
    AUTHENTICATOR = "authenticator"


@dataclass(frozen=True)
class PoolAnswer:
    """The pool's answer to a right password.

    step: the next step, or None when the sign-in is complete. handle: names this sign-in to the
    pool; when it is complete, the person's own token. user: the pool's name for the person.
    """

    step: SignInStep | None
    handle: str = field(repr=False)
    user: str


@dataclass(frozen=True)
class StaffSignIn:
    """A sign-in under way. Its browser holds only a secret.

    key: the key for an authenticator app that is being set up.
    """

    shop_id: str
    email: str
    session_epoch: str
    step: SignInStep
    user: str
    handle: str = field(repr=False)
    key: str = field(default="", repr=False)


class StaffSignIns(Protocol):
    def keep(self, secret: str, sign_in: StaffSignIn, ends_at: datetime) -> None: ...
    def get(self, secret: str, now: datetime) -> StaffSignIn | None: ...
    def end(self, secret: str) -> None: ...


class StaffPool(Protocol):
    """The accounts of named people. Any call may raise Busy."""

    def check_password(self, email: str, password: str) -> PoolAnswer:
        """Checks a person's password. Raises SignInRefused."""

    def set_password(self, answer: PoolAnswer, password: str) -> None:
        """Replaces the temporary password with the person's own.

        Raises SignInOver or ChoiceInvalid.
        """

    def check_code(self, answer: PoolAnswer, code: str) -> None:
        """Checks an authenticator code. Raises SignInOver or ChoiceInvalid."""

    def begin_authenticator(self, answer: PoolAnswer) -> str:
        """Returns a key for an authenticator app; it is used once a code has proved it."""

    def prove_authenticator(self, answer: PoolAnswer, code: str) -> None:
        """Checks the first code of a new app; from then on every sign-in needs a code.

        Raises SignInOver or ChoiceInvalid.
        """

    def find(self, name: str) -> Person | None:
        """Finds a person. name: their id or e-mail."""

    def people_of(self, shop_id: str) -> list[Person]: ...
    def create(self, email: str, name: str, password: str) -> None:
        """Creates an account without role and shop. Raises AlreadyThere."""

    def admit(self, email: str, role: str, shop_id: str) -> None:
        """Gives a person this role and this shop, or EVERY_SHOP. A repetition is harmless."""

    def expel(self, person: Person, shop_id: str) -> None: ...
    def delete(self, person: Person) -> None: ...
    def set_enabled(self, person: Person, is_enabled: bool) -> None: ...
    def hand_out_password(self, person: Person, password: str) -> None:
        """Sets a temporary password. After using it once, the person must choose their own."""

    def forget_authenticator(self, person: Person) -> None: ...


@dataclass(frozen=True)
class Device:
    """A device that uses the JSON API of one shop.

    id: not a secret. scopes: what its token allows.
    """

    id: str
    shop_id: str
    name: str
    scopes: frozenset[str]
    began_at: datetime
    seen_at: datetime | None = None


class Devices(Protocol):
    def create(self, token: str, device: Device, ends_at: datetime) -> None: ...
    def get(self, token: str, now: datetime) -> Device | None: ...
    def touch(self, token: str, now: datetime) -> None: ...
    def of_shop(self, shop_id: str, now: datetime) -> list[Device]: ...
    def remove(self, shop_id: str, device_id: str) -> bool: ...
