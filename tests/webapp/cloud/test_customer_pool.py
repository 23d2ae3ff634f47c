"""What Cognito may answer to a customer's code; its triggers are tested where they are."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from botocore.exceptions import ClientError

from domain.errors import Busy
from webapp.cloud.customer_pool import CognitoCustomerPool


@dataclass
class ScriptedCognito:
    """Cognito with one answer to the response to its challenge, or one error."""

    answer: dict | str
    has_account: bool = True
    is_expired: bool = False

    def __post_init__(self):
        self.cognito = self.parameters = self

    def get_parameter(self, Name: str) -> dict:
        return {"Parameter": {"Value": "pool,client"}}

    def admin_create_user(self, **_) -> None:
        if self.has_account:
            raise _error("UsernameExistsException")
        self.has_account, self.is_expired = True, False

    def admin_delete_user(self, **_) -> None:
        self.has_account = False

    def admin_initiate_auth(self, **_) -> dict:
        if self.is_expired:
            raise _error("NotAuthorizedException")
        return {"Session": "session", "ChallengeName": "CUSTOM_CHALLENGE"}

    def admin_respond_to_auth_challenge(self, **_) -> dict:
        if isinstance(self.answer, str):
            raise _error(self.answer)
        return self.answer


def _error(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": ""}}, "Operation")


def _check(answer: dict | str) -> bool:
    return CognitoCustomerPool(ScriptedCognito(answer), "bar-").check_code(
        "customer-1", "s", "123456"
    )


@pytest.mark.parametrize(
    "answer",
    [
        {"AuthenticationResult": {"AccessToken": "token"}},
        {"ChallengeName": "NEW_PASSWORD_REQUIRED", "ChallengeParameters": {}, "Session": "s"},
    ],
    ids=["tokens", "a wish for a password"],
)
def test_a_right_code_is_right_whatever_cognito_wants_of_the_account_afterwards(answer):
    assert _check(answer)


@pytest.mark.parametrize(
    "answer",
    [
        "NotAuthorizedException",
        "UserNotFoundException",
        {"ChallengeName": "CUSTOM_CHALLENGE", "ChallengeParameters": {}, "Session": "s"},
    ],
)
def test_a_wrong_code_and_a_customer_who_is_gone_are_no_sign_in(answer):
    assert not _check(answer)


@pytest.mark.parametrize(
    "code",
    [
        "TooManyRequestsException",
        "LimitExceededException",
        "UnexpectedLambdaException",
        "UserLambdaValidationException",
        "InvalidLambdaResponseException",
    ],
)
def test_a_pool_or_a_trigger_that_is_too_busy_says_so(code):
    with pytest.raises(Busy):
        _check(code)
    with pytest.raises(Busy):
        CognitoCustomerPool(ScriptedCognito(code), "bar-").send_code("customer-1", "s")


@pytest.mark.parametrize(("text", "is_sent"), [("sent", True), ("not sent", False)])
def test_the_pool_hands_on_whether_the_text_went_out(text, is_sent):
    answer = {"ChallengeName": "CUSTOM_CHALLENGE", "ChallengeParameters": {"text": text}}
    pool = CognitoCustomerPool(ScriptedCognito(answer), "bar-")
    assert pool.send_code("customer-1", "s") is is_sent


def test_an_account_that_has_expired_is_made_anew():
    answer = {"ChallengeName": "CUSTOM_CHALLENGE", "ChallengeParameters": {"text": "sent"}}
    cognito = ScriptedCognito(answer, is_expired=True)
    assert CognitoCustomerPool(cognito, "bar-").send_code("customer-1", "s")
    assert cognito.has_account and not cognito.is_expired
