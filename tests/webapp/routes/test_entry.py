"""What becomes of every kind of event that Lambda may bring: through our door, and through Zappa's.

Zappa's handler is given the settings that Zappa itself writes into the package.
"""

from __future__ import annotations

import base64
import gzip
import io
import json
import logging
import threading

import pytest

from scripts.environment import ROOT
from tests.builders import an_order
from tests.webapp.consumers.test_announce import _change as a_stream_record
from webapp import entry, logs
from webapp.consumers.registry import COMMAND, EventFailed
from webapp.services.staff.sign_in import create_link
from workflows.signals import Signal


@pytest.fixture
def door(app, door_of):
    """The function as Lambda starts it, over the tables of the test."""
    return door_of(app)


@pytest.fixture
def zappas_door(door):
    return entry.zappa_handler.lambda_handler


def _request(path: str, method: str = "GET", stage: str = "prod", **headers: str) -> dict:
    return {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": path,
        "rawQueryString": "",
        "headers": {"host": "abc.execute-api.us-east-1.amazonaws.com", **headers},
        "requestContext": {
            "stage": stage,
            "http": {"method": method, "path": path, "sourceIp": "192.0.2.7"},
        },
        "isBase64Encoded": False,
    }


# Web requests


def test_a_packed_page_and_a_packed_file_survive_the_gateway(door):
    packed = {"accept-encoding": "gzip"}
    page = door(_request("/prod/main/", **packed), None)
    assert page["isBase64Encoded"] and page["headers"]["Content-Encoding"] == "gzip"
    assert "<style>" in gzip.decompress(base64.b64decode(page["body"])).decode()
    names = json.loads((ROOT / "webapp/static/dist/manifest.json").read_text())
    file = door(_request(f"/prod/static/dist/{names['tablet.css']}", **packed), None)
    assert file["statusCode"] == 200 and file["isBase64Encoded"]
    assert file["headers"]["Content-Type"] == "text/css; charset=utf-8"
    assert file["headers"]["Cache-Control"] == "public, max-age=31536000, immutable"
    assert len(gzip.decompress(base64.b64decode(file["body"]))) > 100


@pytest.fixture
def written(monkeypatch):
    """What a process in Lambda writes into its log."""
    output, handlers = io.StringIO(), logging.root.handlers[:]
    levels = {name: logging.getLogger(name).level for name in (None, *logs._NOISY)}
    monkeypatch.setattr("threading.excepthook", threading.excepthook)
    logs.configure()
    logging.root.handlers[:] = [logging.StreamHandler(output)]
    yield output.getvalue
    logging.root.handlers[:] = handlers
    logging.captureWarnings(False)
    for name, level in levels.items():
        logging.getLogger(name).setLevel(level)


@pytest.mark.parametrize("path", ["scan/9.1.proofOfTheCode", "sign-in/secretOfTheLink"])
def test_no_library_writes_an_address_with_its_secret_into_the_log(door, written, path):
    # At Zappa's level INFO it writes a line of its own for each request, with the whole address.
    door(_request(f"/prod/main/{path}"), None)
    assert "answered" in written()
    assert "OfThe" not in written()


def test_every_built_file_survives_the_gateway_packed_and_plain(door):
    names = json.loads((ROOT / "webapp/static/dist/manifest.json").read_text())
    assert len(names) > 3
    for name in names.values():
        plain = door(_request(f"/prod/static/dist/{name}"), None)
        packed = door(_request(f"/prod/static/dist/{name}", **{"accept-encoding": "gzip"}), None)
        assert plain["statusCode"] == packed["statusCode"] == 200
        content = base64.b64decode(packed["body"])
        assert gzip.decompress(content).decode() == plain["body"]


def test_an_answer_without_a_body_has_an_empty_one(door):
    [name] = {
        name
        for key, name in json.loads((ROOT / "webapp/static/dist/manifest.json").read_text()).items()
        if key == "phone.js"
    }
    path = f"/prod/static/dist/{name}"
    etag = door(_request(path), None)["headers"]["ETag"]
    again = door(_request(path, **{"if-none-match": etag}), None)
    assert (again["statusCode"], again["body"]) == (304, "")


def test_several_cookies_stay_apart_and_each_is_sent_once(door, services):
    path = create_link(services, "main", "display").removeprefix(services.public_url)
    [form_token] = door(_request(path), None)["cookies"]
    answer = door(_request(path, "POST", cookie=form_token.partition(";")[0]), None)
    names = [cookie.partition("=")[0] for cookie in answer["cookies"]]
    assert answer["statusCode"] == 303 and sorted(names) == ["__Host-session", "__Host-staff"]
    assert "Set-Cookie" not in answer["headers"]


def test_each_cookie_is_sent_once_in_the_older_format_too(door, services):
    path = create_link(services, "main", "display").removeprefix(services.public_url)
    event = {
        "httpMethod": "POST",
        "path": path,
        "headers": {},
        "multiValueHeaders": {},
        "requestContext": {"identity": {"sourceIp": "192.0.2.7"}},
    }
    answer = door(event, None)
    [cookie] = answer["multiValueHeaders"]["Set-Cookie"]
    assert cookie.startswith("__Host-staff=")
    sent = [name.lower() for kind in ("headers", "multiValueHeaders") for name in answer[kind]]
    assert sent.count("set-cookie") == 1


