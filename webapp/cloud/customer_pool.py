"""Customers with a phone number, as users of a Cognito pool whose custom challenge is ours.

A user's name is the customer id. The pool never learns the phone number.
"""

from __future__ import annotations

from botocore.exceptions import ClientError

from domain.errors import Busy
from webapp.cloud.clients import Clients
from webapp.services.phone.ports import CustomerPool
from workflows.names import parameter_name

_TOO_MANY = {"LimitExceededException", "TooManyRequestsException"}
_TRIGGER_FAILED = {
    "InvalidLambdaResponseException",
    "UnexpectedLambdaException",
    "UserLambdaValidationException",
}
_REFUSED = {"NotAuthorizedException", "UserNotFoundException"}
_WANTS_PASSWORD = "NEW_PASSWORD_REQUIRED"


class CognitoCustomerPool(CustomerPool):
    """See the port."""

    def __init__(self, clients: Clients, prefix: str):
        self._clients = clients
        self._prefix = prefix
        self._ids: dict[str, str] = {}

    def send_code(self, customer_id: str, sign_in_id: str) -> bool:
        try:
            # A known customer is created again too, so that the calls are the same for every number
            # and do not reveal whether it is known.
            self._create(customer_id)
            try:
                answer = self._respond(customer_id, "send", sign_in_id, "-")
            except ClientError as error:
                if error.response["Error"]["Code"] not in _REFUSED:
                    raise
                # Cognito lets an account expire that never had a password. The account holds
                # nothing else, so it is made anew.
                self.forget(customer_id)
                self._create(customer_id)
                answer = self._respond(customer_id, "send", sign_in_id, "-")
        except ClientError as error:
            raise _translated(error) from None
        return answer["ChallengeParameters"].get("text") == "sent"

    def check_code(self, customer_id: str, sign_in_id: str, code: str) -> bool:
        try:
            answer = self._respond(customer_id, "check", sign_in_id, code)
        except ClientError as error:
            if error.response["Error"]["Code"] in _REFUSED:
                return False
            raise _translated(error) from None
        # Cognito refuses a wrong code. It answers a right one with tokens, or perhaps with a demand
        # for a new password if the account has never had one. That demand is ignored.
        return "AuthenticationResult" in answer or answer.get("ChallengeName") == _WANTS_PASSWORD

    def forget(self, customer_id: str) -> None:
        try:
            self._clients.cognito.admin_delete_user(
                UserPoolId=self._pool["UserPoolId"], Username=customer_id
            )
        except ClientError as error:
            if error.response["Error"]["Code"] != "UserNotFoundException":
                raise _translated(error) from None

    def _create(self, customer_id: str) -> None:
        try:
            self._clients.cognito.admin_create_user(
                UserPoolId=self._pool["UserPoolId"],
                Username=customer_id,
                MessageAction="SUPPRESS",
            )
        except ClientError as error:
            if error.response["Error"]["Code"] != "UsernameExistsException":
                raise

    def _respond(self, customer_id: str, wanted: str, sign_in_id: str, typed: str) -> dict:
        begun = self._clients.cognito.admin_initiate_auth(
            **self._pool, AuthFlow="CUSTOM_AUTH", AuthParameters={"USERNAME": customer_id}
        )
        return self._clients.cognito.admin_respond_to_auth_challenge(
            **self._pool,
            ChallengeName="CUSTOM_CHALLENGE",
            Session=begun["Session"],
            ChallengeResponses={"USERNAME": customer_id, "ANSWER": typed},
            ClientMetadata={"wanted": wanted, "signIn": sign_in_id},
        )

    @property
    def _pool(self) -> dict[str, str]:
        """Returns the ids of pool and client from the parameter that the stack has written."""
        if not self._ids:
            answer = self._clients.parameters.get_parameter(Name=parameter_name(self._prefix))
            pool_id, client_id = answer["Parameter"]["Value"].split(",")
            self._ids = {"UserPoolId": pool_id, "ClientId": client_id}
        return self._ids


def _translated(error: ClientError) -> Exception:
    code = error.response["Error"]["Code"]
    return Busy() if code in _TOO_MANY | _TRIGGER_FAILED else error
