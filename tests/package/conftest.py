"""The zip, made once by Zappa's command line and unpacked as Lambda would have it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from scripts.environment import ROOT
from scripts.function import artefact as making


@dataclass(frozen=True)
class Artefact:
    """The zip, its folder as Lambda unpacks it, and Lambda's own packages beside it."""

    archive: Path
    task: Path
    runtime: Path

    def python(self, *arguments: str, **variables: str) -> str:
        """The output of a fresh Python that finds nothing but these two folders."""
        env = {"PATH": os.environ["PATH"], "AWS_DEFAULT_REGION": "us-east-1", **variables}
        env |= {"PYTHONPATH": f"{self.task}:{self.runtime}", "PYTHONDONTWRITEBYTECODE": "1"}
        done = subprocess.run(
            [sys.executable, "-S", *arguments],
            cwd=self.task,
            env=env,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def get(self, path: str, **variables: str) -> dict:
        """What scripts/measuring/first_page.py says of a cold start with this page."""
        program = str(ROOT / "scripts" / "measuring" / "first_page.py")
        return json.loads(
            self.python(program, making.handler(), path, **variables).splitlines()[-1]
        )


@pytest.fixture(scope="session")
def artefact(tmp_path_factory) -> Artefact:
    folder = tmp_path_factory.mktemp("function")
    archive = making.make_zip(folder)
    return Artefact(archive, *making.unpack(archive, folder))
