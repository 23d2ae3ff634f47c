"""scripts/deploy init: what it asks is checked, and written where Zappa and the callbacks look."""

from __future__ import annotations

import json
import shutil

import pytest

from scripts.aws import zappa_settings as deploy_settings
from scripts.aws.account import Account
from scripts.commands import deploy as deploy_command
from scripts.environment import ROOT

_GOOD = ("--stage", "dev", "--region", "us-east-1", "--admin", "ana@example.com", "--yes")


@pytest.fixture
def settings_file(tmp_path, monkeypatch):
    file = tmp_path / "zappa_settings.json"
    shutil.copy(ROOT / file.name, file)
    monkeypatch.setattr(deploy_settings, "SETTINGS_FILE", file)
    return file


@pytest.fixture
def init(emulator, settings_file, monkeypatch, capsys):
    """Runs scripts/deploy init; returns what it wrote into the file."""
    for name, value in emulator.environment.items():
        monkeypatch.setenv(name, value)

    def run(*arguments: str) -> dict:
        monkeypatch.setattr("sys.argv", ["scripts/deploy", "init", *arguments])
        deploy_command.main()
        return json.loads(settings_file.read_text())

    return run


def _refusal(init, settings_file, *arguments: str) -> str:
    before = settings_file.read_bytes()
    with pytest.raises(SystemExit) as refused:
        init(*arguments)
    assert settings_file.read_bytes() == before
    assert "\n" not in refused.value.code
    return refused.value.code


def test_the_answers_are_where_zappa_and_the_callbacks_look(init, capsys):
    before = deploy_settings.read_settings()
    written = init(*_GOOD, "--bucket", "cups-of-ana", "--sms-sender", "CoffeeBar")
    assert written["base"] == before["base"] | {
        "aws_region": "us-east-1",
        "s3_bucket": "cups-of-ana",
    }
    assert written["dev"] == before["dev"] | {
        "first_admin": "ana@example.com",
        "stack_parameters": {"AlarmEmail": "ana@example.com"},
        "aws_environment_variables": {
            "STACK_PREFIX": "serverlesspresso-dev-",
            "SMS_SENDER": "CoffeeBar",
        },
    }
    assert written["prod"] == before["prod"]
    said = capsys.readouterr().out
    for part in ("000000000000", "us-east-1", "cups-of-ana (new)", "$0.15", "zappa deploy dev"):
        assert part in said


def test_what_a_team_should_mind_is_told_before_anything_is_written(init, monkeypatch, capsys):
    monkeypatch.setattr(Account, "notes_on_quotas", lambda account: iter(["Too few calls."]))
    init(*_GOOD)
    said = capsys.readouterr().out
    assert "Mind before the bar opens:\n  - Too few calls.\nWritten." in said


def test_a_name_that_is_taken_ends_it_and_nothing_is_written(init, settings_file, emulator):
    sqs = emulator.client("sqs")
    queue = sqs.create_queue(QueueName="serverlesspresso-dev-dead-letters")["QueueUrl"]
    try:
        says = _refusal(init, settings_file, *_GOOD)
    finally:
        sqs.delete_queue(QueueUrl=queue)
    assert says.startswith("There is already the queue serverlesspresso-dev-dead-letters in this")


def test_asking_again_keeps_what_is_not_asked_anew(init):
    first = init(*_GOOD, "--bucket", "cups-of-ana", "--sms-sender", "CoffeeBar")
    assert init("--stage", "dev", "--yes") == first


def test_another_region_for_one_stage_leaves_the_others_where_they_are(init):
    first = init(*_GOOD)
    moved = init("--stage", "prod", "--region", "eu-central-1", "--admin", "a@b.example", "--yes")
    assert (moved["base"], moved["dev"]) == (first["base"], first["dev"])
    assert moved["prod"]["aws_region"] == "eu-central-1"
    assert moved["prod"]["s3_bucket"] == "serverlesspresso-000000000000-eu-central-1"
    back = init("--stage", "prod", "--region", "us-east-1", "--yes")
    assert back["base"] == first["base"] and "aws_region" not in back["prod"]


