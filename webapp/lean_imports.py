"""Keeps a cold start from work that no request of ours needs. Imported before anything else.

`zappa.utilities` imports boto3 only to name its session in annotations, and
`zappa.asgi` imports asyncio for applications of another kind. Both still load when they are used.

Python looks for garbage each time some hundred new objects are there. At a start all of them stay:
looking through them again and again takes a tenth of it and finds nothing.
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

    Session = object  # What the annotations name.

    def __getattr__(self, name: str) -> Any:
        return getattr(import_module(self.__name__), name)


def _import_zappa_handler() -> ModuleType:
    missing = [name for name in _LATER if name not in sys.modules]
    sys.modules.update({name: _Later(name) for name in missing})
    try:
        return import_module("zappa.handler")
    finally:
        # Other importers get the modules themselves.
        for name in missing:
            del sys.modules[name]


zappa_handler = _import_zappa_handler()
"""The module zappa.handler."""
