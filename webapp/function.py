"""What the Lambda function serves: `app`, made when Zappa's handler first asks for it."""

from __future__ import annotations

from webapp.bootstrap import current_app


def __getattr__(name: str):
    if name == "app":
        return current_app()
    raise AttributeError(name)
