"""Adapters that are imported and made at their first use.

PynamoDB and botocore take longer to import than everything else together. A cold start whose page
reads no table saves that time, and one that reads tables saves the services that it does not call.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from threading import RLock
from typing import Any, TypeVar, cast

Port = TypeVar("Port")
_making = RLock()


class LazyProxy:
    """Stands for the adapter that `make` makes, and keeps each method that was asked for."""

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
            # The next call finds the method here and is as fast as with the adapter itself.
            self.__dict__[name] = value
        return value


def lazy(port: type[Port], make: Callable[[], object]) -> Port:
    """Returns an adapter of this port, made by `make` at its first use.

    A test makes each of them and checks that it is an adapter of its port.
    """
    return cast(Port, LazyProxy(port, make))


def load(path: str) -> Callable:
    """Imports the module of this dotted path and returns what the path names."""
    module, _, name = path.rpartition(".")
    return getattr(import_module(module), name)
