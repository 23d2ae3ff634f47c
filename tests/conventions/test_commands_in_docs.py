"""Every command that the documentation names is there, and takes what it is shown with."""

from __future__ import annotations

import argparse
import json
import os
import re
import runpy
import shlex
import sys
from pathlib import Path

import botocore.session
import pytest
from botocore import xform_name

from scripts import environment
from scripts.environment import ROOT
from webapp.stack import build_template_body
from workflows.signals import Signal

PAGES = tuple(sorted((*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md"))))
RUNBOOK = (ROOT / "docs" / "runbook.md").read_text()
STANDS_FOR = {
    "STAGE": "prod",
    "EMAIL": "ana@example.com",
    "NUMBER": "42",
    "ID": "0a1b2c3d",
    "ADDRESS": "address",
    "PATH…": "tests",
    "…": "anything",
}
OF_THE_AWS_CLI_ITSELF = ("configure", "sso")
UNFINISHED = ("are required", "expected one argument", "into domain/languages.py first")
"""What is said of a command that prose names without all that it takes, or before its turn."""

_BLOCK = re.compile(r"^    ((?:scripts/|zappa |aws ).*)$", re.MULTILINE)
_INLINE = re.compile(r"`((?:scripts/|zappa |aws )[^`]+)`")


def _commands(pattern: re.Pattern) -> list[str]:
    found = (
        " ".join(command.split("  #")[0].split())
        for page in PAGES
        for command in pattern.findall(page.read_text())
    )
    return sorted({one for command in found for one in _alternatives(command)})


def _alternatives(command: str) -> list[str]:
    """`scripts/shop export|import` stands for two."""
    word = next((word for word in command.split() if "|" in word), None)
    return [command.replace(word, one) for one in word.split("|")] if word else [command]


def _words(command: str) -> list[str]:
    return [STANDS_FOR.get(word, word) for word in shlex.split(command)]


class Parsed(BaseException):
    """The command line was taken; the command itself is not run."""


class Refused(BaseException):
    """Its text says why the command line was not taken."""


@pytest.fixture
def parse(monkeypatch):
    """Has a command read its command line, and no more."""
    parse_args = argparse.ArgumentParser.parse_args

    def parse_and_stop(parser, *arguments, **named):
        parse_args(parser, *arguments, **named)
        raise Parsed

    def refuse(parser, message):
        raise Refused(message)

    def run_module(module: str, arguments: list[str], **variables: str):
        if module == "pytest":
            assert all((ROOT / path).exists() for path in arguments if path[0] != "-")
            raise Parsed
        monkeypatch.setattr(sys, "argv", [module, *arguments])
        runpy.run_module(module, run_name="__main__")

    monkeypatch.setattr(argparse.ArgumentParser, "parse_args", parse_and_stop)
    monkeypatch.setattr(argparse.ArgumentParser, "error", refuse)
    monkeypatch.setattr(environment, "set_up_or_exit", lambda set_up: "")
    monkeypatch.setattr(environment, "running_stack", lambda data: {})
    monkeypatch.setattr(environment, "replace_process", run_module)
    monkeypatch.setattr(os, "execv", lambda *_: pytest.fail("would replace the tests' process"))
    monkeypatch.setattr(sys, "path", [*sys.path, str(ROOT / "scripts")])
    monkeypatch.chdir(ROOT)

    def parse(words: list[str]) -> None:
        program, *arguments = words
        try:
            if program in ("zappa", "scripts/zappa"):
                run_module("zappa.cli", arguments)
            else:
                monkeypatch.setattr(sys, "argv", words)
                runpy.run_path(str(ROOT / program), run_name="__main__")
        except Parsed:
            return
        except SystemExit as end:
            assert {"--help", "--version"} & set(words) and not end.code, end.code
            return
        raise AssertionError("it read no command line")

    return parse


@pytest.mark.parametrize("command", [c for c in _commands(_BLOCK) if not c.startswith("aws ")])
def test_a_command_to_copy_is_taken_as_it_stands(parse, command):
    words = _words(command)
    assert words[0] == "zappa" or (ROOT / words[0]).is_file()
    if len(words) > 1:
        parse(words)


@pytest.mark.parametrize("command", [c for c in _commands(_INLINE) if not c.startswith("aws ")])
def test_a_command_in_a_sentence_is_one_that_there_is(parse, command):
    words = _words(command)
    assert words[0] == "zappa" or (ROOT / words[0]).exists()
    if len(words) > 1:
        try:
            parse(words)
        except Refused as refused:
            assert any(part in str(refused) for part in UNFINISHED), refused


@pytest.mark.parametrize("command", [c for c in _commands(_INLINE) if c.startswith("aws ")])
def test_a_call_of_aws_has_its_operation_and_parameters(command):
    _, service, *more = _words(command)
    if service in OF_THE_AWS_CLI_ITSELF:
        return
    model = botocore.session.get_session().get_service_model(service)
    operations = {xform_name(name, "-"): name for name in model.operation_names}
    shape = model.operation_model(operations[more[0]]).input_shape
    known = {xform_name(member, "-") for member in shape.members}
    assert {word.removeprefix("--") for word in more[1:] if word.startswith("--")} <= known


@pytest.mark.parametrize("flag", ["-h", "--help"])
@pytest.mark.parametrize("name", sorted(one.name for one in (ROOT / "scripts").glob("generate_*")))
def test_a_generator_answers_for_help_before_it_sets_up_or_writes(monkeypatch, capsys, name, flag):
    monkeypatch.setattr(environment, "set_up_or_exit", lambda _: pytest.fail("set up"))
    monkeypatch.setattr(Path, "write_text", lambda *_: pytest.fail("wrote"))
    monkeypatch.setattr(sys, "path", [*sys.path, str(ROOT / "scripts")])
    monkeypatch.setattr(sys, "argv", [name, flag])
    with pytest.raises(SystemExit) as end:
        runpy.run_path(str(ROOT / "scripts" / name), run_name="__main__")
    assert not end.value.code
    assert f"usage: scripts/{name}" in capsys.readouterr().out


def test_the_commands_were_found():
    assert len(_commands(_BLOCK)) > 15 and len(_commands(_INLINE)) > 30


def test_what_the_runbook_calls_by_its_prefix_is_in_the_template():
    template = build_template_body(300, 900)
    names = set(re.findall(r"<prefix>([a-z-]+[a-z])", RUNBOOK))
    assert len(names) >= 3
    assert {name for name in names if f"serverlesspresso-{name}" not in template} == set()


def test_what_the_runbook_looks_for_in_the_log_is_counted_there():
    named = set(re.findall(r'counted = "(\w+)"', RUNBOOK))
    assert named == {signal.value for signal in Signal}


def test_every_setting_of_zappas_is_explained():
    settings = json.loads((ROOT / "zappa_settings.json").read_text())
    page = (ROOT / "docs" / "deploy.md").read_text()
    # What everybody knows, and what callbacks and init write.
    told_by_its_name = {"project_name", "app_type", "lambda_description", "apigateway_description"}
    keys = {key for stage in settings.values() for key in stage} - told_by_its_name - {"extends"}
    assert sorted(key for key in keys if f"`{key}" not in page) == []
