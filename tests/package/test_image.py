"""The container image, as far as it goes without an engine: its own steps in a clean folder."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from scripts.artefact import SETTINGS, handler
from scripts.environment import ROOT
from tests.package import dockerfile

FILE = ROOT / "Dockerfile"


@pytest.fixture(scope="module")
def image(tmp_path_factory) -> dockerfile.Stage:
    """The image's last stage, made from this project and the settings Zappa writes for it."""
    folder = tmp_path_factory.mktemp("image")
    context = folder / "context"
    shutil.copytree(
        ROOT, context, ignore=shutil.ignore_patterns(".git", ".venv", "node_modules", "tests")
    )
    settings = json.loads(SETTINGS.read_text())
    settings["image"] |= {"aws_region": "us-east-1", "s3_bucket": "unused"}
    (context / "zappa_settings.json").write_text(json.dumps(settings))
    done = subprocess.run(
        [sys.executable, "-m", "zappa.cli", "save-python-settings-file", "image"],
        cwd=context, capture_output=True, text=True,
        env=os.environ
        | {
            "VIRTUAL_ENV": sys.prefix, "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_ACCESS_KEY_ID": "unused", "AWS_SECRET_ACCESS_KEY": "unused",
        },
    )
    assert (context / "zappa_settings.py").exists(), done.stdout + done.stderr
    return dockerfile.follow(context, folder / "stages", Path(sys.executable))


def test_it_holds_the_function_and_nothing_else(image):
    task = image.path(dockerfile.TASK_ROOT)
    tops = {path.name for path in task.iterdir()}
    assert {"domain", "webapp", "templates_compiled", "zappa", "zappa_settings.py"} <= tops
    assert not tops & {"tests", "scripts", "docs", "boto3", "pip", "troposphere", "templates"}
    assert (task / "webapp" / "static" / "dist" / "manifest.json").exists()


def test_the_page_is_answered_from_it(image, stack):
    task = image.path(dockerfile.TASK_ROOT)
    packages = os.pathsep.join(path for path in sys.path if path.endswith("site-packages"))
    done = subprocess.run(
        [sys.executable, "-S", ROOT / "scripts" / "first_page.py", *image.command, "/main/"],
        cwd=task, capture_output=True, text=True,
        env=os.environ | stack.function_environment | {"PYTHONPATH": f"{task}:{packages}"},
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout.splitlines()[-1])["status"] == 200


def test_it_is_entered_where_the_zip_is(image):
    assert image.command == [handler()]


def test_it_runs_as_nobody_in_particular(image):
    assert image.user == "65534"


def test_its_base_is_one_certain_image_of_lambdas_python():
    bases = [rest.split()[0] for word, rest in dockerfile.instructions(FILE) if word == "FROM"]
    pinned = re.compile(r"public\.ecr\.aws/lambda/python:3\.\d+\.\d{4}\.\d\d\.\d\d\.\d\d")
    assert len(set(bases)) == 1
    assert pinned.fullmatch(bases[0])


def test_no_secret_is_built_into_it():
    text = FILE.read_text() + (ROOT / ".dockerignore").read_text()
    assert not re.search(r"\b(ENV|ARG)\b|SECRET|PASSWORD|\.local", text)
