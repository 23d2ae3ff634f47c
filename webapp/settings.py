"""The environment, read once and typed. No other module of the product reads os.environ."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass

from domain.orders import CHOOSE_SECONDS, MAKE_SECONDS
from domain.reading import read_number

_EXTENSION = "EXTENSION_"
PUBLIC_URL = re.compile(r"https?://[A-Za-z0-9_.:\[\]-]+(/[A-Za-z0-9._~-]+)*", re.ASCII)
"""The form of a bar's address, without a slash at its end."""

EXTENSION_NAME = re.compile("[a-z][a-z0-9]{0,19}")
"""The form of an extension's name."""
_LARGEST = 999_999_999


class SettingsError(Exception):
    """The environment is incomplete; the message says what to set."""


def runs_in_lambda() -> bool:
    """Returns whether this process runs in Lambda."""
    return "AWS_LAMBDA_FUNCTION_NAME" in os.environ


@dataclass(frozen=True)
class Settings:
    """How this deployment is set up.

    public_url: the address phones reach, without a trailing slash; QR codes and links carry it.
    secret_key: signs QR codes and cookies; old_secret_keys are still accepted, oldest last.
    prefix: begins the names of all tables and of the bus's rules.
    choose_seconds .. capacity: the deployment's deadlines, and the first values of the default
    shop.
    sms_sender: the sender of text messages, in countries that show a name.
    extensions: the folders of webapp/extensions that this deployment has.
    extension_settings: name and value of each EXTENSION_… variable.
    is_local: whether AWS is an emulator.
    bar_clock: the file from which a laptop's bar takes its own time; "" for the machine's clock.
    live_relay: whether pages get pushed fragments from this process instead of from IoT Core.
    """

    secret_key: str
    public_url: str
    region: str = "us-east-1"
    old_secret_keys: tuple[str, ...] = ()
    prefix: str = "serverlesspresso-"
    default_shop: str = "main"
    choose_seconds: int = CHOOSE_SECONDS
    make_seconds: int = MAKE_SECONDS
    window_seconds: int = 300
    code_seconds: int = 10
    scans_per_code: int = 10
    capacity: int = 20
    sms_sender: str = ""
    live_relay: bool = False
    extensions: tuple[str, ...] = ()
    extension_settings: tuple[tuple[str, str], ...] = ()
    is_local: bool = False
    bar_clock: str = ""

    def of_extension(self, name: str) -> dict[str, str]:
        """Returns an extension's own settings, without the prefix of its variables."""
        begin = f"{_EXTENSION}{name.upper()}_"
        return {
            key.removeprefix(begin): value
            for key, value in self.extension_settings
            if key.startswith(begin)
        }

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> Settings:
        """Returns the settings of this environment.

        Raises SettingsError with one line when something needed is missing or invalid.
        """
        env = os.environ if environment is None else environment

        def number(name: str, default: int) -> int:
            text = env.get(name, "").strip()
            if not text:
                return default
            try:
                return read_number(text, 1, _LARGEST)
            except ValueError:
                raise SettingsError(
                    f"{name} must be a whole number above 0, not “{text[:40]}”."
                ) from None

        for name in ("SECRET_KEY", "PUBLIC_URL"):
            if not env.get(name):
                raise SettingsError(f"Set {name}; docs/deploy.md says to what.")
        public_url = env["PUBLIC_URL"].rstrip("/")
        if not PUBLIC_URL.fullmatch(public_url):
            raise SettingsError(
                "PUBLIC_URL must be an address such as https://bar.example.com or"
                f" https://example.com/bar, not “{public_url}”."
            )
        extensions = tuple(dict.fromkeys(env.get("EXTENSIONS", "").replace(",", " ").split()))
        for name in extensions:
            if not EXTENSION_NAME.fullmatch(name):
                raise SettingsError(
                    f"EXTENSIONS lists names of small letters and digits, not “{name}”."
                )
        return cls(
            secret_key=env["SECRET_KEY"],
            public_url=public_url,
            old_secret_keys=tuple(env.get("SECRET_KEY_FALLBACKS", "").split()),
            region=env.get("AWS_REGION") or env.get("AWS_DEFAULT_REGION") or cls.region,
            prefix=env.get("STACK_PREFIX", cls.prefix),
            choose_seconds=number("CHOOSE_SECONDS", cls.choose_seconds),
            make_seconds=number("MAKE_SECONDS", cls.make_seconds),
            window_seconds=number("CODE_WINDOW_SECONDS", cls.window_seconds),
            code_seconds=number("CODE_SECONDS", cls.code_seconds),
            scans_per_code=number("SCANS_PER_CODE", cls.scans_per_code),
            capacity=number("SHOP_CAPACITY", cls.capacity),
            sms_sender=env.get("SMS_SENDER", "").strip(),
            live_relay=env.get("LIVE_RELAY") == "1",
            extensions=extensions,
            extension_settings=tuple(
                (name, value)
                for name, value in env.items()
                if name.startswith(_EXTENSION) and value
            ),
            is_local="AWS_ENDPOINT_URL" in env,
            bar_clock=env.get("BAR_CLOCK", ""),
        )
