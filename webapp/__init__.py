"""The web application: pages, fragments and the consumers of events."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from flask import Blueprint, Flask, Response, current_app, g, request, send_from_directory, url_for
from flask_wtf.csrf import CSRFProtect
from htmx_flask import Htmx
from jinja2 import ModuleLoader

if TYPE_CHECKING:
    from webapp.services.all_services import Services
    from webapp.settings import Settings

_ROOT = Path(__file__).resolve().parent
_BUILT = _ROOT / "static" / "dist"
_TEMPLATES = _ROOT.parent / "templates"
_COMPILED_TEMPLATES = _ROOT.parent / "templates_compiled"  # Only in the packaged function.
_MOST_BODY_BYTES = 16 * 1024
_LEAST_GZIP_BYTES = 600

_CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'{scripts}",
        "style-src 'self'{styles}",
        "img-src 'self' data:",
        "connect-src 'self'{live_origin}",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
        "require-trusted-types-for 'script'",
        "trusted-types default again",
    )
)

# The tablet and the TV keep their screens awake. The pages use nothing else of the device.
_PERMISSIONS_POLICY = (
    "camera=(), microphone=(), geolocation=(), payment=(), usb=(), screen-wake-lock=(self)"
)

_ROUTES = (
    "customer",
    "phone",
    "journey",
    "my_orders",
    "barista",
    "counter",
    "display",
    "metrics",
    "admin",
    "people",
    "settings_pages",
    "shop_pages",
    "menu_pages",
    "admin_phone",
    "look",
    "sign_in",
    "staff",
    "devices",
    "printing",
    "api",
    "health",
)
"""The modules of webapp.routes, each with its blueprint."""


def create_app(settings: Settings | None = None, services: Services | None = None) -> Flask:
    """Returns the app over these services, or over those that the environment describes."""
    from webapp import access, errors, languages, logs, own_names
    from webapp.bootstrap import build_services
    from webapp.cloud.clients import Clients
    from webapp.cloud.live_grants import LiveGrants
    from webapp.open_streams import OpenStreams
    from webapp.public_address import at_public_address
    from webapp.routes import api, live
    from webapp.sessions import SessionCookies
    from webapp.settings import Settings
    from webapp.url_rules import LateRule

    settings = settings or Settings.from_environment()
    app = Flask(__name__, static_folder=None, template_folder=str(_TEMPLATES))
    app.url_rule_class = LateRule
    app.session_interface = SessionCookies()
    _configure(app, settings)
    _prepare_templates(app)
    app.extensions["settings"] = settings
    app.extensions["services"] = services or build_services(settings)
    app.extensions["live_relay"] = None
    app.extensions["open_streams"] = OpenStreams()
    app.extensions["live_grants"] = (
        None if settings.live_relay else LiveGrants(Clients(settings.region), settings.prefix)
    )
    logs.register(app)
    app.add_template_global(live.live_script)
    # Flask's documentation says to put middleware on this attribute.
    app.wsgi_app = at_public_address(app, settings.public_url)  # type: ignore[method-assign]
    Htmx(app)
    app.teardown_request(languages.end_request)
    own_names.register(app, settings)
    app.before_request(access.guard)
    # The JSON API accepts only tokens, and a browser does not send a token by itself.
    CSRFProtect(app).exempt(api.blueprint)
    _serve_built_files(app)
    for blueprint in _blueprints():
        app.register_blueprint(blueprint)
    errors.register(app)
    app.after_request(live.name_browser)
    app.after_request(_finish)
    return app


def _configure(app: Flask, settings: Settings) -> None:
    from webapp.public_address import cookie_suffix

    is_https = settings.public_url.startswith("https:")
    suffix = cookie_suffix(settings.public_url)
    app.config.update(
        SECRET_KEY=settings.secret_key,
        MAX_CONTENT_LENGTH=_MOST_BODY_BYTES,
        PERMANENT_SESSION_LIFETIME=timedelta(days=30),
        SECRET_KEY_FALLBACKS=list(settings.old_secret_keys),
        COOKIE_SUFFIX=suffix,
        SESSION_COOKIE_NAME=("__Host-session" if is_https else "session") + suffix,
        SESSION_COOKIE_SECURE=is_https,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_PATH="/",
        SESSION_COOKIE_SAMESITE="Lax",
        WTF_CSRF_TIME_LIMIT=None,
        # The Referer is not checked. The form's token and the host-bound cookie already prove what
        # it would, a CDN makes it name another host, and some browsers send none.
        WTF_CSRF_SSL_STRICT=False,
    )


def _prepare_templates(app: Flask) -> None:
    from webapp import words

    if _COMPILED_TEMPLATES.is_dir():
        app.jinja_options = {"loader": ModuleLoader(_COMPILED_TEMPLATES)}
    else:
        extensions = ["jinja2.ext.i18n", "webapp.line_breaks.LineBreaks"]
        app.jinja_options = {"extensions": extensions}
    # This attribute belongs to Jinja's i18n extension.
    app.jinja_env.newstyle_gettext = True  # type: ignore[attr-defined]
    app.jinja_env.globals.update(words.template_functions())


def _blueprints() -> Iterator[Blueprint]:
    return (import_module(f"webapp.routes.{name}").blueprint for name in _ROUTES)


def _serve_built_files(app: Flask) -> None:
    from webapp import inlined
    from webapp.access import ANYONE, allow

    names = json.loads((_BUILT / "manifest.json").read_text())
    inlined.register(app, _BUILT, names)

    @app.template_global()
    def asset(name: str) -> str:
        return url_for("static", filename=names[name])

    @app.get("/static/dist/<path:filename>", endpoint="static")
    @allow(ANYONE)
    def built_file(filename: str) -> Response:
        kind = "text/css" if filename.endswith(".css") else "text/javascript"
        response = send_from_directory(_BUILT, f"{filename}.gz", mimetype=kind)
        if request.accept_encodings.find("gzip") >= 0:
            response.headers["Content-Encoding"] = "gzip"
        else:
            import gzip

            response.direct_passthrough = False
            response.set_data(gzip.decompress(response.get_data()))
        response.headers["Vary"] = "Accept-Encoding"
        # The file's name holds a hash of its content, so a browser never needs to ask again.
        response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
        return response


def _finish(response: Response) -> Response:
    from webapp import inlined
    from webapp.words import current_locale

    # Only a page that reads from IoT Core may connect there.
    live_origin = f" {g.live_origin}" if "live_origin" in g else ""
    policy = _CONTENT_SECURITY_POLICY.format(
        live_origin=live_origin,
        scripts=inlined.sources("scripts"),
        styles=inlined.sources("styles"),
    )
    response.headers.setdefault("Content-Security-Policy", policy)
    response.headers.setdefault("X-Content-Type-Options", "nosniff")
    response.headers.setdefault("Referrer-Policy", "same-origin")
    response.headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
    response.headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
    response.headers.setdefault("Permissions-Policy", _PERMISSIONS_POLICY)
    if current_app.config["SESSION_COOKIE_SECURE"]:
        response.headers.setdefault("Strict-Transport-Security", "max-age=31536000")
    response.headers.setdefault("Cache-Control", "no-store")
    if response.mimetype == "text/html":
        response.headers.setdefault("Content-Language", current_locale())
    if "by_browser" in g:
        response.vary.add("Accept-Language")
    if (
        response.mimetype == "text/html"
        and request.accept_encodings.find("gzip") >= 0
        and not response.is_streamed
        and len(response.get_data()) >= _LEAST_GZIP_BYTES
    ):
        import gzip

        response.set_data(gzip.compress(response.get_data(), 6))
        response.headers["Content-Encoding"] = "gzip"
        response.vary.add("Accept-Encoding")
    return response
