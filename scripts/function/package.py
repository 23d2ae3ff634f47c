"""Makes the function small and quick: trims Zappa's zip (as its `zip` callback), and makes the
folder that goes into the container image: python -m scripts.function.package FOLDER

Zappa packs the whole environment and dates every file 1980. Python then finds the byte-code older
than its source, and compiles everything again at each cold start. The trimmed zip has only our
run-time code and the packages it needs, with byte-code that Python accepts.

An extension (webapp/extensions) and its libraries are included only when the stage names it.

It needs only the standard library and an installed environment.
"""

from __future__ import annotations

import importlib.metadata
import json
import py_compile
import re
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from fnmatch import fnmatch
from importlib.util import cache_from_source
from pathlib import Path, PurePosixPath

from scripts import extension_libraries

ROOT = Path(__file__).resolve().parents[2]
SETTINGS = ROOT / "zappa_settings.py"
DIST = "webapp/static/dist/"
TRANSLATIONS = "webapp/translations/"
ROOTS = ("domain", "webapp", "workflows")
MOST_BYTES = 4_000_000
"""The largest zip in bytes; the libraries of an extension may double it."""
_OF_EXTENSION = re.compile("webapp/extensions/([a-z0-9]+)/")

OURS = ("domain/*", "webapp/*", "workflows/*", "templates_compiled/*", "zappa_settings.py")
WITHOUT_SOURCES = ("templates_compiled/*",)
"""Nobody wrote these sources, so tracebacks need not show them."""
NOT_OURS = (
    "webapp/static/src/*",
    "webapp/translations/*.po",
    "webapp/translations/*.pot",
    "webapp/translations/.stamp",
    "webapp/line_breaks.py",
    "webapp/local.py",
    "webapp/roomy_server.py",
    "webapp/tls_front.py",
    "webapp/watched.py",
    "webapp/stack.py",
    "webapp/cloud/emulator_bar.py",
    "webapp/cloud/emulator_texts.py",
    "webapp/cloud/live_relay.py",
    "webapp/routes/developer.py",
    "webapp/storage/rights.py",
    "workflows/customer_pool.py",
    "workflows/domain_name.py",
    "workflows/operations.py",
    "workflows/roles.py",
    "workflows/template.py",
    "workflows/staff_pool.py",
)
"""Our files that only scripts/serve and the deployment use."""

NOT_IN_FUNCTION = {"apscheduler", "babel", "boto3", "paho-mqtt", "troposphere", "waitress", "zappa"}
"""Packages of requirements.txt that are left out: boto3 is in Lambda's own Python, and the others
are used only on this machine.

FROM_ZAPPA names the modules of Zappa that the function needs all the same.
"""
FROM_ZAPPA = ("__init__", "asgi", "asynchronous", "handler", "middleware", "utilities", "wsgi")
ZAPPA_NEEDS = {"durationpy"}

AWS_SERVICES = (
    "cognito-idp",
    "data-ats.iot",
    "data.iot",
    "dynamodb",
    "events",
    "iot",
    "sns",
    "sqs",
    "ssm",
    "states",
    "sts",
)
"""The services that the function calls, by their names in
botocore's endpoints.json; a test checks the list.
"""

NEVER = (
    "*.dist-info/*",
    "*/tests/*",
    "*/test/*",
    "*/__pycache__/*",
    "*.pyc",
    "*.pyi",
    "*.c",
    "*/py.typed",
    "*/locale/*",
    # Developers' tools.
    "click/testing.py",
    "flask/testing.py",
    "qrcode/console_scripts.py",
    "werkzeug/debug/*",
    "werkzeug/testapp.py",
    # Python's zoneinfo does not read these lists.
    "tzdata/zoneinfo/*.tab",
    "tzdata/zoneinfo/leapseconds",
    "tzdata/zoneinfo/tzdata.zi",
    # Emergency and directory numbers get no text messages, and nothing else loads these files.
    "phonenumbers/shortdata/region_*",
    "../*",
)

_NAME = re.compile(r"[A-Za-z0-9._-]+")
_DATE = (1980, 1, 1, 0, 0, 0)


class PackageError(Exception):
    """The text is one line that says what is wrong and what to do."""


def trim_package(made: Path) -> int:
    """Trims Zappa's zip in place; returns the new size in bytes. Raises PackageError."""
    with zipfile.ZipFile(made) as packed:
        wanted = wanted_files(_extensions_of(packed)) | compiled_translations()
        missing = sorted(wanted - set(packed.namelist()))
    if missing:
        raise PackageError(f"“exclude” in zappa_settings.json keeps out what is needed: {missing}")
    return trim_zip(made)