def test_a_new_stage_has_names_of_its_own(init, settings_file):
    written = init(*_GOOD, "--new", "--stage", "berlin")
    made = deploy_settings.stage_settings(written, "berlin")
    prefixes = {
        stage["aws_environment_variables"]["STACK_PREFIX"]
        for name, stage in written.items()
        if name != "base"
    }
    assert len(prefixes) == 4
    assert made["role_name"] == f"{made['aws_environment_variables']['STACK_PREFIX']}function"
    again = _refusal(init, settings_file, *_GOOD, "--new", "--stage", "berlin")
    assert again == "There is a stage berlin already; leave out --new."


@pytest.mark.parametrize("name", ["v2", "Berlin", "b-1", "a" * 17])
def test_a_stage_that_could_not_be_deployed_is_not_made(init, settings_file, name):
    said = _refusal(init, settings_file, *_GOOD, "--new", "--stage", name)
    assert said.startswith("A stage ") and name in said


def test_the_committed_file_has_the_form_that_init_writes(settings_file):
    before = settings_file.read_text()
    deploy_settings.write_settings(deploy_settings.read_settings())
    assert settings_file.read_text() == before


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--region", "us-east"), "--region must be a name such as"),
        (("--region", "xx-nowhere-9"), "does not offer"),
        (("--bucket", "Cups_of_Ana"), "--bucket must be 3 to 63"),
        (("--domain", "localhost"), "--domain must be a name such as"),
        (("--domain", "bar.example.org"), "No zone of Route 53"),
        (("--sms-sender", "The Coffee Bar"), "--sms-sender must be up to 11"),
        (("--admin", "ana"), "--admin must be an e-mail address, not “ana”"),
        (("--admin", ""), "--admin must be an e-mail address."),
        (("--stage", "test"), "There is no stage test in zappa_settings.json; there are dev, prod"),
        (("--stage", "base"), "There is no stage base"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_what_cannot_work_is_refused_in_one_line_and_nothing_is_written(
    init, settings_file, arguments, says
):
    assert says in _refusal(init, settings_file, *_GOOD, *arguments)


def test_credentials_that_aws_refuses_are_said_to_be_so(init, settings_file, monkeypatch):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIASOMEBODYELSE")
    says = _refusal(init, settings_file, *_GOOD)
    assert says.startswith("AWS does not accept your credentials")


def test_a_bucket_in_another_region_is_refused(init, settings_file, emulator):
    emulator.client("s3").create_bucket(
        Bucket="cups-in-europe",
        CreateBucketConfiguration={"LocationConstraint": "eu-central-1"},
    )
    says = _refusal(init, settings_file, *_GOOD, "--bucket", "cups-in-europe")
    assert "is in eu-central-1" in says


def test_a_domain_is_led_to_the_bar_through_its_zone(init, emulator):
    route53 = emulator.client("route53")
    for name in ("example.com", "coffee.example.com"):
        route53.create_hosted_zone(Name=name, CallerReference=name)
    written = init(*_GOOD, "--domain", "bar.coffee.example.com")["dev"]
    zones = {zone["Name"]: zone["Id"] for zone in route53.list_hosted_zones()["HostedZones"]}
    assert written["domain"] == "bar.coffee.example.com"
    assert zones["coffee.example.com."].endswith(written["stack_parameters"]["HostedZoneId"])


def test_a_domain_elsewhere_comes_with_its_certificate(init):
    arn = "arn:aws:acm:us-east-1:000000000000:certificate/1234"
    written = init(*_GOOD, "--domain", "bar.example.org", "--certificate-arn", arn)["dev"]
    assert written["stack_parameters"]["CertificateArn"] == arn
    assert "HostedZoneId" not in written["stack_parameters"]
    assert init("--stage", "dev", "--yes")["dev"] == written


def test_another_domain_does_not_get_the_certificate_of_the_one_before(init, emulator):
    arn = "arn:aws:acm:us-east-1:000000000000:certificate/1234"
    init(*_GOOD, "--domain", "bar.example.org", "--certificate-arn", arn)
    emulator.client("route53").create_hosted_zone(Name="cups.example", CallerReference="cups")
    moved = init("--stage", "dev", "--domain", "bar.cups.example", "--yes")["dev"]
    assert "CertificateArn" not in moved["stack_parameters"]
    assert moved["stack_parameters"]["HostedZoneId"]


def test_a_certificate_of_another_region_is_refused(init, settings_file):
    arn = "arn:aws:acm:eu-central-1:000000000000:certificate/1234"
    says = _refusal(
        init, settings_file, *_GOOD, "--domain", "bar.example.org", "--certificate-arn", arn
    )
    assert "a certificate in ACM in us-east-1" in says
