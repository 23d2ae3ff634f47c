"""The app over moto's tables: browsers that scan, and screens that are signed in."""

from __future__ import annotations


import pytest

from webapp import create_app
from webapp.services.codes import current_code
from webapp.services.sign_in import create_link
from webapp.settings import Settings


@pytest.fixture
def app(services):
    return app_over(services)


def app_over(services):
    settings = Settings(secret_key=services.secret_keys[0], public_url=services.public_url)
    app = create_app(settings, services)
    # Tests of the CSRF check itself turn it on again.
    app.config["WTF_CSRF_ENABLED"] = False
    return app


@pytest.fixture
def code_path(services) -> str:
    return path_of_code(services)


def path_of_code(services) -> str:
    """Where the code leads that is shown now."""
    return f"/main/scan/{current_code(services, services.shop('main')).qr_code.text}"


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
