"""The container image, as far as it goes without an engine.

A team makes it by scripts/image: the Dockerfile's own steps, in a clean folder. It is deployed by
Zappa, and then runs as Lambda's own Python runtime runs it.
"""

from __future__ import annotations

import io
import json
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

import pytest

from scripts.environment import ROOT
from scripts.function.artefact import handler, lay_out_runtime
from scripts.measuring.first_page import event
from tests.emulator import Emulator
from tests.package import dockerfile
from tests.package.containers import Containers, Image
from tests.team import Team
from webapp.consumers.registry import COMMAND

FILE = ROOT / "Dockerfile"
STAGE = "image"
FUNCTION = "serverlesspresso-image"
RUNTIME_CLIENT = ("awslambdaric", "simplejson", "snapshot_restore_py")
"""The base image's own, with what they need."""


@pytest.fixture(scope="module")
def containers(tmp_path_factory):
    with (
        Emulator(tmp_path_factory.mktemp("emulator")) as emulator,
        Containers(emulator, FUNCTION) as containers,
    ):
        yield containers


@pytest.fixture(scope="module")
def team(containers, tmp_path_factory) -> Team:
    """With a clone, ready to deploy, and something at docker's place."""
    team = Team(containers.emulator, tmp_path_factory.mktemp("team") / "clone", STAGE)
    team.clone()
    shutil.copy(ROOT / ".dockerignore", team.folder)
    (team.folder / ".venv").symlink_to(ROOT / ".venv")
    team.deploy_script(
        "init", "--stage", STAGE, "--region", "us-east-1", "--admin", "ana@example.com", "--yes"
    )
    team.set_variables(MINISTACK_LAMBDA_PROXY_URL=containers.url)
    return team


