"""With whose AWS settings a command goes on."""

import os

import pytest

import scripts.environment
from scripts.environment import (
    install_front_end_packages,
    replace_process,
    set_up_or_exit,
)


@pytest.fixture
def environment(monkeypatch):
    """The variables that the command goes on with."""
    found = {}
    monkeypatch.setattr(os, "execve", lambda program, arguments, env: found.update(env))
    monkeypatch.setenv("AWS_PROFILE", "work")
    return found


def test_a_persons_own_profile_has_no_say_over_the_bar_that_runs_here(environment):
    replace_process("anything", [], AWS_ACCESS_KEY_ID="deployer")
    assert "AWS_PROFILE" not in environment
    assert environment["AWS_ACCESS_KEY_ID"] == "deployer"


def test_a_stage_on_aws_is_asked_with_the_persons_own_profile(environment):
    replace_process("anything", [])
    assert environment["AWS_PROFILE"] == "work"


@pytest.mark.parametrize(
    "number, said",
    [
        (28, "the disk is full. Free some space"),
        (13, "Permission denied. Make the project's folder"),
    ],
    ids=["full", "no right"],
)
def test_a_set_up_that_cannot_write_is_one_line(number, said):
    def set_up():
        raise OSError(number, os.strerror(number), "/some/file")

    with pytest.raises(SystemExit, match=f"Set-up in /some/file: {said}"):
        set_up_or_exit(set_up)


@pytest.fixture
def installed(tmp_path, monkeypatch):
    """The calls of npm that install front-end packages for a project in a folder of its own."""
    calls = []
    (tmp_path / "node_modules").mkdir()
    (tmp_path / "package-lock.json").write_text("{}")
    monkeypatch.setattr(scripts.environment, "ROOT", tmp_path)
    monkeypatch.setattr(scripts.environment, "node_environment", dict)
    monkeypatch.setattr(
        scripts.environment, "_run", lambda what, command, **_: calls.append(command)
    )
    return calls


def test_a_bar_installs_no_linters_and_nothing_twice(installed):
    install_front_end_packages()
    install_front_end_packages()
    assert [call[-1] for call in installed] == ["--omit=dev"]


def test_the_tests_install_the_linters_which_a_bar_then_leaves(installed):
    install_front_end_packages()
    install_front_end_packages(with_checkers=True)
    install_front_end_packages(with_checkers=True)
    install_front_end_packages()
    assert [call[-1] == "--omit=dev" for call in installed] == [True, False]