def trim_zip(made: Path) -> int:
    """Trims the zip in place; returns the new size in bytes. Raises
    PackageError if it stays too large.
    """
    with zipfile.ZipFile(made) as source:
        extensions = _extensions_of(source)
        wanted = wanted_files(extensions)
        contents = {
            name: source.read(name)
            for name in set(source.namelist()) - outdated_assets()
            if is_wanted(name, wanted, extensions)
        }
    trimmed = made.with_suffix(".trimmed")
    with zipfile.ZipFile(trimmed, "w", zipfile.ZIP_DEFLATED) as target:
        for name, content in function_files(contents):
            _add(target, name, content)
    trimmed.replace(made)
    size, most = made.stat().st_size, MOST_BYTES
    if extension_libraries.packages(extensions):
        most *= 2
    if size > most:
        raise PackageError(
            f"The package has {size} bytes, more than {most}:"
            " see in it what scripts/function/package.py should leave out."
        )
    return size


def _extensions_of(packed: zipfile.ZipFile) -> list[str]:
    """Returns the extensions of the stage that the zip is for."""
    if SETTINGS.name not in packed.namelist():
        return []
    return extension_libraries.of_package(packed.read(SETTINGS.name).decode())


def lay_out(folder: Path) -> None:
    """Puts the same files into a folder, from this project and this environment's packages."""
    compiled_translations()
    if not SETTINGS.exists():
        raise PackageError("zappa_settings.py is missing; scripts/image writes it.")
    extensions = extension_libraries.of_package(SETTINGS.read_text())
    wanted = wanted_files(extensions)
    ours = (file for top in ROOTS for file in (ROOT / top).rglob("*") if file.is_file())
    contents = {file.relative_to(ROOT).as_posix(): file.read_bytes() for file in ours}
    contents[SETTINGS.name] = SETTINGS.read_bytes()
    packages = Path(str(_distribution("zappa").locate_file("")))
    contents |= {name: (packages / name).read_bytes() for name in wanted}
    contents = {
        name: contents[name]
        for name in contents.keys() - outdated_assets()
        if is_wanted(name, wanted, extensions)
    }
    for name, content in function_files(contents):
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)


def function_files(contents: Mapping[str, bytes]) -> Iterator[tuple[str, bytes]]:
    """Yields names and contents as the function has them:
    compiled templates and byte-code included.
    """
    old = set(contents) - _current(contents)
    made = {**compiled_templates(), "aws_data/endpoints.json": cut_endpoints()}
    with tempfile.TemporaryDirectory() as folder:
        for name, content in sorted({**contents, **made}.items()):
            if name in old:
                continue
            if name.endswith(".py"):
                yield byte_code_name(name), _compile(content, name, Path(folder))
            if not name.endswith(".py") or keeps_source(name):
                yield name, content


def _current(contents: Mapping[str, bytes]) -> set[str]:
    """Returns the names without the front-end files of earlier
    builds, which are in the same folder.
    """
    manifest = json.loads(contents.get(f"{DIST}manifest.json", b"{}"))
    built = {f"{DIST}{name}.gz" for name in manifest.values()}
    return {
        name
        for name in contents
        if not name.startswith(DIST) or name in built or name == f"{DIST}manifest.json"
    }


def compiled_templates() -> dict[str, bytes]:
    """Returns the templates as Python modules, by their names in the zip."""
    if not (ROOT / "webapp" / "static" / "dist" / "manifest.json").exists():
        raise PackageError("The front-end files are missing; run scripts/serve once first.")
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "scripts.function.compile_templates", folder]
        subprocess.run(command, cwd=ROOT, check=True)
        return {
            f"templates_compiled/{file.name}": file.read_bytes()
            for file in Path(folder).glob("*.py")
        }


def compiled_translations() -> set[str]:
    """Returns the names in the zip of the catalogs that the pages read."""
    files = [file.with_suffix(".mo") for file in (ROOT / TRANSLATIONS).glob("*.po")]
    if not all(file.exists() for file in files):
        raise PackageError("The translations are not compiled; run scripts/serve once first.")
    return {f"{TRANSLATIONS}{file.name}" for file in files}


def outdated_assets() -> set[str]:
    """Returns the files of earlier builds, which stay on this machine for pages that are open."""
    folder = ROOT / "webapp" / "static" / "dist"
    if not (folder / "manifest.json").exists():
        return set()
    built = json.loads((folder / "manifest.json").read_text()).values()
    current = {"manifest.json", *(f"{name}.gz" for name in built)}
    return {
        file.relative_to(ROOT).as_posix() for file in folder.iterdir() if file.name not in current
    }


