"""What a page is granted: one topic, one client id, a quarter of an hour."""

from __future__ import annotations

import json
from types import SimpleNamespace
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.builders import NOW
from webapp.cloud.live_grants import LiveGrants, signed_url
from webapp.cloud.live_topics import barista_topic, board_topic, display_topic, order_topic

ORDER = "0123456789abcdef0123456789abcdef"
CREDENTIALS = {
    "AccessKeyId": "ASIAEXAMPLE",
    "SecretAccessKey": "a secret",
    "SessionToken": "a/token+with=signs",
}


class FakeAws:
    """STS and IoT that remember what they were asked."""

    region = "eu-central-1"
    account = "123456789012"

    def __init__(self, endpoint_url: str = "https://iot.eu-central-1.amazonaws.com"):
        self.asked: list[dict] = []
        self.endpoints_asked = 0
        self.sts = SimpleNamespace(assume_role=self._assume_role)
        self.iot = SimpleNamespace(
            describe_endpoint=self._describe_endpoint,
            meta=SimpleNamespace(endpoint_url=endpoint_url),
        )

    def _assume_role(self, **arguments) -> dict:
        self.asked.append(arguments)
        return {"Credentials": CREDENTIALS}

    def _describe_endpoint(self, endpointType: str) -> dict:
        assert endpointType == "iot:Data-ATS"
        self.endpoints_asked += 1
        return {"endpointAddress": "abc-ats.iot.eu-central-1.amazonaws.com"}


@pytest.fixture
def aws() -> FakeAws:
    return FakeAws()


@pytest.fixture
def grants(aws) -> LiveGrants:
    return LiveGrants(aws, "bar-")


@pytest.mark.parametrize(
    "topics",
    [
        [order_topic("main", ORDER)],
        [barista_topic("main"), board_topic("main")],
        [display_topic("main"), board_topic("main")],
    ],
    ids=["phone", "tablet", "TV"],
)
def test_a_grant_allows_its_own_client_and_topics_and_never_to_publish(aws, grants, topics):
    grant = grants.grant(topics)
    topics = ["bar/" + topic.partition("/")[2] for topic in topics]
    [asked] = aws.asked
    assert asked["RoleArn"] == "arn:aws:iam::123456789012:role/bar-live"
    assert asked["DurationSeconds"] == grant.seconds == 900
    arn = "arn:aws:iot:eu-central-1:123456789012:"
    allowed = [
        (one["Effect"], one["Action"], one["Resource"])
        for one in json.loads(asked["Policy"])["Statement"]
    ]
    assert allowed == [
        ("Allow", "iot:Connect", [f"{arn}client/{grant.client_id}"]),
        ("Allow", "iot:Subscribe", [f"{arn}topicfilter/{topic}/+" for topic in topics]),
        ("Allow", "iot:Receive", [f"{arn}topic/{topic}/*" for topic in topics]),
    ]
    assert grant.topic_filters == [f"{topic}/+" for topic in topics]


def test_no_two_grants_share_a_client_id(grants):
    assert len({grants.grant([barista_topic("main")]).client_id for _ in range(50)}) == 50


@pytest.mark.parametrize("part", ["*", "+", "#", "?", "$", "", "a/*", "${iot:ClientId}", "a\n"])
def test_an_id_that_would_widen_the_policy_is_refused(aws, grants, part):
    with pytest.raises(ValueError):
        grants.grant([order_topic("main", part)])
    with pytest.raises(ValueError):
        grants.grant([board_topic("main"), barista_topic(part)])
    assert aws.asked == []


def test_the_session_token_stands_beside_what_is_signed(monkeypatch):
    """IoT's gateway signs without it; any other service would refuse this address."""
    monkeypatch.setattr("botocore.auth.get_current_datetime", lambda: NOW)
    url = "wss://abc-ats.iot.eu-central-1.amazonaws.com/mqtt"
    signed = signed_url(url, "eu-central-1", CREDENTIALS)
    assert signed.startswith(url + "?")
    query = parse_qs(urlsplit(signed).query)
    assert query["X-Amz-Security-Token"] == ["a/token+with=signs"]
    assert signed.endswith("&X-Amz-Security-Token=a%2Ftoken%2Bwith%3Dsigns")
    assert query["X-Amz-Credential"][0].endswith("/eu-central-1/iotdevicegateway/aws4_request")
    assert query["X-Amz-SignedHeaders"] == ["host"]
    assert query["X-Amz-Expires"] == ["60"]
    again = signed_url(url, "eu-central-1", CREDENTIALS | {"SessionToken": "another"})
    assert parse_qs(urlsplit(again).query)["X-Amz-Signature"] == query["X-Amz-Signature"]


def test_iots_address_is_asked_for_once_and_reached_as_safely_as_iot_itself(aws, grants):
    assert grants.origin == grants.origin == "wss://abc-ats.iot.eu-central-1.amazonaws.com"
    assert aws.endpoints_asked == 1
    assert LiveGrants(FakeAws("http://127.0.0.1:4566"), "bar-").origin.startswith("ws://")
