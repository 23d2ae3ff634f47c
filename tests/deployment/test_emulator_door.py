"""The emulator answers to the bar alone."""

from __future__ import annotations

import http.client
import socket
from contextlib import ExitStack

import boto3
import paho.mqtt.client as mqtt
import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials
from botocore.exceptions import ClientError

from scripts.machine import SECRET_HEADER
from tests.emulator import KEYS, REGION, SECRET

OWN_ADDRESSES = [
    ("POST", "/_ministack/reset"),
    ("POST", "/_ministack/config"),
    ("GET", "/_ministack/ready"),
    ("GET", "/_ministack/sns/sms-messages"),
    ("GET", "/_ministack/health"),
    ("GET", "/health"),
    ("GET", "/_localstack/health"),
    ("GET", "/_bar/status"),
    ("POST", "/_ministack/rds/iam-auth"),
]
WITH_SECRET = {SECRET_HEADER: SECRET}


def _ask(emulator, method: str, path: str, headers: dict, body: bytes = b"") -> tuple[int, dict]:
    client = http.client.HTTPConnection("127.0.0.1", emulator.port, timeout=20)
    try:
        client.request(method, path, body, headers)
        answer = client.getresponse()
        return answer.status, dict(answer.getheaders())
    finally:
        client.close()


@pytest.mark.parametrize(("method", "path"), OWN_ADDRESSES)
def test_its_own_addresses_take_the_secret_alone(emulator, method, path):
    signed = _signed(emulator, method, path, KEYS["AWS_SECRET_ACCESS_KEY"])
    for headers in ({}, {SECRET_HEADER: "guessed"}, {"Content-Type": "text/plain"}, signed):
        assert _ask(emulator, method, path, headers, b"{}")[0] == 403


def test_with_the_secret_it_says_that_it_is_ready(emulator):
    assert _ask(emulator, "GET", "/_ministack/ready", WITH_SECRET)[0] == 200


@pytest.mark.parametrize(
    "more",
    [
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Host": "evil.example"},
        {"Host": "localhost.evil.example"},
        {"Host": ""},
    ],
    ids=str,
)
def test_no_page_and_no_other_name_reaches_it_even_with_the_secret(emulator, more):
    status, headers = _ask(emulator, "GET", "/_ministack/ready", WITH_SECRET | more)
    assert status == 403
    assert not [name for name in headers if name.lower().startswith("access-control")]


def test_a_preflight_is_not_answered(emulator):
    status, headers = _ask(
        emulator,
        "OPTIONS",
        "/",
        {"Origin": "http://evil.example", "Access-Control-Request-Method": "POST"},
    )
    assert status == 403
    assert not [name for name in headers if name.lower().startswith("access-control")]


def _signed(emulator, method: str, path: str, secret: str, key: str = KEYS["AWS_ACCESS_KEY_ID"]):
    request = AWSRequest(
        method,
        emulator.url + path,
        data=b"{}",
        headers={
            "X-Amz-Target": "DynamoDB_20120810.ListTables",
            "Content-Type": "application/x-amz-json-1.0",
        },
    )
    SigV4Auth(Credentials(key, secret), "dynamodb", REGION).add_auth(request)
    return dict(request.headers)


def test_a_request_needs_a_good_signature_of_a_known_key(emulator):
    good = _signed(emulator, "POST", "/", KEYS["AWS_SECRET_ACCESS_KEY"])
    assert _ask(emulator, "POST", "/", good, b"{}")[0] == 200
    refused = [
        {name: value for name, value in good.items() if name != "Authorization"},
        _signed(emulator, "POST", "/", "guessed"),
        # Keys that MiniStack takes from anybody.
        _signed(emulator, "POST", "/", "test", key="test"),
        _signed(emulator, "POST", "/", "test", key="000000000000"),
        good | {"Authorization": "AWS deployer:c2ln"},
    ]
    for headers in refused:
        assert _ask(emulator, "POST", "/", headers, b"{}")[0] == 403
    # The body is signed, too.
    assert _ask(emulator, "POST", "/", good, b'{"Limit": 1}')[0] == 403


def test_what_is_signed_with_keys_that_the_emulator_gave_passes(emulator):
    role = emulator.client("iam").create_role(RoleName="guest", AssumeRolePolicyDocument=_TRUST)
    emulator.client("iam").put_role_policy(
        RoleName="guest",
        PolicyName="all",
        PolicyDocument=_ALL,
    )
    keys = emulator.client("sts").assume_role(RoleArn=role["Role"]["Arn"], RoleSessionName="guest")[
        "Credentials"
    ]

    def tables(token: str):
        return boto3.client(
            "dynamodb",
            endpoint_url=emulator.url,
            region_name=REGION,
            aws_access_key_id=keys["AccessKeyId"],
            aws_session_token=token,
            aws_secret_access_key=keys["SecretAccessKey"],
            config=Config(proxies={}),
        ).list_tables()

    assert "TableNames" in tables(keys["SessionToken"])
    with pytest.raises(ClientError):
        tables("another")


_TRUST = """{"Version": "2012-10-17", "Statement": [
    {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}]}"""
_ALL = """{"Version": "2012-10-17", "Statement": [
    {"Effect": "Allow", "Action": "dynamodb:*", "Resource": "*"}]}"""


@pytest.mark.parametrize(
    ("more", "is_let_in"),
    [({}, False), ({SECRET_HEADER: "guessed"}, False), (WITH_SECRET, True)],
    ids=["nothing", "guessed", "secret"],
)
def test_iot_core_takes_no_connection_without_credentials(emulator, more, is_let_in):
    endpoint = emulator.client("iot").describe_endpoint(endpointType="iot:Data-ATS")
    client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, transport="websockets")
    client.ws_set_options("/mqtt", {"Host": endpoint["endpointAddress"], **more})
    if is_let_in:
        client.connect("127.0.0.1", emulator.port)
        client.disconnect()
    else:
        with pytest.raises(mqtt.WebsocketConnectionError):
            client.connect("127.0.0.1", emulator.port)


@pytest.mark.parametrize("sent", [b"", b"POST / HTTP/1.1\r\nHost: localhost\r\nX-Slow: "])
def test_strangers_connections_give_way_to_the_bars(emulator, sent):
    tables = emulator.client("dynamodb")
    tables.list_tables()
    with ExitStack() as flood:
        strangers = []
        for _ in range(400):
            one = socket.create_connection(("127.0.0.1", emulator.port), timeout=20)
            strangers.append(flood.enter_context(one))
            one.sendall(sent)
        assert "TableNames" in tables.list_tables()
        assert "TableNames" in emulator.client("dynamodb").list_tables()
        # The oldest were closed.
        with pytest.raises(ConnectionResetError):
            if strangers[0].recv(1) == b"":
                raise ConnectionResetError
