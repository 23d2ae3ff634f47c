"""Adapters that are imported and made when something of them is first used.

PynamoDB and botocore take longer to import than all else together. A cold start whose page reads
no table does without them, and one that reads tables without the services it does not call.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from threading import RLock
from typing import Any, TypeVar, cast

Port = TypeVar("Port")
_making = RLock()


class LazyProxy:
    """Stands for the adapter that `make` makes: has its attributes, and keeps those asked for."""

    def __init__(self, port: type, make: Callable[[], object]):
        self._port = port
        self._make = make
        self._made: object = None

    def __getattr__(self, name: str) -> Any:
        if self._made is None:
            with _making:
                if self._made is None:
                    self._made = self._make()
        value = getattr(self._made, name)
        if callable(value):
            # From now on as quick as the adapter itself.
            self.__dict__[name] = value
        return value


def lazy(port: type[Port], make: Callable[[], object]) -> Port:
    """An adapter of this port, made by `make` when it is first used.

    A test makes each of them and asks whether it is one of its port.
    """
    return cast(Port, LazyProxy(port, make))


def load(path: str) -> Callable:
    """What has this dotted path; its module is imported now."""
    module, _, name = path.rpartition(".")
    return getattr(import_module(module), name)
