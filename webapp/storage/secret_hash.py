"""Hashes the secrets of cookies and links, so that a leaked table opens nothing."""

from __future__ import annotations

import hashlib


def hash_secret(secret: str) -> str:
    """Returns the key under which a random secret is stored.

    Do not use it for codes that people type.
    """
    return hashlib.sha256(secret.encode()).hexdigest()
