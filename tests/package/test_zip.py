"""What the function's zip holds, and what it does not."""

from __future__ import annotations

import importlib.util
import json
import zipfile

import pytest

from scripts.environment import ROOT
from scripts.function.package import MOST_BYTES, PackageError, function_packages, trim_zip

UNCHECKED = 0b01
"""The flag of byte-code that Python takes without looking at its source's date or content."""


@pytest.fixture(scope="module")
def names(artefact) -> set[str]:
    with zipfile.ZipFile(artefact.archive) as packed:
        listed = packed.namelist()
        assert len(listed) == len(set(listed)), "a name twice"
        return set(listed)


def test_the_zip_is_small(artefact):
    assert artefact.archive.stat().st_size <= MOST_BYTES


def test_it_holds_what_the_function_needs_and_nothing_of_this_machine(names):
    tops = {name.split("/")[0] for name in names}
    assert {"domain", "webapp", "templates_compiled", "zappa_settings.py", "zappa"} <= tops
    assert not tops & {
        "boto3",
        "botocore",
        "s3transfer",
        "dateutil",
        "pip",
        "setuptools",
        "troposphere",
        "scripts",
        "tests",
        "docs",
        "node_modules",
        "templates",
        "apscheduler",
        "waitress",
        "paho",
        "handler.pyc",
        "pytest",
        "moto",
        "yaml",
        "tqdm",
        "package_info.json",
    }
    assert not [name for name in names if ".dist-info/" in name or "/tests/" in name]


def test_the_developers_page_is_not_on_aws(names):
    assert "webapp/routes/phone.py" in names
    assert not [name for name in names if "developer.py" in name or "emulator_texts" in name]


def test_every_built_file_and_every_template_is_in_it(names):
    dist = ROOT / "webapp" / "static" / "dist"
    manifest = json.loads((dist / "manifest.json").read_text())
    in_zip = {name.split("/")[-1] for name in names if name.startswith("webapp/static/dist/")}
    built = {f"{name}.gz" for name in manifest.values()}
    assert in_zip == {"manifest.json", *built}, "this build's files and those of no other"
    templates = list((ROOT / "templates").rglob("*.html"))
    compiled = [n for n in names if n.startswith("templates_compiled/") and n.endswith(".pyc")]
    assert len(compiled) == len(templates)


def test_python_takes_the_byte_code_without_looking_at_the_source(artefact, names):
    sources = {name for name in names if name.endswith(".py")}
    byte_codes = {name for name in names if name.endswith(".pyc")}
    assert {importlib.util.cache_from_source(name) for name in sources} < byte_codes
    for name in byte_codes:
        header = (artefact.task / name).read_bytes()[:8]
        assert header[:4] == importlib.util.MAGIC_NUMBER
        assert int.from_bytes(header[4:], "little") == UNCHECKED, name


def test_libraries_come_without_what_explains_them_and_our_code_as_it_is(artefact):
    program = "import flask, webapp; print(flask.Flask.__doc__, webapp.create_app.__doc__)"
    assert artefact.python("-c", program).startswith("None Returns the app over")


def test_every_module_of_ours_can_be_imported_from_it(artefact, names):
    modules = sorted(
        name.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
        for name in names
        if name.startswith(("domain/", "webapp/", "workflows/")) and name.endswith(".py")
    )
    assert "webapp.consumers.registry" in modules
    program = f"import importlib\nfor name in {modules}: importlib.import_module(name)"
    artefact.python(
        "-c",
        program,
        SECRET_KEY="unused",
        PUBLIC_URL="https://bar.example",
    )


def test_the_numbers_of_all_countries_are_read_with_what_is_in_it(artefact):
    program = """
import phonenumbers
from webapp.services.phone.numbers import example_number, read_number
countries = tuple(sorted(phonenumbers.SUPPORTED_REGIONS))
examples = [example for country in countries if (example := example_number(country))]
assert len(examples) > 200
for example in examples:
    assert read_number(example, countries).e164.startswith(example.split()[0]), example
"""
    artefact.python("-c", program, SECRET_KEY="unused", PUBLIC_URL="https://bar.example")


def test_the_same_code_makes_the_same_zip(tmp_path):
    archives = tmp_path / "one.zip", tmp_path / "two.zip"
    for seconds, archive in enumerate(archives):
        with zipfile.ZipFile(archive, "w") as packed:
            for name in ("webapp/__init__.py", "zappa_settings.py", "boto3/__init__.py"):
                packed.writestr(zipfile.ZipInfo(name, (2026, 11, 24, 0, 0, seconds)), "A = 1")
        trim_zip(archive)
    assert archives[0].read_bytes() == archives[1].read_bytes()


def test_a_zip_that_stays_too_large_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("scripts.function.package.MOST_BYTES", 10)
    archive = tmp_path / "large.zip"
    with zipfile.ZipFile(archive, "w") as packed:
        packed.writestr("zappa_settings.py", "")
    with pytest.raises(PackageError, match="more than 10"):
        trim_zip(archive)


def test_the_packages_are_those_of_requirements_txt_and_what_they_need():
    found = function_packages()
    assert {"flask", "werkzeug", "jinja2", "pynamodb", "qrcode", "wtforms"} <= found
    assert not found & {"boto3", "botocore", "zappa", "troposphere", "apscheduler", "waitress"}


def test_the_static_files_manifest_names_files_that_are_there(artefact):
    dist = artefact.task / "webapp" / "static" / "dist"
    for name in json.loads((dist / "manifest.json").read_text()).values():
        assert (dist / f"{name}.gz").is_file()