def cut_endpoints() -> bytes:
    """Returns botocore's endpoints.json with only the services that we call: 3 % of a slow read."""
    folder = Path(str(_distribution("botocore").locate_file("botocore/data")))
    endpoints = json.loads((folder / "endpoints.json").read_bytes())
    for partition in endpoints["partitions"]:
        services = partition["services"]
        partition["services"] = {name: services[name] for name in AWS_SERVICES if name in services}
    return json.dumps(endpoints, separators=(",", ":")).encode()


def is_wanted(name: str, wanted: frozenset[str], extensions: Iterable[str] = ()) -> bool:
    if _is_never_wanted(name):
        return False
    if is_ours(name):
        extension = _OF_EXTENSION.match(name)
        if extension and extension[1] not in extensions:
            return False
        return not any(fnmatch(name, pattern) for pattern in NOT_OURS)
    return name in wanted


def _is_never_wanted(name: str) -> bool:
    return any(fnmatch(name, pattern) for pattern in NEVER)


def is_ours(name: str) -> bool:
    return any(fnmatch(name, pattern) for pattern in OURS)


def keeps_source(name: str) -> bool:
    """Returns whether the zip has the source: ours for tracebacks, never a library's."""
    return is_ours(name) and not any(fnmatch(name, pattern) for pattern in WITHOUT_SOURCES)


def byte_code_name(name: str) -> str:
    """Returns where Python looks for a module's byte-code: beside its source, or in its place."""
    return cache_from_source(name) if keeps_source(name) else f"{name}c"


def wanted_files(extensions: Iterable[str] = ()) -> frozenset[str]:
    """Returns the files of the packages that the function needs, relative to site-packages."""
    files = {f"zappa/{module}.py" for module in FROM_ZAPPA}
    for name in extension_libraries.packages(extensions):
        # Compiled files differ between machines, and each of them has an equivalent in Python.
        files |= {file for file in _files_of(name) if not file.endswith((".so", ".pyd", ".dylib"))}
    for name in function_packages():
        files |= _files_of(name)
    return frozenset(file for file in files if not _is_never_wanted(file))


def _files_of(name: str) -> set[str]:
    return {PurePosixPath(file).as_posix() for file in _distribution(name).files or ()}


def function_packages() -> set[str]:
    """Returns the packages of requirements.txt that the function needs, and all that these need."""
    lines = (ROOT / "requirements.txt").read_text().splitlines()
    stated = {_normal(line) for line in lines if line.strip() and not line.startswith("#")}
    to_do, found = (stated - NOT_IN_FUNCTION) | ZAPPA_NEEDS, set()
    while to_do:
        name = to_do.pop()
        found.add(name)
        to_do |= set(_needs(name)) - found - NOT_IN_FUNCTION - {"botocore"}
    return found


def _needs(name: str) -> Iterator[str]:
    for line in _distribution(name).requires or ():
        requirement, _, marker = line.partition(";")
        # A marker is for extras, other systems or older Pythons, none of which the function needs.
        if not marker.strip():
            yield _normal(requirement)


def _distribution(name: str) -> importlib.metadata.Distribution:
    try:
        return importlib.metadata.distribution(name)
    except importlib.metadata.PackageNotFoundError:
        raise PackageError(
            f"{name} is not installed here; run scripts/zappa, which installs what a stage needs."
        ) from None


def _normal(requirement: str) -> str:
    name = _NAME.match(requirement.strip())
    return re.sub(r"[-_.]+", "-", name.group()).lower() if name else ""


def _compile(content: bytes, name: str, folder: Path) -> bytes:
    source, target = folder / "source.py", folder / "target.pyc"
    source.write_bytes(content)
    py_compile.compile(
        str(source),
        str(target),
        # Tracebacks then name the file by its place in Lambda.
        dfile=f"/var/task/{name}",
        doraise=True,
        # Libraries lose their docstrings, as with python -OO, because nobody reads them in the
        # function.
        optimize=0 if is_ours(name) else 2,
        invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH,
    )
    return target.read_bytes()


def _add(target: zipfile.ZipFile, name: str, content: bytes) -> None:
    # Dates and order are fixed, so that the same code makes the same zip.
    entry = zipfile.ZipInfo(name, _DATE)
    entry.create_system = 3
    entry.external_attr = 0o644 << 16
    entry.compress_type = zipfile.ZIP_DEFLATED
    target.writestr(entry, content, compresslevel=9)


if __name__ == "__main__":
    try:
        lay_out(Path(sys.argv[1]))
    except PackageError as error:
        sys.exit(str(error))
