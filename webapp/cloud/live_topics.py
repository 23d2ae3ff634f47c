"""Names the IoT Core topics and publishes fragments to them."""

from __future__ import annotations

from webapp.cloud.clients import Clients
from webapp.services.events.ports import LiveTopics

ROOT = "serverlesspresso"
"""The first level of all topics in the code."""


def root_of(prefix: str) -> str:
    """Returns the first level of a deployment's topics.

    It differs for each deployment of an account, so that none receives the messages of another.
    """
    return prefix.rstrip("-")


def in_deployment(topic: str, prefix: str) -> str:
    """Returns a topic as the deployment with this prefix spells it."""
    return root_of(prefix) + topic.removeprefix(ROOT)


def order_topic(shop_id: str, order_id: str) -> str:
    """Returns the topic of one order's customer; a fragment's name follows it."""
    return f"{ROOT}/{shop_id}/customer/{order_id}"


def barista_topic(shop_id: str) -> str:
    """Returns the topic of a shop's tablets."""
    return f"{ROOT}/{shop_id}/barista"


def display_topic(shop_id: str) -> str:
    """Returns the topic of a shop's TVs."""
    return f"{ROOT}/{shop_id}/display"


def board_topic(shop_id: str) -> str:
    """Returns the topic of the board: whose drink is being made, and whose is ready.

    TVs show its fragment. Tablets and pages of figures use it as a signal to read again.
    """
    return f"{ROOT}/{shop_id}/board"


class IotLiveTopics(LiveTopics):
    """See the port."""

    def __init__(self, clients: Clients, prefix: str):
        self._clients = clients
        self._prefix = prefix

    def publish(self, topic: str, html: str) -> None:
        self._clients.iot_data.publish(
            topic=in_deployment(topic, self._prefix), qos=0, payload=html.encode()
        )
