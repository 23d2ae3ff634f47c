"""Short-lived addresses at which one page may read its own IoT topics, and nothing else.

The credentials come from a role that may read the topics of all screens. A session policy narrows
them to the page's topics and one client id, so that a stolen address opens only that page's topics.
"""

from __future__ import annotations

import json
import re
import secrets
from dataclasses import dataclass
from functools import cached_property
from urllib.parse import quote, urlsplit

from webapp.cloud.clients import Clients
from webapp.cloud.live_topics import in_deployment

GRANT_SECONDS = 15 * 60
"""The shortest life that STS allows. A screen whose session was ended gets nothing new after it."""

_HANDSHAKE_SECONDS = 60
_ROLE = "live"
_TOPIC = re.compile(r"[A-Za-z0-9_-]+(/[A-Za-z0-9_-]+)*")


@dataclass(frozen=True)
class Grant:
    """The address and client id with which a page connects, its topic filters, and its life."""

    url: str
    client_id: str
    topic_filters: list[str]
    seconds: int


class LiveGrants:
    """Grants pages the right to read topics from IoT Core."""

    def __init__(self, clients: Clients, prefix: str):
        self._clients = clients
        self._prefix = prefix

    @cached_property
    def origin(self) -> str:
        """Returns the address of IoT Core in the form of a Content-Security-Policy."""
        iot = self._clients.iot
        host = iot.describe_endpoint(endpointType="iot:Data-ATS")["endpointAddress"]
        # The page's connection is as safe as our own to IoT: TLS everywhere except on a loopback
        # emulator.
        is_plain = urlsplit(iot.meta.endpoint_url).scheme == "http"
        return f"{'ws' if is_plain else 'wss'}://{host}"

    def grant(self, topics: list[str]) -> Grant:
        """Returns a grant to read the fragments published directly below some topics.

        Raises ValueError for a topic with a pattern's character.
        """
        # A pattern's character in the id of a shop or an order would widen the policy.
        if not all(_TOPIC.fullmatch(topic) for topic in topics):
            raise ValueError(f"{topics!r} are not one page's topics")
        topics = [in_deployment(topic, self._prefix) for topic in topics]
        client_id = f"live-{secrets.token_hex(16)}"
        credentials = self._clients.sts.assume_role(
            RoleArn=f"arn:aws:iam::{self._clients.account}:role/{self._prefix}{_ROLE}",
            RoleSessionName=client_id,
            DurationSeconds=GRANT_SECONDS,
            Policy=json.dumps(self._policy(topics, client_id)),
        )["Credentials"]
        url = signed_url(f"{self.origin}/mqtt", self._clients.region, credentials)
        return Grant(url, client_id, [f"{topic}/+" for topic in topics], GRANT_SECONDS)

    def _policy(self, topics: list[str], client_id: str) -> dict:
        arn = f"arn:aws:iot:{self._clients.region}:{self._clients.account}"
        allowed = (
            ("iot:Connect", [f"client/{client_id}"]),
            ("iot:Subscribe", [f"topicfilter/{topic}/+" for topic in topics]),
            # A + is an ordinary character in a policy, so the policy uses * for what the topic
            # filter's + matches.
            ("iot:Receive", [f"topic/{topic}/*" for topic in topics]),
        )
        return {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Effect": "Allow",
                    "Action": action,
                    "Resource": [f"{arn}:{resource}" for resource in resources],
                }
                for action, resources in allowed
            ],
        }


def signed_url(url: str, region: str, credentials: dict) -> str:
    """Returns the address signed for one handshake that begins within a minute."""
    from botocore.auth import SigV4QueryAuth
    from botocore.awsrequest import AWSRequest
    from botocore.credentials import Credentials

    request = AWSRequest("GET", url)
    keys = Credentials(credentials["AccessKeyId"], credentials["SecretAccessKey"])
    SigV4QueryAuth(keys, "iotdevicegateway", region, expires=_HANDSHAKE_SECONDS).add_auth(request)
    # IoT's gateway expects the session token outside the signature, unlike every other service.
    token = quote(credentials["SessionToken"], safe="")
    return f"{request.url}&X-Amz-Security-Token={token}"
