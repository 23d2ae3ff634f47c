"""An AWS emulator of its own for a test: empty, with rights enforced, without the bar."""

from __future__ import annotations

import json
import os
import subprocess
import time
from pathlib import Path
from subprocess import Popen

import boto3
from botocore.config import Config

from scripts.environment import ROOT, python_of
from scripts.machine import (
    SECRET_HEADER,
    answers,
    emulator_environment,
    end,
    free_port,
    plain_environment,
)

KEYS = {"AWS_ACCESS_KEY_ID": "deployer", "AWS_SECRET_ACCESS_KEY": "deployers-secret"}
SECRET = "secret-of-the-tests"
REGION = "us-east-1"
_PATIENCE_SECONDS = 30


class Emulator:
    """MiniStack on a free port; its folder keeps log and state."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._process: Popen | None = None

    def __enter__(self) -> Emulator:
        # The function that a test deploys gets keys from the emulator; these are nobody's.
        nobody = {"role": "arn:aws:iam::000000000000:role/nobody"} | {
            f"AWS_{name}": "nobody"
            for name in ("ACCESS_KEY_ID", "SECRET_ACCESS_KEY", "SESSION_TOKEN")
        }
        environment = emulator_environment(self.port, self.folder / "aws") | KEYS
        with open(self.folder / "emulator.log", "ab") as log:
            self._process = subprocess.Popen(
                [python_of("ministack"), "-m", "scripts.local.guarded", "scripts.local.emulator"],
                env=environment
                | {"FUNCTION_CREDENTIALS": json.dumps(nobody)}
                | {"BAR_SECRET": SECRET, "HAS_GATEWAY": "1"},
                cwd=ROOT,
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while not answers(f"{self.url}/_ministack/ready", {SECRET_HEADER: SECRET}):
            assert time.monotonic() < deadline, (self.folder / "emulator.log").read_text()[-2000:]
            time.sleep(0.05)
        return self

    def __exit__(self, *_) -> None:
        end(self._process, seconds=20)

    def client(self, service: str):
        return boto3.client(
            service,
            endpoint_url=self.url,
            region_name=REGION,
            aws_access_key_id=KEYS["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=KEYS["AWS_SECRET_ACCESS_KEY"],
            config=Config(proxies={}),
        )

    @property
    def environment(self) -> dict[str, str]:
        """What a person who deploys to it has in the shell."""
        return (
            plain_environment()
            | KEYS
            | {
                "AWS_ENDPOINT_URL": self.url,
                "AWS_DEFAULT_REGION": REGION,
                "HOME": os.environ.get("HOME", str(self.folder)),
            }
        )
