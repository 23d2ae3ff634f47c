"""scripts/verify without a bar: the list and its checks, verdicts, and what a report may tell."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import re
from threading import Thread
from types import SimpleNamespace

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError
from flask import Flask, make_response
from werkzeug.serving import make_server

from scripts import options
from scripts.commands import verify
from scripts.machine import StackError
from scripts.verifying import report
from scripts.verifying.beliefs import PAGE, Belief, read_beliefs
from scripts.verifying.browser import Browser
from scripts.verifying.checks import address, rights
from scripts.verifying.listening import with_another_signature, without_credentials
from scripts.verifying.registry import all_checks
from scripts.verifying.rehearsal import MARK, Traces, new_mark
from scripts.verifying.run import look
from scripts.verifying.scenes import Scene
from scripts.verifying.verdicts import EmulatorDiffers, Finding, NotChecked, Verdict, Wrong

# The list


def test_every_belief_names_its_check_or_says_why_there_is_none():
    checks = all_checks()
    for belief in read_beliefs():
        if belief.check:
            assert checks[belief.id].__name__ == belief.check
        else:
            assert belief.id not in checks and len(belief.cannot) > 10, belief.id


def test_every_check_has_its_belief():
    assert all_checks().keys() <= {belief.id for belief in read_beliefs()}
    ids = [belief.id for belief in read_beliefs()]
    assert len(ids) == len(set(ids))


def test_every_belief_has_witnesses_and_every_witness_an_address():
    page = PAGE.read_text()
    for belief in read_beliefs():
        assert belief.sentence.endswith(".") and belief.witnesses and belief.emulator, belief.id
    addresses = dict(re.findall(r"^\[([^\]]+)\]: (https://\S+)$", page, re.MULTILINE))
    assert set(re.findall(r"\[([^\]]+)\](?!:)", page)) == addresses.keys()


def test_one_witness_or_none_is_said_with_what_the_bar_does_then():
    for belief in read_beliefs():
        count = len(re.findall(r"\[[^\]]+\]", belief.witnesses))
        is_said = re.search(
            r"ours|one witness|no (second )?witness|computed|DynamoDB Local|price"
            r"|Amplify|no public witness",
            belief.witnesses,
        )
        assert count > 1 or is_said, belief.id


def test_a_difference_of_the_emulator_is_on_the_list_before_a_check_may_claim_it():
    claimed = {
        "cookies-pass",
        "deadline-by-path",
        "counts-conflicts",
        "finds-place",
        "failed-calls-kept",
        "live-without-credentials",
        "texts-allowed",
        "old-items-go",
        "tables-can-go-back",
        "workflow-counted",
        "tables-counted",
    }
    listed = {one.id for one in read_beliefs() if one.emulator.startswith("*differs*")}
    assert claimed <= listed


# Verdicts


def _refusal(code: str, message: str = "") -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": message}}, "GetRolePolicy")


@pytest.mark.parametrize(
    ("raised", "verdict", "words"),
    [
        (Wrong("the rule is DISABLED"), Verdict.WRONG, "the rule is DISABLED"),
        (NotChecked("it takes four minutes"), Verdict.NOT_CHECKED, "it takes four minutes"),
        (EmulatorDiffers("let in"), Verdict.NOT_CHECKED, "the emulator differs, known: let in"),
        (
            _refusal("AccessDenied", "User x is not authorized to perform: iam:GetRolePolicy on y"),
            Verdict.NOT_CHECKED,
            "your credentials lack the right iam:GetRolePolicy",
        ),
        (_refusal("AccessDeniedException"), Verdict.NOT_CHECKED, "the right GetRolePolicy"),
        (_refusal("NoSuchEntity", "there is none"), Verdict.WRONG, "NoSuchEntity"),
        (EndpointConnectionError(endpoint_url="x"), Verdict.WRONG, "cannot be reached"),
        (StackError("The function fails at this: no."), Verdict.WRONG, "The function fails"),
        (KeyError("Policy"), Verdict.WRONG, "not understood"),
    ],
)
def test_whatever_goes_wrong_in_a_check_is_an_answer(raised, verdict, words):
    def check(_) -> str:
        raise raised

    finding = look("some-belief", check, None)
    assert finding.verdict is verdict and words in finding.said


def test_a_step_that_fails_is_wrong_once_and_unknown_for_what_comes_after_it():
    def steps():
        yield "order", "o"
        raise Wrong("it was never admitted")

    scene = Scene(steps())
    assert scene.fact("order") == "o"
    with pytest.raises(Wrong, match="never admitted"):
        scene.fact("admitted")
    with pytest.raises(NotChecked, match="never admitted"):
        scene.fact("queued")
    assert scene.fact("order") == "o"


def test_one_wrong_belief_makes_the_command_fail():
    right, wrong, unknown = (Finding("b", verdict, "") for verdict in Verdict)
    assert verify.exit_code([right, unknown]) == verify.RIGHT
    assert verify.exit_code([right, wrong]) == verify.WRONG


@pytest.mark.parametrize("only", [["no-such-belief"], ["two-states", "nothing"]])
def test_a_belief_that_is_not_known_is_told_in_one_line(only):
    beliefs = {belief.id: belief for belief in read_beliefs()}
    with pytest.raises(StackError, match="There is no belief no"):
        verify.chosen_beliefs(beliefs, only)


@pytest.mark.parametrize("stage", ["nowhere", "base"])
def test_a_stage_that_is_not_there_could_not_be_run(stage, monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["verify", stage])
    assert verify.main() == verify.COULD_NOT_RUN
    said = capsys.readouterr()
    assert said.err.startswith(f"There is no stage {stage}") and said.err.count("\n") == 1


def test_the_list_needs_no_account(monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["verify", "--list"])
    assert verify.main() == verify.RIGHT
    assert "two-states" in capsys.readouterr().out
    assert options.parse_verify(["prod", "--only", "a", "b"]).only == ["a", "b"]


# What it made


def test_only_what_carries_a_mark_is_ever_removed():
    assert MARK.fullmatch(new_mark())
    for name in ("main", "verify", "verify-", "verify-1-2", "x-" + new_mark(), new_mark() + "x"):
        with pytest.raises(ValueError, match="not the mark"):
            Traces(None).remove(name)


# The report


_SECRETS = {
    "a task token": "AQCEAAAAKgAAAAMAAAAAAAAAATMtqSk+vZO9rx7aBEJgUow2LaqrrrUJ3rLPekkMNW9S6",
    "an account": "123456789012",
    "an ARN": "arn:aws:states:eu-central-1:123456789012:stateMachine:x",
    "a person": "ana@example.com",
    "an address": "https://a1b2c3d4e5.execute-api.eu-central-1.amazonaws.com/prod/main/",
    "a live address": "wss://abc-ats.iot.eu-central-1.amazonaws.com/mqtt?X-Amz-Signature=aa",
    "an order": "0123456789abcdef0123456789abcdef",
    "a key": "ASIAIOSFODNN7EXAMPLE",
    "a password": "Aa1-nC7x_Qp0Zs8vWk2LmT4u",
    "a pool": "eu-central-1_AbCdEf123",
    "a phone number": "+41791234567",
    "a client's address": "203.0.113.9",
    "a session": "eyJjdXN0b21lciI6IlBfS3JkbGZ6In0.aSx1.Zk3-xX_9",
}


@pytest.mark.parametrize("secret", _SECRETS.values(), ids=_SECRETS)
@pytest.mark.parametrize("around", ["{}", "it said “{}”.", "User: {} is not authorized", "({})"])
def test_a_report_leaves_out_whatever_looks_like_a_secret_or_a_person(secret, around, tmp_path):
    belief = Belief("two-states", "Two.", "", "", "two_states", "")
    finding = Finding("two-states", Verdict.WRONG, around.format(secret))
    files = report.write(tmp_path / "r", [finding], {"two-states": belief}, {"stage": "prod"})
    for text in [*(file.read_text() for file in files), report.line(finding, belief)]:
        assert secret not in text
        assert not any(
            part in text
            for part in re.split(r"[.:/?@=]", secret)
            if len(part) > 9
            and part not in ("execute-api", "amazonaws", "eu-central-1", "stateMachine")
        )


def test_a_report_keeps_what_a_reader_needs(tmp_path):
    said = (
        "DynamoDb.TransactionCanceledException in AwaitBaristaAgain of serverlesspresso-dev-events,"
        " not verify-261130094446-7d9b; 11 kinds of events took 1250 ms"
    )
    assert report.harmless(said) == said


def test_what_is_wrong_stands_first_in_a_report_and_can_be_read_by_a_program(tmp_path):
    beliefs = {one.id: one for one in read_beliefs()}
    findings = [
        Finding("redirects", Verdict.RIGHT, "fine"),
        Finding("log-kept", Verdict.WRONG, "for ever"),
    ]
    markdown, as_json = report.write(tmp_path / "r.md", findings, beliefs, {"stage": "prod"})
    rows = [line for line in markdown.read_text().splitlines() if line.startswith("| ")]
    assert rows[1].startswith("| wrong | `log-kept`")
    data = json.loads(as_json.read_text())
    assert data["summary"] == "1 right, 1 wrong, 0 not checked"
    assert data["findings"][1]["said"] == "for ever"


# A bar whose address is wrong in one way


def _page(**changes):
    app = Flask(__name__, static_folder=None)
    links = {
        "style": "/prod/static/dist/phone.css",
        "link": "/prod/shop/staff",
        "home": "/prod/shop/",
        "cookie": "session=x; Path=/; HttpOnly; SameSite=Lax",
        "encoding": "gzip",
        "cache": "public, max-age=31536000, immutable",
        "policy": "default-src 'none'",
        "status": 413,
        "style_inside": "a{}",
    } | changes

    @app.get("/prod/")
    def start():
        return "", 302, {"Location": links["home"]}

    @app.get("/prod/shop/")
    @app.get("/prod/shop/staff")
    def page():
        answer = make_response(
            f"<style>{links['style_inside']}</style>"
            f'<link rel="stylesheet" href="{links["style"]}"><a href="{links["link"]}">x</a>'
            '<form action="/prod/shop/staff"></form>'
        )
        answer.headers.update(dict.fromkeys(address._HEADERS, "x"))
        named = base64.b64encode(hashlib.sha256(b"a{}").digest()).decode()
        answer.headers["content-security-policy"] = f"{links['policy']}; style-src 'sha256-{named}'"
        answer.headers["set-cookie"] = links["cookie"]
        return answer

    @app.post("/prod/shop/staff")
    def form():
        return "", links["status"]

    @app.get("/prod/static/dist/phone.css")
    def style():
        is_packed = links["encoding"] == "gzip"
        rules = b"a{}" * 400
        answer = make_response(gzip.compress(rules, 0) if is_packed else rules)
        answer.headers["Cache-Control"] = links["cache"]
        if is_packed:
            answer.headers["Content-Encoding"] = "gzip"
        return answer

    return app


@pytest.fixture
def bar_at():
    """Serves a bar below /prod and looks at it as a verification does."""
    servers = []

    def serve(app: Flask) -> SimpleNamespace:
        server = make_server("127.0.0.1", 0, app)
        Thread(target=server.serve_forever, daemon=True).start()
        servers.append(server)
        url = f"http://127.0.0.1:{server.server_port}/prod"
        subject = SimpleNamespace(
            url=url, is_emulator=False, ask=lambda *_: {"link": f"{url}/shop/sign-in/x"}
        )
        return SimpleNamespace(subject=subject, shop="shop", browser=lambda: Browser(url))

    yield serve
    for server in servers:
        server.shutdown()
        server.server_close()


_LOOKS = (
    address.links_lead_back,
    address.links_say_address,
    address.redirects,
    address.static_files,
    address.headers_pass,
    address.cookies_pass,
    address.large_bodies,
)


def test_a_bar_at_its_own_address_is_right_in_all_of_it(bar_at):
    scenes = bar_at(_page())
    for check in _LOOKS:
        assert check(scenes)


@pytest.mark.parametrize(
    ("check", "change", "words"),
    [
        (address.links_lead_back, {"link": "/shop/staff"}, "not below the bar's address"),
        (address.links_lead_back, {"link": "/prod/prod/shop/"}, "answers 404"),
        (address.links_lead_back, {"style": "/static/dist/phone.css"}, "not below"),
        (address.redirects, {"home": "/shop/"}, "outside the bar's address"),
        (address.redirects, {"home": "/prod/prod/"}, "answers 404"),
        (address.static_files, {"cache": "no-store"}, "may be kept: no-store"),
        (address.static_files, {"encoding": ""}, "does not arrive gzipped"),
        (address.headers_pass, {"policy": "default-src *"}, "not ours"),
        (address.headers_pass, {"style_inside": "a{} "}, "not the one that its policy names"),
        (address.cookies_pass, {"cookie": "session=x; Path=/"}, "without httponly, samesite"),
        (address.large_bodies, {"status": 200}, "answered 200"),
    ],
)
def test_an_address_that_is_wrong_in_one_way_is_noticed(bar_at, check, change, words):
    with pytest.raises(Wrong, match=re.escape(words)):
        check(bar_at(_page(**change)))


def test_links_that_name_another_address_are_noticed(bar_at):
    scenes = bar_at(_page())
    scenes.subject.ask = lambda *_: {"link": "http://other.example/prod/shop/sign-in/x"}
    with pytest.raises(Wrong, match="http://other.example/prod/"):
        address.links_say_address(scenes)


# Grants and rights


def test_a_grant_can_be_spoilt_in_both_ways():
    signature = "0a" * 32
    signed = f"wss://h/mqtt?X-Amz-Date=a&X-Amz-Signature={signature}&X-Amz-Security-Token=t"
    assert without_credentials(signed) == "wss://h/mqtt"
    spoilt = with_another_signature(signed)
    assert spoilt != signed and len(spoilt) == len(signed) and spoilt.endswith("Token=t")


@pytest.mark.parametrize(
    ("resource", "reached", "is_same"),
    [
        ({"Fn::GetAtt": ["OrdersTable", "Arn"]}, "arn:aws:dynamodb:r:1:table/p-orders", True),
        ({"Fn::GetAtt": ["OrdersTable", "Arn"]}, "arn:aws:dynamodb:r:1:table/p-shops", False),
        ({"Fn::GetAtt": ["OrdersTable", "Arn"]}, "arn:aws:dynamodb:r:1:table/*", False),
        ({"Fn::GetAtt": ["OrdersTable", "Arn"]}, "*", False),
        ({"Fn::Sub": "arn:${AWS::Partition}:iot:topic/bar/*"}, "arn:aws:iot:topic/bar/*", True),
        ({"Fn::Sub": "arn:${AWS::Partition}:iot:topic/bar/*"}, "arn:aws:iot:topic/*", False),
        (
            {"Fn::Join": ["", [{"Fn::GetAtt": ["OrdersTable", "Arn"]}, "/index/i"]]},
            "arn:aws:dynamodb:r:1:table/p-orders/index/i",
            True,
        ),
        ("*", "*", True),
        ("*", "arn:x", False),
    ],
)
def test_a_resource_is_the_templates_or_a_wider_one(resource, reached, is_same):
    subject = SimpleNamespace(physical={"OrdersTable": "p-orders"})
    assert bool(re.fullmatch(rights._pattern(subject, resource), reached)) is is_same
