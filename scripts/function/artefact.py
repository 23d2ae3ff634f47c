"""Makes the function's zip with Zappa's own command line, and unpacks it as Lambda does."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import zappa

from scripts.environment import ROOT
from scripts.extension_libraries import names_in
from scripts.function.package import wanted_files

SITE_PACKAGES = Path(zappa.__file__).parent.parent
SETTINGS = ROOT / "zappa_settings.json"
BESIDE_LAMBDA = ("boto3", "botocore", "s3transfer", "jmespath", "dateutil", "six.py", "urllib3")
"""Packages that Lambda's own Python brings, so that the zip does not contain them."""


def make_zip(folder: Path, stage: str = "dev", extensions: str = "") -> Path:
    """Runs `zappa package`; of this machine, the zip contains nothing but the stage's settings."""
    target = folder / "function.zip"
    settings = folder / "zappa_settings.json"
    settings.write_text(json.dumps(_settings(stage, extensions)))
    done = subprocess.run(
        [sys.executable, "-m", "zappa.cli", "package", stage, "-s", settings, "-o", target],
        cwd=ROOT,
        env=os.environ
        | {
            "VIRTUAL_ENV": sys.prefix,
            "AWS_ACCESS_KEY_ID": "unused",
            "AWS_SECRET_ACCESS_KEY": "unused",
            "AWS_DEFAULT_REGION": "us-east-1",
        },
        capture_output=True,
        text=True,
    )
    if done.returncode or not target.exists():
        raise RuntimeError(f"zappa package failed:\n{done.stdout}{done.stderr}")
    return target


def unpack(archive: Path, folder: Path) -> tuple[Path, Path]:
    """Returns the function's folder and the folder of Lambda's own
    packages; both are for PYTHONPATH.
    """
    task, runtime = folder / "task", folder / "runtime"
    with zipfile.ZipFile(archive) as packed:
        packed.extractall(task)
    lay_out_runtime(runtime)
    return task, runtime


def lay_out_runtime(folder: Path, *more: str) -> None:
    """Makes a folder with what Lambda's own Python brings, plus more packages
    of this environment.
    """
    folder.mkdir()
    for name in (*BESIDE_LAMBDA, *more):
        (folder / name).symlink_to(SITE_PACKAGES / name)


def handler() -> str:
    """Returns the function's entry, as `module.function`."""
    return json.loads(SETTINGS.read_text())["base"]["lambda_handler"]


def _settings(stage: str, extensions: str) -> dict:
    settings = json.loads(SETTINGS.read_text())
    # Only the zip is wanted, so region and bucket are never used.
    settings[stage] |= {"aws_region": "us-east-1", "s3_bucket": "unused"}
    settings[stage]["aws_environment_variables"] |= {"EXTENSIONS": extensions}
    settings["base"]["exclude"] += _unwanted_packages(extensions)
    return settings


def _unwanted_packages(extensions: str) -> list[str]:
    """Returns the packages that trimming would remove; copying them takes most of Zappa's time."""
    wanted = {file.split("/")[0] for file in wanted_files(names_in(extensions))}
    return [path.name for path in SITE_PACKAGES.iterdir() if path.name not in wanted]
