"""The consumers over moto's tables, with a bus and executions that only remember."""

import pytest

from tests.builders import Clock, a_shop, empty_tables, moto_tables, services_over_tables


@pytest.fixture(scope="package")
def moto():
    with moto_tables():
        yield


@pytest.fixture
def services(moto):
    empty_tables()
    services = services_over_tables(Clock())
    services.shops.create(a_shop())
    return services
