"""The app over moto's tables: browsers that scan, and screens that are signed in."""

from __future__ import annotations

import sys
from types import ModuleType

import boto3
import pytest
from zappa.cli import ZappaCLI

from webapp import create_app, entry
from webapp.services.intake.qr_codes import current_code
from webapp.services.staff.sign_in import create_link
from webapp.settings import Settings


@pytest.fixture
def app(services):
    return app_over(services)


@pytest.fixture(scope="session")
def zappa_settings() -> ModuleType:
    """What Zappa itself writes into the package."""
    cli = ZappaCLI()
    cli.api_stage = "prod"
    cli.load_settings("zappa_settings.json", session=boto3.Session(region_name="us-east-1"))
    module = ModuleType("zappa_settings")
    exec(cli.get_zappa_settings_string(), module.__dict__)
    return module


@pytest.fixture
def door_of(zappa_settings, monkeypatch):
    """The function's door, as Lambda starts it with this app."""

    def open_door(app):
        monkeypatch.setattr("webapp.bootstrap.current_app", lambda: app)
        monkeypatch.setattr("webapp.function.current_app", lambda: app)
        monkeypatch.setitem(sys.modules, "zappa_settings", zappa_settings)
        monkeypatch.setattr(entry.zappa_handler.LambdaHandler, "_LambdaHandler__instance", None)
        monkeypatch.setattr(entry.zappa_handler.LambdaHandler, "settings", None)
        return entry.handler

    return open_door


def app_over(services):
    settings = Settings(secret_key=services.secret_keys[0], public_url=services.public_url)
    app = create_app(settings, services)
    # Tests of the CSRF check itself turn it on again.
    app.config["WTF_CSRF_ENABLED"] = False
    return app


@pytest.fixture
def code_path(services) -> str:
    return path_of_code(services)


def path_of_code(services, shop_id: str = "main") -> str:
    """Where the code leads that is shown now."""
    code = current_code(services, services.shop(shop_id)).qr_code.text
    return f"/{shop_id}/scan/{code}"


@pytest.fixture
def phone(app):
    return app.test_client()


@pytest.fixture
def screen(app, services):
    """Signs a screen in: screen("barista")."""
    return lambda role: sign_in(app, services, role)


def sign_in(app, services, role: str, shop_id: str = "main"):
    """A screen of this role that has used its link."""
    client = app.test_client()
    client.post(create_link(services, shop_id, role).removeprefix(services.public_url))
    return client


def claim(phone, code_path: str) -> str:
    """Scans and claims; returns the order page's path."""
    phone.get(code_path, follow_redirects=True)
    answer = phone.post("/main/scan")
    assert answer.status_code == 303
    return answer.location
