"""What scripts/serve is told, and what of it cannot be meant."""

from __future__ import annotations

import pytest

from scripts import options
from scripts.version import version


@pytest.fixture(autouse=True)
def nothing_said(monkeypatch):
    for name in (*options._NUMBERS, "EXTENSIONS"):
        monkeypatch.delenv(name, raising=False)


def _error(capsys, *arguments: str) -> str:
    with pytest.raises(SystemExit) as end:
        options.parse_serve([*arguments])
    assert end.value.code == 2
    return capsys.readouterr().err.splitlines()[-1]


def test_the_version_is_the_projects(capsys):
    with pytest.raises(SystemExit) as end:
        options.parse_serve(["--version"])
    assert end.value.code == 0
    assert capsys.readouterr().out == f"{version()}\n"


def test_a_refusal_is_one_line(capsys):
    with pytest.raises(SystemExit):
        options.parse_serve(["--host", "[::1]"])
    assert len(capsys.readouterr().err.splitlines()) == 1


@pytest.mark.parametrize("name", list(options._NUMBERS))
@pytest.mark.parametrize("text", ["0", "-1", "1.5", "soon", "9" * 12, "１２", "1e3", "∞"])
def test_a_number_out_of_range_is_refused(monkeypatch, capsys, name, text):
    monkeypatch.setenv(name, text)
    assert f"{name} must be a whole number from 1 to" in _error(capsys)


@pytest.mark.parametrize("name", list(options._NUMBERS))
@pytest.mark.parametrize("text", ["1", " 30 ", "", "86400"])
def test_a_number_in_range_is_taken(monkeypatch, name, text):
    monkeypatch.setenv(name, text)
    options.parse_serve([])


@pytest.mark.parametrize(
    "name", ["https://bar.example.com", "bar:8000", "my bar", "bar/", "-bar", "a" * 300, "[::1]"]
)
def test_a_name_is_a_host_name_alone(capsys, name):
    assert "--name takes a host name alone" in _error(capsys, f"--name={name}")


@pytest.mark.parametrize(
    "name", ["bar.example.com", "laptop", "192.168.1.5", "fe80::1", "LAPTOP.local."]
)
def test_a_name_that_phones_can_open_is_taken(name):
    assert options.parse_serve(["--name", name]).name == name


@pytest.mark.parametrize(
    "arguments, said",
    [
        (["--name", "0.0.0.0"], "no phone can open 0.0.0.0"),
        (["--name", "::"], "no phone can open ::"),
        (["--host", "[::1]"], "write --host ::1, without brackets"),
        (["--port", "0"], "0 is not a port"),
        (["--port", "70000"], "70000 is not a port"),
        (["--data", ""], "name a folder"),
        (["--tls", "a", "b"], "there is no file a"),
    ],
    ids=lambda one: " ".join(one) if isinstance(one, list) else "",
)
def test_what_cannot_be_meant_is_refused(capsys, arguments, said):
    assert said in _error(capsys, *arguments)


@pytest.mark.parametrize(
    "arguments, environment, said",
    [
        (["--name", "bar.example.com"], {}, "listens on this machine only"),
        (["--host", "::1", "--name", "192.168.1.5"], {}, "listens on this machine only"),
        (["--host", "10.0.0.1", "--name", "fe80::1"], {}, "but the bar listens on 10.0.0.1"),
        ([], {"CHOOSE_SECOND": "5"}, "Did you mean CHOOSE_SECONDS?"),
        ([], {"EXTENSION_WEBHOOK_SECRET": "x"}, "belongs to no extension that EXTENSIONS names"),
    ],
    ids=["name", "other family", "mixed", "misspelt", "extension"],
)
def test_what_looks_like_a_mistake_is_said(arguments, environment, said):
    [line] = options.notices_about(options.parse_serve(arguments), environment)
    assert said in line


def test_what_is_usual_is_not_remarked_on():
    usual = {
        "PATH": "/bin",
        "CHOOSE_SECONDS": "300",
        "EXTENSIONS": "webhook",
        "HOME": "/root",
        "EXTENSION_WEBHOOK_SECRET": "x",
        "SHOP": "x",
    }
    for arguments in ([], ["--host", "0.0.0.0", "--name", "bar.local"], ["--name", "localhost"]):
        assert options.notices_about(options.parse_serve(arguments), usual) == []
