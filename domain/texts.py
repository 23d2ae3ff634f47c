"""Texts that people write, made fit for the screens."""

from __future__ import annotations


def clean_text(text: str, most: int) -> str:
    """Printable and single-spaced, at most so many characters."""
    printable = "".join(character if character.isprintable() else " " for character in text)
    return " ".join(printable.split())[:most].strip()


def N_(message: str) -> str:
    """The message itself: marks words for customers, which are translated where they are shown."""
    return message
