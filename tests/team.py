"""A team that deploys the bar to an emulator, by the commands of docs/deploy.md."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tarfile
from dataclasses import dataclass, field
from pathlib import Path

from scripts.environment import ROOT
from scripts.machine import plain_environment
from tests.emulator import Emulator

POLICY_FILES = sorted((ROOT / "docs").glob("deployer-policy-*.json"))
OF_THE_EMULATOR = ("lambda:CreateFunction", "lambda:ListAliases", "lambda:PutFunctionConcurrency")
"""It knows no resource for the first, and takes GetAlias and DeleteFunctionConcurrency for the
others."""
_BUILD_WITH_OUR_PACKAGES = """
from scripts import environment
root = environment.ROOT
lock = environment._hash([root / "package-lock.json"], str(root))
(root / "node_modules/.stamp").write_text(lock)
environment.build_assets()
"""
"""Instead of fetching the release's own, which are the same."""

_NOT_COPIED = ("node_modules", "__pycache__", "tests", "docs")


@dataclass
class Team:
    """Somebody with a clone, credentials and the documentation."""

    emulator: Emulator
    folder: Path
    stage: str
    base_url: str = ""
    said: list[str] = field(default_factory=list)
    keys: dict[str, str] = field(default_factory=dict)
    """Whose credentials the commands use; without them the account's own."""

    @property
    def calls(self) -> Path:
        """Where the commands' calls of AWS are written down, one a line."""
        return self.folder.with_name("calls")

    def clone(self) -> None:
        shutil.copytree(ROOT, self.folder, ignore=shutil.ignore_patterns(".*", *_NOT_COPIED))
        (self.folder / "docs").mkdir()
        for file in POLICY_FILES:
            shutil.copy(file, self.folder / "docs")
        # The stamp keeps the built files from being built again.
        shutil.copy(ROOT / "webapp/static/dist/.stamp", self.folder / "webapp/static/dist")

    def deploy_as_restricted_user(self) -> None:
        """From now on the commands have the documented rights only, without those for a domain."""
        iam, name = self.emulator.client("iam"), "deployer-with-few-rights"
        iam.create_user(UserName=name)
        for file in POLICY_FILES:
            if not file.stem.endswith("-domain"):
                iam.put_user_policy(
                    UserName=name, PolicyName=file.stem, PolicyDocument=file.read_text()
                )
        emulators = {"Effect": "Allow", "Action": list(OF_THE_EMULATOR), "Resource": "*"}
        iam.put_user_policy(
            UserName=name,
            PolicyName="emulator",
            PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [emulators]}),
        )
        key = iam.create_access_key(UserName=name)["AccessKey"]
        self.keys = {
            "AWS_ACCESS_KEY_ID": key["AccessKeyId"],
            "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"],
        }

    def check_out(self, commit: str) -> None:
        """A release from this repository's own history, with its own front-end files."""
        packed = self.folder.with_suffix(".tar")
        done = subprocess.run(
            ["git", "archive", "--format=tar", f"--output={packed}", commit],
            cwd=ROOT,
            capture_output=True,
            text=True,
        )
        if done.returncode:
            raise LookupError(
                f"The commit {commit} is not in this clone, which is not a whole one: run"
                " “git fetch --unshallow”, or in CI check out with fetch-depth 0."
            )
        with tarfile.open(packed) as archive:
            archive.extractall(self.folder, filter="data")
        packages = self.folder / "node_modules"
        packages.mkdir()
        for package in (ROOT / "node_modules").iterdir():
            if package.name != ".stamp":
                (packages / package.name).symlink_to(package)
        self._python(_BUILD_WITH_OUR_PACKAGES)

    def _python(self, program: str) -> None:
        subprocess.run(
            [sys.executable, "-P", "-c", program],
            cwd=self.folder,
            env=plain_environment() | {"PYTHONPATH": str(self.folder)},
            check=True,
        )

    def run(self, module: str, *arguments: str) -> str:
        done = subprocess.run(
            [sys.executable, ROOT / "tests/call_recorder.py", self.calls, module, *arguments],
            cwd=self.folder,
            env=self.emulator.environment
            | self.keys
            | {"PYTHONPATH": str(self.folder), "VIRTUAL_ENV": sys.prefix},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
        )
        self.said.append(done.stdout)
        assert done.returncode == 0, f"{arguments}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def zappa(self, *arguments: str) -> str:
        return self.run("scripts.commands.zappa", *arguments)

    def deploy_script(self, *arguments: str) -> str:
        return self.run("scripts.commands.deploy", *arguments)

    def set_variables(self, **variables: str) -> None:
        file = self.folder / "zappa_settings.json"
        settings = json.loads(file.read_text())
        settings[self.stage]["aws_environment_variables"] |= variables
        file.write_text(json.dumps(settings))

    def link(self, role: str, shop: str = "main", name: str = "") -> str:
        """As LocalStack.link, so that the screens can be opened in the same way."""
        arguments = ["--stage", self.stage, "--role", role, "--shop", shop, "--name", name]
        return self.run("scripts.commands.staff", "link", *arguments).split()[-1]
