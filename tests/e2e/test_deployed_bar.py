"""The bar as a team has it on AWS: deployed, used, updated in the middle of orders, and taken away.

Zappa's own command line and scripts/deploy, as docs/deploy.md says, against an emulator of its own.
The tests are one story and run in this order.
"""

from __future__ import annotations

import io
import json
import re
import time
import zipfile
from contextlib import ExitStack
from functools import cache
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

import pytest
from playwright.sync_api import BrowserContext, Page, TimeoutError, expect

from scripts import bar as verified
from scripts.aws.zappa_settings import function_name, stage_settings
from scripts.commands.generate_deployer_policy import CALLS_FILE
from scripts.machine import SECRET_HEADER
from scripts.screens import card, get_place, place_order, tap
from scripts.verifying import report
from scripts.verifying.beliefs import read_beliefs
from scripts.verifying.browser import Browser
from scripts.verifying.rehearsal import Traces, tidy_up
from scripts.verifying.run import run
from scripts.verifying.subject import Subject, subject_on_aws
from scripts.verifying.verdicts import Finding, Verdict
from tests.canaries import Canaries
from tests.e2e.breakages import BREAKAGES
from tests.e2e.conftest import Bar
from tests.emulator import REGION, SECRET, Emulator
from tests.team import Team

STAGE = "dev"
_OLD_TEXT, _NEW_TEXT = "Place order", "Order this one"
_PATIENCE = 90_000
"""Milliseconds for a screen to follow: each of the function's containers is a process to be
started, on a machine that may be busy with other tests."""


@pytest.fixture(scope="module")
def team(tmp_path_factory):
    folder = tmp_path_factory.mktemp("team")
    with Emulator(folder) as emulator:
        team = Team(emulator, folder / "clone", STAGE)
        team.clone()
        # What docs/deployer-policy-*.json allow is all that the commands may do.
        team.deploy_as_restricted_user()
        yield team


class DeployedBar(Bar):
    """The emulator starts a process for each container of the function, which may take a while."""

    def page(self, context: BrowserContext) -> Page:
        page = super().page(context)
        page.set_default_timeout(_PATIENCE)
        return page

    def _listen(self, message) -> None:
        # The emulator ends requests when it changes the function; htmx says so.
        if not message.text.startswith("htmx:"):
            super()._listen(message)


def _tap_until(tablet: Page, number: str, name: str, next_name: str) -> None:
    """As a barista does: a tap whose request was lost is made again."""
    there = card(tablet, number).get_by_role("button", name=next_name, exact=True)
    for _ in range(6):
        button = card(tablet, number).get_by_role("button", name=name, exact=True)
        if button.is_visible() and button.is_enabled():
            button.click()
        try:
            there.wait_for(timeout=20_000)
            return
        except TimeoutError:
            tablet.reload()
    raise AssertionError(f"{name} of order {number} came to nothing")


@pytest.fixture(scope="module")
def screens(browser, team):
    """The screens stay open from one test to the next, as they do in a bar that is updated."""
    with ExitStack() as contexts:
        bar = DeployedBar(browser, team, contexts)
        yield bar
        assert bar.complaints == []


@pytest.fixture(scope="module")
def story() -> dict:
    """What later tests need of earlier ones."""
    return {}


def test_a_clone_becomes_a_working_bar_with_two_commands(team):
    said = team.deploy_script(
        "init", "--stage", STAGE, "--region", "us-east-1", "--admin", "ana@example.com", "--yes"
    )
    assert "serverlesspresso-000000000000-us-east-1 (new)" in said
    assert "Your credentials lack" not in said
    hours = str(6 * 3600)
    team.set_variables(CODE_SECONDS=hours, CODE_WINDOW_SECONDS=hours, SCANS_PER_CODE="100")
    team.set_variables(EXTENSIONS="webhook", EXTENSION_WEBHOOK_SECRET="whsec_" + "A" * 32)
    said = team.zappa("deploy", STAGE)
    found = re.search(r"The bar is open: (http\S+)/$", said, re.MULTILINE)
    assert found and found[1].endswith(f"/{STAGE}")
    team.base_url = found[1]
    assert f"Its admin ana@example.com signs in at {team.base_url}/main/staff" in said
    assert _of_the_webhook(team.emulator) == {"table", "role", "rule", "code"}


