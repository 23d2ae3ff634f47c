"""What an adapter raises when it does not carry out a write."""

from __future__ import annotations


class Stale(Exception):
    """The item has changed since it was read; the caller reads again and decides anew."""


class AlreadyThere(Exception):
    """The item to be created exists already."""
