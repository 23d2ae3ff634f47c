"""Phones, tablets and TVs in a real Chromium."""

from __future__ import annotations

import os
from contextlib import ExitStack

import boto3
import pytest
from playwright.sync_api import BrowserContext, sync_playwright

from scripts.screens import CHROMIUM_ARGUMENTS, Screens
from tests.canaries import CANARIES, watch_context


@pytest.fixture(scope="session")
def browser():
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=os.environ.get("CHROMIUM"), args=CHROMIUM_ARGUMENTS
        )
        yield chromium
        chromium.close()


class Bar(Screens):
    """The screens of one bar, watched for secrets that get out."""

    def context(self, kind: str, **options) -> BrowserContext:
        context = super().context(kind, **options)
        watch_context(CANARIES, context)
        return context


@pytest.fixture
def bar(browser, stack):
    with ExitStack() as contexts:
        bar = Bar(browser, stack, contexts)
        yield bar
        assert bar.complaints == []


@pytest.fixture
def quick_bar(browser, quick_stack):
    with ExitStack() as contexts:
        bar = Bar(browser, quick_stack, contexts)
        yield bar
        assert bar.complaints == []


def publish(stack, topic: str, html: str) -> None:
    """As somebody who may do anything on AWS."""
    client = boto3.client(
        "iot-data",
        endpoint_url=stack.endpoint_url,
        region_name="us-east-1",
        aws_access_key_id=stack.environment["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=stack.environment["AWS_SECRET_ACCESS_KEY"],
    )
    client.publish(topic=topic, qos=0, payload=html.encode())
