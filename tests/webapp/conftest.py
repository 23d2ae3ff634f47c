"""The use cases over moto's tables, with a clock that only the test moves."""

import pytest

from tests.builders import Clock, a_shop
from tests.services import services_over_tables
from tests.tables import empty_tables, moto_tables
from webapp import create_app
from webapp.settings import Settings


@pytest.fixture(scope="package")
def moto():
    with moto_tables():
        yield


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def services(moto, clock):
    empty_tables()
    services = services_over_tables(clock)
    services.shops.create(a_shop(capacity=3, scans_per_code=4))
    return services


@pytest.fixture
def in_app(services):
    """Words and fragments need an application; it works with the test's services."""
    settings = Settings(secret_key=services.secret_keys[0], public_url=services.public_url)
    with create_app(settings, services).test_request_context():
        yield