@pytest.fixture(scope="module")
def image(team, containers, tmp_path_factory) -> Image:
    """What scripts/image builds and pushes."""
    folder = tmp_path_factory.mktemp("engine")
    engine = folder / "bin" / "docker"
    engine.parent.mkdir()
    engine.write_text(
        f'#!/bin/sh\nPYTHONPATH={ROOT} exec {sys.executable} -P -m tests.package.engine "$@"\n'
    )
    engine.chmod(0o755)
    variables = team.emulator.environment | {"ENGINE_FOLDER": str(folder)}
    variables["PATH"] = f"{engine.parent}:{variables['PATH']}"
    done = subprocess.run(
        [sys.executable, team.folder / "scripts" / "image"],
        env=variables,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    made = json.loads((folder / "image.json").read_text())
    native = [path.name for path in Path(sys.prefix).glob("lib/*/site-packages/runtime_client*.so")]
    lay_out_runtime(folder / "runtime", *RUNTIME_CLIENT, *native)
    calls = [json.loads(line) for line in (folder / "calls.jsonl").read_text().splitlines()]
    containers.image = Image(
        Path(made["task"]), folder / "runtime", made["command"], made["user"], calls, done.stdout
    )
    return containers.image


@pytest.fixture(scope="module")
def uri(image) -> str:
    return re.search(r"zappa deploy image --docker-image-uri (\S+)", image.said)[1]


@pytest.fixture(scope="module")
def address(team, uri) -> str:
    """Where the bar of the deployed image is."""
    said = team.zappa("deploy", STAGE, "--docker-image-uri", uri)
    return re.search(r"The bar is open: (http\S+)/$", said, re.MULTILINE)[1]


def test_it_holds_the_function_and_nothing_else(image):
    tops = {path.name for path in image.task.iterdir()}
    assert {"domain", "webapp", "templates_compiled", "zappa", "zappa_settings.py"} <= tops
    assert not tops & {"tests", "scripts", "docs", "boto3", "pip", "troposphere", "templates"}
    assert (image.task / "webapp" / "static" / "dist" / "manifest.json").exists()


def test_it_is_pushed_under_a_tag_of_its_own_into_a_repository_that_keeps_tags(team, image, uri):
    build, login, push = image.calls
    assert build["asked"] == ["build", "--platform", "linux/amd64", "--tag", uri, str(team.folder)]
    assert login["asked"][:4] == ["login", "--username", "AWS", "--password-stdin"]
    assert login["typed"] and push["asked"] == ["push", uri]
    [repository] = team.emulator.client("ecr").describe_repositories()["repositories"]
    assert uri.startswith(f"{repository['repositoryUri']}:2")
    assert repository["imageTagMutability"] == "IMMUTABLE"
    assert repository["imageScanningConfiguration"] == {"scanOnPush": True}


def test_zappa_deploys_it_and_the_bar_answers_at_its_address(team, address):
    function = team.emulator.client("lambda").get_function(FunctionName=FUNCTION)
    assert function["Configuration"]["PackageType"] == "Image"
    parts = urlsplit(f"{address}/main/")
    # Browsers find names below localhost; Python's resolver may not.
    asked = Request(f"{team.emulator.url}{parts.path}", headers={"Host": parts.netloc})
    with urlopen(asked) as page:
        assert page.status == 200
        assert "Scan the code on the screen" in page.read().decode()


def test_zappa_updates_it_to_another_image(team, address, uri):
    said = team.zappa("update", STAGE, "--docker-image-uri", f"{uri}-next")
    assert f"The bar is open: {address}/" in said
    function = team.emulator.client("lambda").get_function(FunctionName=FUNCTION)
    assert function["Code"]["ImageUri"] == f"{uri}-next"


@pytest.fixture(scope="module")
def on_lambdas_runtime(team, image, address) -> str:
    """The name of a function that runs the image's command as its base image does."""
    pytest.importorskip("awslambdaric", reason="Lambda's Python runtime is there for Linux only.")
    client = team.emulator.client("lambda")
    deployed = client.get_function_configuration(FunctionName=FUNCTION)
    variables = deployed["Environment"]["Variables"] | image.variables()
    variables |= {"AWS_ENDPOINT_URL": team.emulator.url}
    del variables["MINISTACK_LAMBDA_PROXY_URL"]
    package = io.BytesIO()
    with zipfile.ZipFile(package, "w") as archive:
        archive.writestr(
            "bootstrap",
            f"#!/bin/sh\ncd {image.task}\n"
            f"exec {sys.executable} -S -m awslambdaric {image.command[0]}\n",
        )
    name = f"{FUNCTION}-runtime"
    client.create_function(
        FunctionName=name,
        Runtime="provided.al2023",
        Handler=image.command[0],
        Role=deployed["Role"],
        Code={"ZipFile": package.getvalue()},
        Timeout=30,
        Environment={"Variables": variables},
    )
    return name


def test_lambdas_own_runtime_takes_pages_events_and_jobs_to_it(team, on_lambdas_runtime):
    def call(asked: dict) -> dict | None:
        said = team.emulator.client("lambda").invoke(
            FunctionName=on_lambdas_runtime, Payload=json.dumps(asked)
        )
        answer = json.loads(said["Payload"].read())
        assert "FunctionError" not in said, answer
        return answer

    assert call(event("/main/"))["statusCode"] == 200
    assert call(event("/no/such/page"))["statusCode"] == 404
    assert call({"command": COMMAND, "consumer": "sweep"}) is None
    assert call({"operator_job": "sign-in-link", "role": "display"})["link"].startswith("http")


def test_it_is_entered_where_the_zip_is(image):
    assert image.command == [handler()]


def test_it_runs_as_nobody_in_particular(image):
    assert image.user == "65534"


def test_its_base_is_one_certain_image_of_lambdas_python():
    bases = [rest.split()[0] for word, rest in dockerfile.instructions(FILE) if word == "FROM"]
    pinned = re.compile(r"public\.ecr\.aws/lambda/python:3\.\d+\.\d{4}\.\d\d\.\d\d\.\d\d")
    assert len(set(bases)) == 1
    assert pinned.fullmatch(bases[0])


def test_hadolint_finds_nothing_in_the_dockerfile():
    hadolint = Path(sys.executable).with_name("hadolint")
    done = subprocess.run(
        [hadolint, "--no-color", "--failure-threshold", "style", FILE],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout


def test_no_secret_is_built_into_it(image):
    text = FILE.read_text() + (ROOT / ".dockerignore").read_text()
    assert not re.search(r"\b(ENV|ARG)\b|SECRET|PASSWORD|\.local", text)
    settings = (image.task / "zappa_settings.py").read_text()
    assert "SECRET_KEY" not in settings