def test_three_roles_take_an_order_on_pushes_alone(team, screens, story):
    tv, tablet = screens.tv(), screens.tablet("Rui")
    phone = screens.scan(tv)
    get_place(phone)
    expect(tv.get_by_text("99 of 100")).to_be_visible(timeout=_PATIENCE)
    number = place_order(phone, "Latte")
    expect(card(tablet, number)).to_be_visible(timeout=_PATIENCE)
    # From now on only a pushed fragment can tell.
    phone.route("**/panel", lambda route: route.abort())
    tap(tablet, number, "Make")
    making = phone.get_by_role("heading", name="Rui is making it now")
    expect(making).to_be_visible(timeout=_PATIENCE)
    story |= {"tv": tv, "tablet": tablet, "making": phone, "number": number}


def test_addresses_cookies_and_files_are_right_below_the_stages_path(team, screens, story):
    phone = story["making"]
    assert phone.url.startswith(f"{team.base_url}/main/orders/")
    page = screens.page(story["tablet"].context)
    files = f"{team.base_url}/static/dist"
    with (
        page.expect_response(f"{files}/*.css") as style,
        page.expect_response(f"{files}/*.js") as script,
    ):
        page.goto(f"{team.base_url}/main/barista")
    for one in (style.value, script.value):
        assert one.status == 200
        assert one.headers["cache-control"] == "public, max-age=31536000, immutable"
        assert len(one.body()) > 100
    assert {cookie["path"] for cookie in phone.context.cookies()} == {"/"}
    page.goto(f"{team.base_url}/")
    assert page.url == f"{team.base_url}/main/"
    page.close()


def test_an_update_in_the_middle_of_orders_loses_none(team, screens, story):
    tablet, tv = story["tablet"], story["tv"]
    choosing = screens.scan(tv)
    get_place(choosing)
    queued = screens.scan(tv)
    get_place(queued)
    queued_number = place_order(queued, "Tea")
    files = [
        file
        for file in (team.folder / "templates").rglob("*.html")
        if _OLD_TEXT in file.read_text()
    ]
    assert files
    for file in files:
        file.write_text(file.read_text().replace(_OLD_TEXT, _NEW_TEXT))
    # Another deadline is another definition of the workflow; open orders keep theirs.
    team.set_variables(MAKE_SECONDS="800", EXTENSIONS="")
    said = team.zappa("update", STAGE)
    assert f"The bar is open: {team.base_url}/" in said
    assert _of_the_webhook(team.emulator) == set(), "an extension goes with its name"

    choosing.reload()
    expect(choosing.get_by_role("button", name=_NEW_TEXT)).to_be_visible(timeout=_PATIENCE)
    choosing.get_by_role("radio", name="Espresso", exact=True).check()
    choosing.get_by_role("button", name=_NEW_TEXT).click()
    number = choosing.get_by_label("Order number", exact=True)
    number.wait_for()
    for waiting in (queued_number, number.inner_text().strip()):
        _tap_until(tablet, waiting, "Make", "Complete")
    for one in (story["number"], queued_number, number.inner_text().strip()):
        _tap_until(tablet, one, "Complete", "Collected")
    for phone in (story["making"], queued, choosing):
        # The emulator does not deliver again what it was delivering while it changed the function.
        phone.reload()
        expect(phone.get_by_role("heading", name="ready")).to_be_visible(timeout=_PATIENCE)
    _wait_until_all_executions_have_succeeded(team, 3)


