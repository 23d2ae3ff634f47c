"""scripts/zappa: what cannot work is one line, not Zappa's traceback."""

from __future__ import annotations

import json
import shutil

import pytest

from scripts.commands import zappa
from scripts.environment import ROOT
from scripts.extension_libraries import of_package


@pytest.fixture
def run(tmp_path, monkeypatch, emulator):
    """Runs Zappa's command line with these changes of the stage dev."""
    for name, value in emulator.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("VIRTUAL_ENV", str(ROOT))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("zappa.cli.ZappaCLI.check_for_update", lambda cli: None)
    settings = json.loads((ROOT / "zappa_settings.json").read_text())
    # Zappa finds callbacks by path, below the folder that it is called in.
    shutil.copytree(
        ROOT / "scripts", tmp_path / "scripts", ignore=shutil.ignore_patterns("__pycache__")
    )
    monkeypatch.setattr("scripts.aws.zappa_callbacks.build_assets", lambda: None)

    def run(*arguments: str, **changes: object) -> None:
        changed = settings | {"dev": settings["dev"] | changes}
        (tmp_path / "zappa_settings.json").write_text(json.dumps(changed))
        monkeypatch.setattr("sys.argv", ["scripts/zappa", *arguments])
        zappa.main()

    return run


@pytest.fixture
def told(run):
    """The last words of a command that fails."""

    def fail(*arguments: str, **changes: object) -> str:
        with pytest.raises(SystemExit) as ended:
            run(*arguments, **changes)
        assert ended.value.code != 0
        return str(ended.value.code)

    return fail


def test_settings_without_a_region_lead_to_init(told, monkeypatch):
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    assert "scripts/deploy init" in told("deploy", "dev")


def test_nobody_being_signed_in_is_said_to_be_so(told, monkeypatch):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    said = told("tail", "dev", aws_region="us-east-1", s3_bucket="cups-of-ana")
    assert said.startswith("AWS does not accept your credentials")


def test_updating_what_is_not_deployed_leads_to_deploy(told, capsys, emulator):
    told("update", "dev", aws_region="us-east-1", s3_bucket="cups-of-ana")
    assert "Run this first: scripts/zappa deploy dev" in capsys.readouterr().err
    buckets = emulator.client("s3").list_buckets()["Buckets"]
    assert "cups-of-ana" not in [one["Name"] for one in buckets]


def test_the_package_knows_which_extensions_the_stage_has(run, tmp_path):
    variables = {"STACK_PREFIX": "serverlesspresso-dev-", "EXTENSIONS": "webhook labels"}
    run(
        "save-python-settings-file",
        "dev",
        aws_region="us-east-1",
        s3_bucket="cups-of-ana",
        aws_environment_variables=variables,
    )
    written = (tmp_path / "zappa_settings.py").read_text()
    assert of_package(written) == ["webhook", "labels"]


def test_what_an_interrupted_packaging_has_left_goes(told, tmp_path):
    left = [tmp_path / f"serverlesspresso-dev-{name}" for name in ("17.zip", "template-17.json")]
    asked_for = tmp_path / "serverlesspresso-prod-17.zip"
    for file in (*left, asked_for):
        file.touch()
    told("update", "dev", aws_region="us-east-1", s3_bucket="cups-of-ana")
    assert [file.exists() for file in (*left, asked_for)] == [False, False, True]