# Events of ours


def test_a_rules_event_reaches_its_consumer_through_either_door(
    door, zappas_door, services, monkeypatch
):
    swept = []
    monkeypatch.setattr(
        "webapp.services.orders.sweep.sweep", lambda services: swept.append(services)
    )
    event = {"command": COMMAND, "consumer": "sweep"}
    door(event, None)
    zappas_door(event, None)
    assert swept == [services, services]


def test_a_batch_of_a_stream_is_announced(door, services):
    door({"Records": [a_stream_record(None, an_order())]}, None)
    assert services.bus.events


def test_a_change_that_cannot_be_read_is_set_aside_and_the_rest_of_its_batch_announced(
    door, services
):
    spoiled = {"eventSource": "aws:dynamodb", "spoiled": True}
    door({"Records": [spoiled, a_stream_record(None, an_order())]}, None)
    assert services.bus.events
    [(kept, _)] = services.dead_letters.kept
    assert kept["Records"] == [spoiled]


def test_a_batch_that_could_not_be_announced_is_delivered_again(door, services, monkeypatch):
    monkeypatch.setattr(services.bus, "put", lambda events: 1 / 0)
    with pytest.raises(EventFailed):
        door({"Records": [a_stream_record(None, an_order())]}, None)


def test_zappa_alone_would_drop_a_streams_batch(zappas_door, services):
    zappas_door({"Records": [a_stream_record(None, an_order())]}, None)
    assert services.bus.events == []


def test_a_sign_in_trigger_is_answered(door):
    event = {"triggerSource": "DefineAuthChallenge_Authentication", "request": {"session": []}}
    answer = door(event, None)
    assert answer["response"]["challengeName"] == "CUSTOM_CHALLENGE"


def test_an_operators_job_is_done_and_its_refusal_comes_back(door, services):
    asked = {"operator_job": "sign-in-link", "role": "barista", "shop": "main"}
    assert door(asked, None)["link"].startswith(f"{services.public_url}/main/sign-in/")
    assert "refused" in door(asked | {"shop": "nowhere"}, None)
    assert door({"operator_job": "nonsense"}, None) == {
        "refused": "There is no job called nonsense."
    }


# Events of nobody's

_SHELL = "import pathlib; pathlib.Path('executed').touch()"
_UNKNOWN = {
    "an envelope of the bus without a command": {
        "version": "0",
        "source": "awsserverlessda.serverlesspresso",
        "detail-type": "OrderManager.MakeOrder",
        "detail": {},
    },
    "a scheduled rule without a command": {
        "version": "0",
        "source": "aws.events",
        "detail-type": "Scheduled Event",
        "resources": ["arn:aws:events:us-east-1:1:rule/cups-webapp.function.app"],
    },
    "code": {"raw_command": _SHELL},
    "code beside a command of Zappa's": {"command": "os.getcwd", "raw_command": _SHELL},
    "a management command": {"manage": "check"},
    "a queue's batch": {"Records": [{"eventSource": "aws:sqs", "eventSourceARN": "arn:1"}]},
    "a topic's message": {
        "Records": [{"EventSource": "aws:sns", "Sns": {"Message": '{"command": "os.getcwd"}'}}]
    },
    "a bucket's event": {"Records": [{"eventSource": "aws:s3", "s3": {}}]},
    "an empty batch": {"Records": []},
    "a bot": {"bot": {}, "currentIntent": {"name": "x"}},
    "an authorizer": {"type": "TOKEN"},
    "log lines": {"awslogs": {"data": ""}},
    "nothing": {},
    "a list": [],
    "a word": "raw_command",
    "null": None,
}


@pytest.mark.parametrize("event", _UNKNOWN.values(), ids=_UNKNOWN)
def test_any_other_event_is_logged_counted_and_does_nothing(
    door, event, caplog, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    assert door(event, None) is None
    counted = [record.counted for record in caplog.records if hasattr(record, "counted")]
    assert counted == [Signal.UNKNOWN_EVENTS]
    assert list(tmp_path.iterdir()) == []


def test_zappa_alone_would_run_code_and_drop_an_envelope_without_a_word(
    zappas_door, caplog, tmp_path, monkeypatch
):
    """Why the function has a door of its own."""
    monkeypatch.chdir(tmp_path)
    zappas_door({"raw_command": _SHELL}, None)
    assert [file.name for file in tmp_path.iterdir()] == ["executed"]
    caplog.clear()
    zappas_door(_UNKNOWN["an envelope of the bus without a command"], None)
    assert caplog.records == []


def test_zappa_invoke_still_calls_a_function(door, monkeypatch):
    called = []
    monkeypatch.setattr("webapp.operator_jobs.registry.run", lambda *event: called.append(event))
    door({"command": "webapp.operator_jobs.registry.run"}, None)
    assert len(called) == 1
