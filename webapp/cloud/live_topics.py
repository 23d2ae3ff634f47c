"""Publishes fragments to IoT Core topics, and names the topics."""

from __future__ import annotations

from webapp.cloud.clients import Clients
from webapp.services.events.ports import LiveTopics

ROOT = "serverlesspresso"
"""The first level of all topics as the product names them."""


def root_of(prefix: str) -> str:
    """The first level of a deployment's topics: two in one account must not hear each other."""
    return prefix.rstrip("-")


def in_deployment(topic: str, prefix: str) -> str:
    """A topic as the deployment with this prefix spells it."""
    return root_of(prefix) + topic.removeprefix(ROOT)


def order_topic(shop_id: str, order_id: str) -> str:
    """The topic base of one order's customer; a fragment's name follows."""
    return f"{ROOT}/{shop_id}/customer/{order_id}"


def barista_topic(shop_id: str) -> str:
    """The topic base of a shop's tablets."""
    return f"{ROOT}/{shop_id}/barista"


def display_topic(shop_id: str) -> str:
    """The topic base of a shop's TVs."""
    return f"{ROOT}/{shop_id}/display"


def board_topic(shop_id: str) -> str:
    """The topic base of what hangs on the wall: whose drink is being made, and whose is ready.

    TVs show it; to tablets and to the figures it says that something has changed.
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
