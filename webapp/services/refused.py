"""What a store answers to a write that it does not carry out."""

from __future__ import annotations


class Stale(Exception):
    """The item is no longer as it was read; read again and decide anew."""


class AlreadyThere(Exception):
    """The item to be created exists."""
