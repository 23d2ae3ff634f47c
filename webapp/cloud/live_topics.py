"""Publishes fragments to IoT Core topics, and names the topics."""

from __future__ import annotations

from webapp.cloud.clients import Clients

ROOT = "serverlesspresso"


def order_topic(shop_id: str, order_id: str) -> str:
    """The topic base of one order's customer; a fragment's name follows."""
    return f"{ROOT}/{shop_id}/customer/{order_id}"


def barista_topic(shop_id: str) -> str:
    """The topic base of a shop's tablets."""
    return f"{ROOT}/{shop_id}/barista"


def display_topic(shop_id: str) -> str:
    """The topic base of a shop's TVs."""
    return f"{ROOT}/{shop_id}/display"


class LiveTopics:
    """See services.ports.LiveTopics."""

    def __init__(self, clients: Clients):
        self._clients = clients

    def publish(self, topic: str, html: str) -> None:
        self._clients.iot_data.publish(topic=topic, qos=0, payload=html.encode())
