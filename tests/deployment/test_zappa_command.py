"""scripts/zappa: what cannot work is one line, not Zappa's traceback."""

from __future__ import annotations

import json
import shutil

import pytest

from scripts.commands import zappa
from scripts.environment import ROOT


@pytest.fixture
def run(tmp_path, monkeypatch, emulator):
    """Runs Zappa's command line beside these changes of the stage dev; returns its last words."""
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

    def told(*arguments: str, **changes: str) -> str:
        changed = settings | {"dev": settings["dev"] | changes}
        (tmp_path / "zappa_settings.json").write_text(json.dumps(changed))
        monkeypatch.setattr("sys.argv", ["scripts/zappa", *arguments])
        with pytest.raises(SystemExit) as ended:
            zappa.main()
        assert ended.value.code != 0
        return str(ended.value.code)

    return told


def test_settings_without_a_region_lead_to_init(run, monkeypatch):
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    assert "scripts/deploy init" in run("deploy", "dev")


def test_nobody_being_signed_in_is_said_to_be_so(run, monkeypatch):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    said = run("tail", "dev", aws_region="us-east-1", s3_bucket="cups-of-ana")
    assert said.startswith("AWS does not accept your credentials")


def test_updating_what_is_not_deployed_leads_to_deploy(run, capsys, emulator):
    run("update", "dev", aws_region="us-east-1", s3_bucket="cups-of-ana")
    assert "Run this first: scripts/zappa deploy dev" in capsys.readouterr().err
    buckets = emulator.client("s3").list_buckets()["Buckets"]
    assert "cups-of-ana" not in [one["Name"] for one in buckets]
