"""The log, its metrics, the alarms and the dashboard, as the template makes them."""

import json
import re
from pathlib import Path

import pytest

from webapp.stack import build_template_body
from workflows.operations import PAGE_MILLISECONDS, RUNBOOK, SERVER_ERRORS
from workflows.signals import Signal

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def template() -> dict:
    return json.loads(build_template_body(300, 900))


@pytest.fixture(scope="module")
def resources(template) -> dict:
    return template["Resources"]


def _of_type(resources: dict, kind: str) -> dict[str, dict]:
    return {
        name: one["Properties"] for name, one in resources.items() if one["Type"] == f"AWS::{kind}"
    }


def test_the_functions_log_is_made_under_the_name_that_lambda_writes_to_and_forgets(resources):
    [log] = _of_type(resources, "Logs::LogGroup").values()
    assert log["LogGroupName"] == {"Fn::Sub": "/aws/lambda/${FunctionName}"}
    assert 7 <= log["RetentionInDays"] <= 90


def test_the_function_cannot_bring_back_a_log_that_was_removed(resources):
    assert "logs:CreateLogGroup" not in json.dumps(resources)


def test_every_signal_of_the_product_is_counted(resources):
    filters = _of_type(resources, "Logs::MetricFilter").values()
    patterns = {
        one["MetricTransformations"][0]["MetricName"]: one["FilterPattern"] for one in filters
    }
    assert set(patterns) == {*Signal, SERVER_ERRORS, PAGE_MILLISECONDS}
    for signal in Signal:
        assert patterns[signal] == f'{{ $.counted = "{signal.value}" }}'


def test_every_counted_fault_has_an_alarm(resources):
    alarmed = {one["MetricName"] for one in _of_type(resources, "CloudWatch::Alarm").values()}
    assert {*Signal, SERVER_ERRORS} <= alarmed


@pytest.mark.parametrize(
    "metric",
    [
        "AWS/Lambda Errors",
        "AWS/Lambda Throttles",
        "AWS/Lambda IteratorAge",
        "AWS/SQS ApproximateNumberOfMessagesVisible",
        "AWS/States ExecutionsFailed",
        "AWS/Events Invocations",
    ],
)
def test_what_aws_counts_by_itself_has_an_alarm(resources, metric):
    alarms = _of_type(resources, "CloudWatch::Alarm").values()
    [alarm] = [one for one in alarms if f"{one['Namespace']} {one['MetricName']}" == metric]
    [dimension] = alarm["Dimensions"]
    assert dimension["Value"]


def test_every_alarm_tells_somebody_and_says_where_its_section_of_the_runbook_is(resources):
    sections = _sections((ROOT / RUNBOOK).read_text())
    alarms = _of_type(resources, "CloudWatch::Alarm").values()
    for alarm in alarms:
        assert alarm["AlarmActions"] == [{"Ref": "Alarms"}]
        name = alarm["AlarmName"].removeprefix("serverlesspresso-")
        assert alarm["AlarmDescription"].endswith(f"What to do: {RUNBOOK}#{name}")
        assert name in sections
        assert "**Do:**" in sections[name]


def _sections(markdown: str) -> dict[str, str]:
    parts = re.split(r"^#+ (.+)$", markdown, flags=re.MULTILINE)
    return dict(zip((title.lower() for title in parts[1::2]), parts[2::2], strict=True))


def test_alarms_and_metrics_stay_within_what_cloudwatch_gives_for_nothing(resources):
    assert len(_of_type(resources, "CloudWatch::Alarm")) <= 10
    assert len(_of_type(resources, "Logs::MetricFilter")) <= 10
    assert len(_of_type(resources, "CloudWatch::Dashboard")) <= 3


def test_a_missing_sweep_rings_and_other_silence_does_not(resources):
    alarms = _of_type(resources, "CloudWatch::Alarm").values()
    silent = {one["AlarmName"] for one in alarms if one["TreatMissingData"] == "breaching"}
    assert silent == {"serverlesspresso-sweep-silent"}


def test_mail_is_sent_only_when_somebody_is_named(template, resources):
    [mail] = [one for one in resources.values() if one["Type"] == "AWS::SNS::Subscription"]
    assert mail["Condition"] == "HasAlarmEmail"
    assert template["Parameters"]["AlarmEmail"]["Default"] == ""


def test_the_dashboard_is_json_and_names_only_what_is_in_the_template(template, resources):
    [dashboard] = _of_type(resources, "CloudWatch::Dashboard").values()
    body = dashboard["DashboardBody"]["Fn::Sub"]
    named = {name.split(".")[0] for name in re.findall(r"\$\{([^}]+)\}", body)}
    assert named - {"AWS::Region"} <= {*resources, *template["Parameters"]}
    titles = [widget["properties"]["title"] for widget in json.loads(body)["widgets"]]
    assert len(titles) == 5
