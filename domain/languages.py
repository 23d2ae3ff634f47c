"""The languages that a shop may offer to its customers, each by its own name.

All but English, the one that messages are written in, have a catalog in webapp/translations; how
another one is added stands in docs/translations.md.
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