def _of_the_webhook(emulator: Emulator) -> set[str]:
    """What is there of the extension."""
    events = emulator.client("events")
    rules = [
        rule["Name"]
        for bus in events.list_event_buses()["EventBuses"]
        for rule in events.list_rules(EventBusName=bus["Name"])["Rules"]
    ]
    name = f"serverlesspresso-{STAGE}-extension-webhook"
    there = {
        "table": emulator.client("dynamodb").list_tables()["TableNames"],
        "role": [role["RoleName"] for role in emulator.client("iam").list_roles()["Roles"]],
        "rule": rules,
        "code": [name] if "webapp/extensions/webhook/__init__.py" in _code(emulator) else [],
    }
    return {kind for kind, names in there.items() if name in names}


def _code(emulator: Emulator) -> list[str]:
    """The files of the function's package."""
    function = emulator.client("lambda").get_function(FunctionName=f"serverlesspresso-{STAGE}")
    address = urlsplit(function["Code"]["Location"])
    asked = Request(
        f"{emulator.url}{address.path}?{address.query}", headers={SECRET_HEADER: SECRET}
    )
    with urlopen(asked) as answer:
        return zipfile.ZipFile(io.BytesIO(answer.read())).namelist()


def _wait_until_all_executions_have_succeeded(team: Team, count: int) -> None:
    client = team.emulator.client("stepfunctions")
    [machine] = client.list_state_machines()["stateMachines"]
    for _ in range(100):
        executions = client.list_executions(stateMachineArn=machine["stateMachineArn"])
        statuses = [one["status"] for one in executions["executions"]]
        if statuses == ["SUCCEEDED"] * count:
            return
        time.sleep(0.1)
    raise AssertionError(statuses)


# The account checks itself (scripts/verify)


_WAITS_FOR_A_MINUTE = {"clock-fires"}
_DOES_NOT_ASK_AWS = ("the emulator differs, known", "--patient", "--text", "no name of its own")


def _subject(team: Team, patience: float = 60) -> Subject:
    settings = stage_settings(json.loads((team.folder / "zappa_settings.json").read_text()), STAGE)
    prefix = settings["aws_environment_variables"]["STACK_PREFIX"]
    client = cache(team.emulator.client)
    bar = verified.Bar(prefix, function_name(settings, STAGE), REGION, client, STAGE)
    subject = subject_on_aws(bar, settings)
    subject.patience, subject.settle = patience, 1.5
    return subject


def test_the_account_confirms_what_is_believed_and_the_report_tells_no_secret(
    team, tmp_path, monkeypatch
):
    seen, take = Canaries(), Browser._take

    def take_and_tell(browser, answer):
        content = b"" if "event-stream" in answer.headers["content-type"] else answer.content
        for one in (*answer.history, answer):
            headers = [(name, value) for name, value in one.raw.headers.items()]
            seen.saw_answer(one.request.method, one.url, headers, content)
        return take(browser, answer)

    monkeypatch.setattr(Browser, "_take", take_and_tell)
    before = _what_is_in_the_tables(team)
    beliefs = {one.id: one for one in read_beliefs() if one.id not in _WAITS_FOR_A_MINUTE}
    findings = run(_subject(team), beliefs.values(), lambda _: None)
    assert [(one.belief, one.said) for one in findings if one.verdict is Verdict.WRONG] == []
    unknown = [
        one
        for one in findings
        if one.verdict is Verdict.NOT_CHECKED
        and beliefs[one.belief].check
        and not any(words in one.said for words in _DOES_NOT_ASK_AWS)
    ]
    assert unknown == []
    assert _what_is_in_the_tables(team) == before

    for file in report.write(tmp_path / "beliefs", findings, beliefs, {"stage": STAGE}):
        text = file.read_text()
        seen.saw("log", "the report of a verification", text)
        assert "000000000000" not in text and "@" not in text
    assert len(seen.secrets) > 10
    assert [leak for leak in seen.leaks() if "the report" in leak] == []


def _what_is_in_the_tables(team: Team) -> dict[str, int]:
    """Items by table, but for those of the bar's own shop, which its clock goes on working at, and
    for the counts of limits, which go by themselves."""
    database = team.emulator.client("dynamodb")
    return {
        name: sum(
            one.get("shop_id") != {"S": "main"} for one in database.scan(TableName=name)["Items"]
        )
        for name in database.list_tables()["TableNames"]
        if not name.endswith("-limits")
    }


