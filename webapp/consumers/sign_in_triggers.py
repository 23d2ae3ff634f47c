"""Answers the three triggers of Cognito's custom challenge.

The app begins a Cognito sign-in for each thing that a browser does, and names that thing in its
first response. `send` leads to a second challenge, and making that one texts the code. `check` only
says whether the code is right. So our own limits count the tries instead of Cognito's rounds, and
no session of Cognito's has to be kept in between. The name is in the first response because Cognito
does not hand it to the triggers before that.
"""

from __future__ import annotations

from collections.abc import Mapping

from webapp.services.phone.bundle import PhoneServices
from webapp.services.phone.texted_codes import is_right_code, make_code

SEND, CHECK = "send", "check"
_CHALLENGE = "CUSTOM_CHALLENGE"


def answer(services: PhoneServices, event: Mapping) -> dict:
    """Returns the event with its response filled in, as Cognito wants it back."""
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
