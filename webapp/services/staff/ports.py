"""Who works behind the bar: people and screens, and devices that use the JSON API."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from domain.people import Person


@dataclass(frozen=True)
class StaffSession:
    """Who is signed in: a person or a screen, for one shop. `id` is not a secret.

    email: the named person's; empty for a screen. session_epoch: the one of their sign-in; empty
    for a screen.
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
        """Notes that the session is in use."""

    def end(self, secret: str) -> None: ...
    def of_shop(self, shop_id: str, now: datetime) -> list[StaffSession]: ...
    def revoke(self, shop_id: str, session_id: str) -> bool: ...
    def ask_pairing(self, code: str, browser: str, shop_id: str, ends_at: datetime) -> bool:
        """False when somebody else's screen shows that code."""

    def approve_pairing(
        self, shop_id: str, code: str, role: str, name: str, now: datetime
    ) -> bool: ...
    def pairing_ends_at(self, code: str, browser: str, now: datetime) -> datetime | None: ...
    def take_pairing(
        self, code: str, browser: str, new_secret: str, now: datetime, ends_at: datetime
    ) -> StaffSession | None:
        """The session of an approved pairing, once."""


class SessionEpochs(Protocol):
    """A person's sessions carry the epoch of their sign-in; a new epoch ends them all."""

    def current(self, email: str) -> str: ...
    def renew(self, email: str) -> None: ...


class SignInStep(StrEnum):
    """What a person with the right password must do yet."""

    NEW_PASSWORD = "new password"
    CODE = "code"
    AUTHENTICATOR = "authenticator"


@dataclass(frozen=True)
class PoolAnswer:
    """What the pool says to a right password: the next step, or None when that was all.

    handle: what the pool knows this sign-in by; at its end, the person's own token.
    user: the pool's name for the person.
    """

    step: SignInStep | None
    handle: str = field(repr=False)
    user: str


@dataclass(frozen=True)
class StaffSignIn:
    """A sign-in under way; its browser knows only a secret.

    key: what an authenticator that is being set up shall keep.
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
        """Raises SignInRefused."""

    def set_password(self, answer: PoolAnswer, password: str) -> None:
        """The first password of one's own. Raises SignInOver or ChoiceInvalid."""

    def check_code(self, answer: PoolAnswer, code: str) -> None:
        """Raises SignInOver or ChoiceInvalid."""

    def begin_authenticator(self, answer: PoolAnswer) -> str:
        """The key an authenticator app shall keep; it counts once a code has proved it."""

    def prove_authenticator(self, answer: PoolAnswer, code: str) -> None:
        """From now on a code is asked for. Raises SignInOver or ChoiceInvalid."""

    def find(self, name: str) -> Person | None:
        """By id or e-mail."""

    def people_of(self, shop_id: str) -> list[Person]: ...
    def create(self, email: str, name: str, password: str) -> None:
        """An account without role or shop. Raises AlreadyThere."""

    def admit(self, email: str, role: str, shop_id: str) -> None:
        """Gives the role for this shop, or for EVERY_SHOP; once more is harmless."""

    def expel(self, person: Person, shop_id: str) -> None: ...
    def delete(self, person: Person) -> None: ...
    def set_enabled(self, person: Person, is_enabled: bool) -> None: ...
    def hand_out_password(self, person: Person, password: str) -> None:
        """It opens once; then its owner must choose another."""

    def forget_authenticator(self, person: Person) -> None: ...


@dataclass(frozen=True)
class Device:
    """What uses the JSON API of one shop, and what its token allows. `id` is not a secret."""

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
