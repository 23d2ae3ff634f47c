"""What the Lambda function serves: `app`, made when Zappa's handler first reads it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from webapp.bootstrap import current_app

if TYPE_CHECKING:
    from flask import Flask


def __getattr__(name: str) -> Flask:
    if name == "app":
        return current_app()
    raise AttributeError(name)
