"""The languages that a shop may offer to its customers, each with its own name.

Messages are written in English. Each other language has a catalog in webapp/translations.
docs/translations.md says how to add another language.
"""

from __future__ import annotations

LANGUAGES = {
    "en": "English",
    "de": "Deutsch",
    "es": "Español",
    "fr": "Français",
    "it": "Italiano",
    "ja": "日本語",
    "ar": "العربية",
}
