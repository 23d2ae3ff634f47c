"""Secrets in cookies and links are stored as their hash only: a leaked table opens nothing."""

from __future__ import annotations

import hashlib


def hash_secret(secret: str) -> str:
    """The key under which a secret of full strength is stored. Not for codes that people type."""
    return hashlib.sha256(secret.encode()).hexdigest()
