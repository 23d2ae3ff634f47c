"""The form of the menu, as a customer or a barista sends it."""

from __future__ import annotations

from collections.abc import Mapping

from domain.menu import FORM_NAMES


def read_choice(form: Mapping[str, str]) -> tuple[str, dict[str, str]]:
    """The drink's id, and what was chosen: for each option group's id the option's."""
    chosen = {name: value for name, value in form.items() if name not in FORM_NAMES}
    return form.get("drink", ""), chosen