@pytest.mark.parametrize("breakage", BREAKAGES, ids=lambda one: one.name)
def test_what_is_broken_shows_as_a_wrong_belief(team, breakage):
    beliefs = [one for one in read_beliefs() if one.id in breakage.beliefs]
    with breakage.broken(_subject(team)):
        findings = run(_subject(team, breakage.patience), beliefs, lambda _: None)
    said = {one.belief: f"{one.verdict}: {one.said}" for one in findings}
    for belief, words in breakage.beliefs.items():
        assert said[belief].startswith("wrong: ") and words in said[belief], said


def test_a_verification_that_is_stopped_or_killed_leaves_nothing_for_long(team, monkeypatch):
    beliefs = [
        one
        for one in read_beliefs()
        if one.id in ("admitted-with-token", "deadline-of-barista", "staff-sign-in")
    ]

    def stop(finding) -> None:
        if finding.belief == "staff-sign-in":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(_subject(team), beliefs, stop)
    assert Traces(_subject(team)).find() == set()
    with monkeypatch.context() as killed, pytest.raises(KeyboardInterrupt):
        killed.setattr(Traces, "remove", lambda *_: None)
        run(_subject(team), beliefs[:1], lambda _: stop(Finding("staff-sign-in", "", "")))
    assert len(Traces(_subject(team)).find()) == 1
    assert tidy_up(_subject(team)) == []
    assert Traces(_subject(team)).find() == set()


def test_undeploy_and_remove_leave_nothing_but_what_was_to_be_kept(team):
    team.zappa("undeploy", STAGE, "--yes")
    said = team.deploy_script("remove", "--stage", STAGE, "--yes")
    tables = team.emulator.client("dynamodb").list_tables()["TableNames"]
    assert tables and all(name in said for name in tables)
    assert _what_is_there(team.emulator) == {"tables", "pools", "parameters", "buckets"}
    team.deploy_script("remove", "--stage", STAGE, "--with-data", "--yes")
    assert _what_is_there(team.emulator) == set()


def test_the_deployers_policies_are_made_of_the_calls_that_were_made(team):
    """Run in the end: what a command calls anew belongs into the file, and into the policies."""
    recorded = set(CALLS_FILE.read_text().split())
    assert set(team.calls.read_text().split()) == recorded, (
        f"bring {CALLS_FILE.name} up to date and run scripts/generate_deployer_policy"
    )


def _what_is_there(emulator: Emulator) -> set[str]:
    """Kinds of things that are left of the bar."""
    client = emulator.client
    found = {
        "tables": client("dynamodb").list_tables()["TableNames"],
        "functions": client("lambda").list_functions()["Functions"],
        "mappings": client("lambda").list_event_source_mappings()["EventSourceMappings"],
        "apis": client("apigatewayv2").get_apis()["Items"],
        "stacks": client("cloudformation").describe_stacks()["Stacks"],
        "roles": client("iam").list_roles()["Roles"],
        "policies": client("iam").list_policies(Scope="Local")["Policies"],
        "queues": client("sqs").list_queues().get("QueueUrls", []),
        "topics": client("sns").list_topics()["Topics"],
        "buses": client("events").list_event_buses()["EventBuses"][1:],
        "rules": client("events").list_rules()["Rules"],
        "machines": client("stepfunctions").list_state_machines()["stateMachines"],
        "logs": client("logs").describe_log_groups()["logGroups"],
        "alarms": client("cloudwatch").describe_alarms()["MetricAlarms"],
        "dashboards": client("cloudwatch").list_dashboards()["DashboardEntries"],
        "parameters": client("ssm").describe_parameters()["Parameters"],
        "pools": client("cognito-idp").list_user_pools(MaxResults=10)["UserPools"],
        "buckets": client("s3").list_buckets()["Buckets"],
    }
    return {kind for kind, things in found.items() if things}
