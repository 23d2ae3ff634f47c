"""What a cold start imports. Times are for scripts/bench; here nothing may creep in."""

from __future__ import annotations

import pytest

PACKAGES = {
    "blinker",
    "botocore",
    "click",
    "dateutil",
    "domain",
    "durationpy",
    "flask",
    "flask_wtf",
    "htmx_flask",
    "itsdangerous",
    "jinja2",
    "jmespath",
    "markupsafe",
    "pynamodb",
    "pythonjsonlogger",
    "six",
    "urllib3",
    "webapp",
    "werkzeug",
    "workflows",
    "wtforms",
    "zappa",
    "zappa_settings",
}
"""All that is not the standard library's and may be imported by the phone's first page."""

NOT_NEEDED = {
    "asyncio",
    "multiprocessing",
    "qrcode",
    "sqlite3",
    "unittest",
    "xml.dom",
    "domain.events",
    "phonenumbers",
    "webapp.consumers.registry",
    "webapp.operator_jobs.registry",
    "workflows.order_workflow",
}


@pytest.fixture(scope="module")
def first_page(artefact, stack) -> dict:
    return artefact.get("/main/", **stack.function_environment)


@pytest.fixture(scope="module")
def modules(first_page) -> set[str]:
    return set(first_page["modules"])


def test_the_phones_first_page_is_answered_from_the_zip(first_page):
    assert first_page["status"] == 200
    assert first_page["length"] > 1000


def test_it_imports_no_package_that_it_does_not_need(artefact, modules):
    ours = {path.stem for path in (*artefact.task.iterdir(), *artefact.runtime.iterdir())}
    assert sorted(({name.split(".")[0] for name in modules} & ours) - PACKAGES) == []


def test_it_imports_no_module_that_it_does_not_need(modules):
    assert sorted(modules & NOT_NEEDED) == []


def test_a_page_that_reads_no_table_imports_neither_pynamodb_nor_botocore(artefact):
    page = artefact.get("/no/such/page", SECRET_KEY="unused", PUBLIC_URL="https://bar.example")
    assert page["status"] == 404
    not_needed = ("pynamodb", "botocore.session", "webapp.storage", "urllib3")
    assert [name for name in page["modules"] if name.startswith(not_needed)] == []
