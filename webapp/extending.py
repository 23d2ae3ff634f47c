"""A deployment's extensions: finds their folders, makes each its kit, and hands them events."""

from __future__ import annotations

import hashlib
import pkgutil
from collections.abc import Callable, Iterator, Mapping
from importlib import import_module
from typing import TYPE_CHECKING

from webapp import extensions
from webapp.extension_kit import Arrival, Extension, Kit
from webapp.settings import Settings, SettingsError

if TYPE_CHECKING:
    from domain.events import Event
    from domain.shops import Shop
    from webapp.services.all_services import Services

_PREFIX = "extension-"


def known_names() -> list[str]:
    """Returns the names of all extensions that have a folder."""
    return sorted(one.name for one in pkgutil.iter_modules(extensions.__path__))


def load(name: str) -> Extension:
    """Returns the extension of this name. Raises SettingsError when there is none."""
    if name not in known_names():
        raise SettingsError(
            f"EXTENSIONS names “{name}”, which is no folder of webapp/extensions;"
            f" there are: {', '.join(known_names())}."
        )
    return import_module(f"webapp.extensions.{name}").EXTENSION


def load_all(settings: Settings) -> dict[str, Extension]:
    """Returns the deployment's extensions.

    Raises SettingsError for an unknown extension, and for one that lacks a setting.
    """
    found = {name: load(name) for name in settings.extensions}
    for name, extension in found.items():
        for need in extension.needs:
            if need not in settings.of_extension(name):
                raise SettingsError(
                    f"The extension {name} needs EXTENSION_{name.upper()}_{need};"
                    " docs/extensions.md says to what."
                )
    return found


def rule_name(name: str) -> str:
    """Returns the name, after the prefix, of the extension's rule, table and role."""
    return _PREFIX + name


def name_of_rule(consumer: str) -> str | None:
    """Returns the extension whose rule this is; None for a consumer of the core."""
    return consumer.removeprefix(_PREFIX) if consumer.startswith(_PREFIX) else None


def arrival_of(envelope: Mapping) -> Arrival:
    """Returns the event of an envelope. Raises UnreadableEvent for an event that is not ours."""
    from domain.events import event_of

    event = event_of(envelope)
    return Arrival(event, envelope, event_id(event))


def event_id(event: Event) -> str:
    """Returns a name for the event that is the same at every delivery."""
    order_id = getattr(event, "order_id", "")
    told = "\n".join((event.shop_id, order_id, str(event.version), event.detail_type))
    return "msg_" + hashlib.sha256(told.encode()).hexdigest()[:32]


class KnownBar:
    """See extension_kit.BarToKnow."""

    def __init__(self, services: Services):
        self._services = services

    def shop(self, shop_id: str) -> Shop:
        """See extension_kit.BarToKnow."""
        return self._services.shop(shop_id)

    def name_on(self, shop_id: str, order_id: str) -> str:
        """See extension_kit.BarToKnow."""
        order = self._services.orders.get(shop_id, order_id)
        return (order.for_name if order else None) or ""


class Installed:
    """The extensions of this deployment, each loaded at its first event."""

    def __init__(self, settings: Settings, make_kit: Callable[[str, Extension], Kit]):
        self._settings = settings
        self._make_kit = make_kit
        self._ready: dict[str, tuple[Extension, Kit]] = {}

    def __contains__(self, name: object) -> bool:
        return name in self._settings.extensions

    def __iter__(self) -> Iterator[str]:
        return iter(self._settings.extensions)

    def run(self, name: str, arrival: Arrival) -> None:
        """Hands the extension an event. Raises what the extension raises."""
        extension, kit = self.ready(name)
        extension.run(kit, arrival)

    def ready(self, name: str) -> tuple[Extension, Kit]:
        """Returns the extension and its kit."""
        if name not in self._ready:
            extension = load_all(self._settings)[name]
            self._ready[name] = extension, self._make_kit(name, extension)
        return self._ready[name]
