"""Extensions come and go by their names in the settings; the core is the same with and without."""

import json
from dataclasses import replace

import pytest
from cfnlint.api import ManualArgs, lint

from domain.detail_types import DetailType
from tests.extensions import SAMPLES, a_kit
from webapp import extending
from webapp.consumers import registry
from webapp.extending import Installed, load_all
from webapp.extension_kit import Extension
from webapp.services.events.bundle import NoExtensions
from webapp.settings import Settings, SettingsError
from webapp.stack import build_template_body

NEEDED = {"SECRET_KEY": "k" * 32, "PUBLIC_URL": "https://bar.example"}
SECRET = {"EXTENSION_WEBHOOK_SECRET": "whsec_" + "A" * 32}
SAMPLE = json.loads((SAMPLES / "OrderManager.OrderCompleted.json").read_text())


def _settings(**environment: str) -> Settings:
    return Settings.from_environment(NEEDED | environment)


def _resources(extensions=None) -> dict:
    return json.loads(build_template_body(300, 900, extensions=extensions))["Resources"]


def test_without_a_name_in_the_settings_there_is_none():
    assert load_all(_settings()) == {}


@pytest.mark.parametrize("names", ["webhook", " webhook,webhook "])
def test_an_extension_is_named_in_the_settings(names):
    assert list(load_all(_settings(EXTENSIONS=names, **SECRET))) == ["webhook"]


@pytest.mark.parametrize(
    ("environment", "says"),
    [
        ({"EXTENSIONS": "wehbook"}, "no folder of webapp/extensions"),
        ({"EXTENSIONS": "../core"}, "small letters"),
        ({"EXTENSIONS": "webhook"}, "EXTENSION_WEBHOOK_SECRET"),
    ],
)
def test_what_is_wrong_in_the_settings_is_said_in_one_line(environment, says):
    with pytest.raises(SettingsError, match=says) as refused:
        load_all(_settings(**environment))
    assert "\n" not in str(refused.value)


def test_an_extension_sees_its_own_settings_only():
    settings = _settings(EXTENSION_WEBHOOK_URL="https://a", EXTENSION_OTHER_URL="https://b")
    assert settings.of_extension("webhook") == {"URL": "https://a"}


# On AWS


def test_deploying_an_extension_changes_nothing_of_the_core_but_what_the_function_may_take():
    without = _resources()
    with_it = _resources(load_all(_settings(EXTENSIONS="webhook", **SECRET)))
    changed = {name for name in without if with_it[name] != without[name]}
    assert changed == {"FunctionPolicy"}
    assert set(with_it) - set(without) == {
        "ExtensionWebhookTable",
        "ExtensionWebhookRole",
        "ExtensionWebhookPolicy",
        "ExtensionWebhookRule",
        "ExtensionWebhookPermission",
    }
    more = [
        one
        for one in _statements(with_it, "FunctionPolicy")
        if one not in _statements(without, "FunctionPolicy")
    ]
    assert [(one["Action"], one["Resource"]) for one in more] == [
        (["sts:AssumeRole"], {"Fn::GetAtt": ["ExtensionWebhookRole", "Arn"]})
    ]


def test_an_extensions_role_may_use_its_own_table_and_nothing_else():
    resources = _resources(load_all(_settings(EXTENSIONS="webhook", **SECRET)))
    [allowed] = _statements(resources, "ExtensionWebhookPolicy")
    assert allowed["Resource"] == {"Fn::GetAtt": ["ExtensionWebhookTable", "Arn"]}
    assert all(action.startswith("dynamodb:") for action in allowed["Action"])
    [trust] = resources["ExtensionWebhookRole"]["Properties"]["AssumeRolePolicyDocument"][
        "Statement"
    ]
    assert trust["Principal"] == {"AWS": {"Fn::GetAtt": ["FunctionRole", "Arn"]}}


def test_cfn_lint_finds_neither_an_error_nor_a_warning():
    body = build_template_body(
        300, 900, extensions=load_all(_settings(EXTENSIONS="webhook", **SECRET))
    )
    found = lint(body, config=ManualArgs(regions=["us-east-1"]))
    assert [f"{match.rule.id} {match.message}" for match in found] == []


def _statements(resources: dict, policy: str) -> list[dict]:
    return resources[policy]["Properties"]["PolicyDocument"]["Statement"]


# Events


@pytest.fixture
def taken(services, monkeypatch) -> list:
    """What the deployment's only extension was handed."""
    seen = []
    probe = Extension(
        "For the test.",
        frozenset({DetailType.ORDER_COMPLETED}),
        lambda kit, arrival: seen.append(arrival),
    )
    monkeypatch.setattr(extending, "load", lambda name: probe)
    installed = Installed(_settings(EXTENSIONS="probe"), lambda name, extension: a_kit(extension))
    seen.append(replace(services, extensions=installed))
    return seen


def test_its_rule_hands_it_the_whole_envelope(taken):
    services = taken.pop()
    registry.run(services, {"consumer": "extension-probe", "event": SAMPLE})
    [arrival] = taken
    assert arrival.envelope == SAMPLE
    assert arrival.event.detail_type is DetailType.ORDER_COMPLETED


def test_what_comes_for_an_extension_that_is_not_here_yet_is_delivered_again(taken, caplog):
    services = taken.pop()
    with pytest.raises(registry.EventFailed):
        registry.run(services, {"consumer": "extension-later", "event": SAMPLE})
    assert taken == [] and "unknown event" in caplog.text


def test_an_event_that_nobody_knows_never_reaches_it(taken, caplog):
    services = taken.pop()
    unknown = SAMPLE | {"detail-type": "Somebody.Else"}
    registry.run(services, {"consumer": "extension-probe", "event": unknown})
    assert taken == [] and "unreadable event" in caplog.text


def test_its_failure_is_delivered_again(taken, monkeypatch):
    services = taken.pop()

    def fail(name, arrival):
        raise RuntimeError("broken")

    monkeypatch.setattr(services.extensions, "run", fail)
    with pytest.raises(registry.EventFailed):
        registry.run(services, {"consumer": "extension-probe", "event": SAMPLE})


def test_an_extension_that_asked_for_no_table_or_printer_is_told_so_when_it_uses_one():
    kit = a_kit(Extension("counts", frozenset({DetailType.ORDER_COMPLETED}), lambda *_: None))
    with pytest.raises(TypeError, match="has_table=True asks for one"):
        _ = kit.table
    with pytest.raises(TypeError, match="prints nothing"):
        _ = kit.printer


def test_a_bar_of_the_core_alone_has_no_extension_to_run():
    none = NoExtensions()
    assert list(none) == [] and "webhook" not in none
    with pytest.raises(KeyError, match="webhook"):
        none.ready("webhook")
