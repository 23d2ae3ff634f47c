"""Reads the form of the menu that a customer or a barista sends."""

from __future__ import annotations

from collections.abc import Mapping

from domain.menu import FORM_NAMES


def read_choice(form: Mapping[str, str]) -> tuple[str, dict[str, str]]:
    """Returns the drink's id and the chosen option ids by the ids of their option groups."""
    chosen = {name: value for name, value in form.items() if name not in FORM_NAMES}
    return form.get("drink", ""), chosen
