"""Cognito's custom challenge: what each of its three triggers is answered with.

We begin a sign-in for each thing a browser does, and say what it is in the first response:
`send` leads to a second challenge, whose making texts the code; `check` is right or wrong. So the
number of tries is ours to count, not that of Cognito's rounds, and nothing of Cognito's needs to be
kept in between. (Cognito hands such words to triggers from the first response on, not before it.)
"""

from __future__ import annotations

from collections.abc import Mapping

from webapp.services.phone.bundle import PhoneServices
from webapp.services.phone.texted_codes import is_right_code, make_code

SEND, CHECK = "send", "check"
_CHALLENGE = "CUSTOM_CHALLENGE"


def answer(services: PhoneServices, event: Mapping) -> dict:
    """The event with its response filled in, as Cognito wants it back."""
    respond = _RESPONSES[event["triggerSource"].partition("_")[0]]
    return {**event, "response": respond(services, event)}


def _define(services: PhoneServices, event: Mapping) -> dict:
    rounds = event["request"].get("session") or []
    is_right = bool(rounds) and rounds[-1].get("challengeResult") is True
    goes_on = not rounds or (len(rounds) == 1 and _wanted(event)[0] == SEND)
    return {
        "challengeName": _CHALLENGE if goes_on and not is_right else None,
        "issueTokens": is_right,
        "failAuthentication": not (is_right or goes_on),
    }


def _create(services: PhoneServices, event: Mapping) -> dict:
    wanted, sign_in_id = _wanted(event)
    public = {}
    if wanted == SEND and event["request"].get("session"):
        is_sent = make_code(services, sign_in_id, event["userName"])
        public = {"text": "sent" if is_sent else "not sent"}
    return {
        "publicChallengeParameters": public,
        "privateChallengeParameters": {},
        "challengeMetadata": wanted or "BEGIN",
    }


def _verify(services: PhoneServices, event: Mapping) -> dict:
    wanted, sign_in_id = _wanted(event)
    code = event["request"].get("challengeAnswer") or ""
    is_right = wanted == CHECK and is_right_code(services, sign_in_id, event["userName"], code)
    return {"answerCorrect": is_right}


def _wanted(event: Mapping) -> tuple[str, str]:
    words = event["request"].get("clientMetadata") or {}
    return words.get("wanted", ""), words.get("signIn", "")


_RESPONSES = {
    "DefineAuthChallenge": _define,
    "CreateAuthChallenge": _create,
    "VerifyAuthChallengeResponse": _verify,
}
