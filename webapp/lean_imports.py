"""Saves a cold start work that none of our requests needs. It is imported before anything else.

`zappa.utilities` imports boto3 only to name its session in annotations, and `zappa.asgi` imports
asyncio for another kind of application. Both are still loaded when they are used.

Python looks for garbage after each few hundred new objects. During a start all objects stay, so
looking takes a tenth of the start and finds nothing.
"""

from __future__ import annotations

import gc
import sys
from importlib import import_module
from types import ModuleType
from typing import Any

_LATER = ("asyncio", "boto3")
_NEW_OBJECTS = 50_000

gc.set_threshold(_NEW_OBJECTS)


class _Later(ModuleType):
    """Stands for a module until something in it is asked for."""

    Session = object  # The annotations use this name.

    def __getattr__(self, name: str) -> Any:
        return getattr(import_module(self.__name__), name)


def _import_zappa_handler() -> ModuleType:
    missing = [name for name in _LATER if name not in sys.modules]
    sys.modules.update({name: _Later(name) for name in missing})
    try:
        return import_module("zappa.handler")
    finally:
        # All other importers must get the real modules.
        for name in missing:
            del sys.modules[name]


zappa_handler = _import_zappa_handler()
"""The module zappa.handler."""
