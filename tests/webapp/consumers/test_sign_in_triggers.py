"""Cognito's triggers come in through the function's door and get their answer back."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from webapp import bootstrap, create_app, local
from webapp.settings import Settings

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def app(services, monkeypatch):
    app = create_app(
        Settings(secret_key=services.secret_keys[0], public_url=services.public_url), services
    )
    monkeypatch.setattr(bootstrap, "current_app", lambda: app)
    return app


def trigger(name: str, **request) -> dict:
    """An event as AWS documents it; what is not there yet is null."""
    return {
        "version": "1",
        "triggerSource": f"{name}_Authentication",
        "region": "us-east-1",
        "userPoolId": "us-east-1_abcdefghi",
        "userName": "0" * 32,
        "callerContext": {"awsSdkVersion": "aws-sdk-unknown-unknown", "clientId": "client"},
        "request": {"userAttributes": {"sub": "s"}, "userNotFound": False, **request},
        "response": {"challengeName": None, "issueTokens": None, "failAuthentication": None},
    }


ANSWERS = [
    (
        trigger("DefineAuthChallenge", session=[]),
        {"challengeName": "CUSTOM_CHALLENGE", "issueTokens": False, "failAuthentication": False},
    ),
    (
        trigger("DefineAuthChallenge", session=[{"challengeResult": False}]),
        {"challengeName": None, "issueTokens": False, "failAuthentication": True},
    ),
    (
        trigger("DefineAuthChallenge", session=[{"challengeResult": True}]),
        {"challengeName": None, "issueTokens": True, "failAuthentication": False},
    ),
    (
        trigger(
            "DefineAuthChallenge",
            session=[{"challengeResult": False}],
            clientMetadata={"wanted": "send"},
        ),
        {"challengeName": "CUSTOM_CHALLENGE", "issueTokens": False, "failAuthentication": False},
    ),
    (
        trigger(
            "DefineAuthChallenge",
            session=[{"challengeResult": False}] * 2,
            clientMetadata={"wanted": "send"},
        ),
        {"challengeName": None, "issueTokens": False, "failAuthentication": True},
    ),
    (
        trigger("VerifyAuthChallengeResponse", challengeAnswer="000000"),
        {"answerCorrect": False},
    ),
    (
        trigger(
            "VerifyAuthChallengeResponse",
            challengeAnswer="000000",
            clientMetadata={"wanted": "check", "signIn": "unknown"},
        ),
        {"answerCorrect": False},
    ),
]


@pytest.mark.parametrize(("event", "response"), ANSWERS)
def test_the_functions_door_answers_a_trigger_with_its_event(app, event, response):
    from webapp.entry import handler

    answer = handler(event, None)
    assert answer == {**event, "response": response}
    json.dumps(answer)


def test_the_local_entry_answers_the_same(app):
    event, response = ANSWERS[0]
    body = json.dumps(event).encode()
    started = []
    from io import BytesIO

    environ = {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": "/secret",
        "HTTP_HOST": "127.0.0.1:1",
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.input": BytesIO(body),
    }
    entry = local.FunctionEntry(app, "secret")
    [answer] = entry(environ, lambda status, _: started.append(status))
    assert started == ["200 OK"]
    assert json.loads(answer) == {**event, "response": response}


def test_zappa_leaves_the_pool_to_the_stack():
    """Its `cognito` setting would rewrite the pool on each update (decision 32)."""
    for stage in json.loads((ROOT / "zappa_settings.json").read_text()).values():
        assert "cognito" not in stage
