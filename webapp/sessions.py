"""The session cookie, with its age measured by the bar's own clock (webapp/clock.py).

Flask treats a cookie that was signed in the future as expired. After a clock was set back, every
customer would lose their order's page until the clock has caught up.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from flask import Flask, Request
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface
from itsdangerous import BadSignature, TimestampSigner, URLSafeTimedSerializer

if TYPE_CHECKING:
    from collections.abc import Callable


class SessionCookies(SecureCookieSessionInterface):
    """Flask's sessions, but with their age measured by the bar's clock."""

    def get_signing_serializer(self, app: Flask) -> URLSafeTimedSerializer:
        serializer = super().get_signing_serializer(app)
        if serializer is None:
            raise RuntimeError("an app without a SECRET_KEY signs nobody in")
        serializer.signer = _signer_by(app.extensions["services"].now)
        return serializer

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession:
        cookie = request.cookies.get(self.get_cookie_name(app), "")
        try:
            data, signed_at = self.get_signing_serializer(app).loads(cookie, return_timestamp=True)
        except BadSignature:
            return self.session_class()
        if app.extensions["services"].now() - signed_at > app.permanent_session_lifetime:
            return self.session_class()
        return self.session_class(data)


def _signer_by(now: Callable[[], datetime]) -> type[TimestampSigner]:
    class Signer(TimestampSigner):
        def get_timestamp(self) -> int:
            return int(now().timestamp())

    return Signer
