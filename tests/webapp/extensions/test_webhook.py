"""Webhook out: signed, once, and tried again."""

import base64
import hashlib
import hmac
import json

import pytest

from domain.detail_types import DetailType
from tests.extensions import a_kit, replay, sample_arrivals
from webapp.extending import arrival_of
from webapp.extension_kit import DeliveryFailed
from webapp.extensions.webhook import EXTENSION

KEY = b"0123456789abcdef01234567"
SECRET = "whsec_" + base64.b64encode(KEY).decode()
URL = "https://till.example/bar"


@pytest.mark.parametrize("seed", range(3))
def test_events_doubled_and_shuffled_are_each_sent_once(seed):
    kit = a_kit(EXTENSION, URL=URL, SECRET=SECRET)
    replay(EXTENSION, kit, seed)
    sent = [json.loads(body)["detail-type"] for _, body, _ in kit.http.sent]
    assert sorted(sent) == sorted(DetailType)


def test_the_receiver_can_verify_who_sent_it_and_when():
    kit = a_kit(EXTENSION, URL=URL, SECRET=SECRET)
    [arrival, *_] = sample_arrivals(EXTENSION)
    EXTENSION.run(kit, arrival)
    [(url, body, headers)] = kit.http.sent
    signed = f"{arrival.id}.{headers['webhook-timestamp']}.".encode() + body
    expected = base64.b64encode(hmac.digest(KEY, signed, hashlib.sha256)).decode()
    assert url == URL
    assert headers["webhook-signature"] == f"v1,{expected}"
    assert headers["webhook-timestamp"] == str(int(kit.now().timestamp()))
    assert headers["webhook-id"] == arrival.id
    assert json.loads(body) == arrival.envelope


def test_what_could_not_be_sent_fails_and_is_sent_at_the_next_delivery():
    kit = a_kit(EXTENSION, URL=URL, SECRET=SECRET)
    [arrival, *_] = sample_arrivals(EXTENSION)
    kit.http.is_down = True
    with pytest.raises(DeliveryFailed):
        EXTENSION.run(kit, arrival)
    kit.http.is_down = False
    EXTENSION.run(kit, arrival)
    assert len(kit.http.sent) == 1


def test_an_event_that_was_announced_twice_has_the_same_id():
    [arrival, *others] = sample_arrivals(EXTENSION)
    assert len({one.id for one in (arrival, *others)}) == len(DetailType)
    again = dict(arrival.envelope, id="another")
    assert arrival_of(again).id == arrival.id


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"URL": URL}, URL),
        ({"URL": URL, "URL_MAIN": "https://main.example/"}, "https://main.example/"),
        ({"URL_HALL_2": URL}, None),
    ],
)
def test_a_shop_may_have_an_address_of_its_own(settings, expected):
    kit = a_kit(EXTENSION, SECRET=SECRET, **settings)
    [arrival, *_] = sample_arrivals(EXTENSION)
    EXTENSION.run(kit, arrival)
    assert [url for url, _, _ in kit.http.sent] == ([expected] if expected else [])


@pytest.mark.parametrize("secret", ["whsec_short", "whsec_" + "AAAA", "not base64 at all!"])
def test_nothing_is_sent_under_a_secret_that_is_none(secret):
    kit = a_kit(EXTENSION, URL=URL, SECRET=secret)
    with pytest.raises(DeliveryFailed):
        EXTENSION.run(kit, sample_arrivals(EXTENSION)[0])
    assert kit.http.sent == []
