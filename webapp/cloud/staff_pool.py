"""The named people of the bar in their Cognito user pool.

Only the server calls the pool, with its own rights, and uses the answers as they are, so no token
is ever parsed. Groups hold a person's role and shops, because joining or leaving a group is one
atomic step even if the person is changed elsewhere at the same time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from botocore.exceptions import ClientError

from domain.errors import Busy, ChoiceInvalid, SignInOver, SignInRefused
from domain.people import EVERY_SHOP, Person
from webapp.cloud.clients import Clients
from webapp.services.refused import AlreadyThere
from webapp.services.staff.ports import PoolAnswer, SignInStep, StaffPool
from workflows.names import EVERY_SHOP_GROUP, ROLE_GROUPS, staff_parameter_name

_SHOP_GROUP = "shop-"
_STEPS = {
    "NEW_PASSWORD_REQUIRED": SignInStep.NEW_PASSWORD,
    "SOFTWARE_TOKEN_MFA": SignInStep.CODE,
}
_REFUSED = {
    "NotAuthorizedException",
    "PasswordResetRequiredException",
    "UserNotConfirmedException",
    "UserNotFoundException",
}
_WRONG_CODE = {"CodeMismatchException", "EnableSoftwareTokenMFAException", "ExpiredCodeException"}
_TOO_MANY = {"LimitExceededException", "TooManyRequestsException"}
_WRONG_CODE_SENTENCE = (
    "That is not the code your app shows now. Wait for the next one, then type that."
)


class CognitoStaffPool(StaffPool):
    """See the port."""

    def __init__(self, clients: Clients, prefix: str):
        self._clients = clients
        self._prefix = prefix
        self._ids: tuple[str, str] | None = None

    def check_password(self, email: str, password: str) -> PoolAnswer:
        try:
            answer = self._ask_as_client(
                "admin_initiate_auth",
                AuthFlow="ADMIN_USER_PASSWORD_AUTH",
                AuthParameters={"USERNAME": email, "PASSWORD": password},
            )
        except ClientError as error:
            _raise_unless(error, _REFUSED)
            raise SignInRefused from None
        if name := answer.get("ChallengeName"):
            user = answer.get("ChallengeParameters", {}).get("USER_ID_FOR_SRP", email)
            return PoolAnswer(_STEPS[name], answer["Session"], user)
        return PoolAnswer(None, answer["AuthenticationResult"]["AccessToken"], email)

    def set_password(self, answer: PoolAnswer, password: str) -> None:
        try:
            self._respond(answer, "NEW_PASSWORD_REQUIRED", NEW_PASSWORD=password)
        except ClientError as error:
            if error.response["Error"]["Code"] == "InvalidPasswordException":
                raise ChoiceInvalid("This password will not do. Choose another one.") from None
            _raise_unless(error, _REFUSED)
            raise SignInOver from None

    def check_code(self, answer: PoolAnswer, code: str) -> None:
        with_code = {"SOFTWARE_TOKEN_MFA_CODE": code}
        _check_code(lambda: self._respond(answer, "SOFTWARE_TOKEN_MFA", **with_code))

    def begin_authenticator(self, answer: PoolAnswer) -> str:
        return self._clients.cognito.associate_software_token(AccessToken=answer.handle)[
            "SecretCode"
        ]

    def prove_authenticator(self, answer: PoolAnswer, code: str) -> None:
        _check_code(
            lambda: self._clients.cognito.verify_software_token(
                AccessToken=answer.handle, UserCode=code
            )
        )
        wanted = {"Enabled": True, "PreferredMfa": True}
        self._admin("admin_set_user_mfa_preference", answer.user, SoftwareTokenMfaSettings=wanted)

    def find(self, name: str) -> Person | None:
        try:
            user = self._admin("admin_get_user", name)
        except ClientError as error:
            _raise_unless(error, {"UserNotFoundException"})
            return None
        groups = self._pages("admin_list_groups_for_user", "Groups", Username=user["Username"])
        return _person(user, user["UserAttributes"], {group["GroupName"] for group in groups})

    def people_of(self, shop_id: str) -> list[Person]:
        members = {
            group: {user["Username"]: user for user in self._members(group)}
            for group in (*ROLE_GROUPS, EVERY_SHOP_GROUP, _SHOP_GROUP + shop_id)
        }
        here = members[EVERY_SHOP_GROUP] | members[_SHOP_GROUP + shop_id]
        return [
            _person(user, user["Attributes"], {g for g, users in members.items() if name in users})
            for name, user in here.items()
        ]

    def create(self, email: str, name: str, password: str) -> None:
        try:
            self._admin(
                "admin_create_user",
                email,
                TemporaryPassword=password,
                # Cognito sends no e-mail, because the admin hands over the password. So a lost
                # e-mail blocks nobody.
                MessageAction="SUPPRESS",
                UserAttributes=[
                    {"Name": "email", "Value": email},
                    {"Name": "email_verified", "Value": "true"},
                    {"Name": "name", "Value": name},
                ],
            )
        except ClientError as error:
            if error.response["Error"]["Code"] == "InvalidParameterException":
                raise ChoiceInvalid("This is not an e-mail address.") from None
            _raise_unless(error, {"UsernameExistsException"})
            raise AlreadyThere from None

    def admit(self, email: str, role: str, shop_id: str) -> None:
        group = _group_of(shop_id)
        if shop_id != EVERY_SHOP:
            self._make_group(group)
        for name in (role, group):
            self._admin("admin_add_user_to_group", email, GroupName=name)

    def expel(self, person: Person, shop_id: str) -> None:
        self._admin("admin_remove_user_from_group", person.id, GroupName=_group_of(shop_id))

    def delete(self, person: Person) -> None:
        self._admin("admin_delete_user", person.id)

    def set_enabled(self, person: Person, is_enabled: bool) -> None:
        self._admin("admin_enable_user" if is_enabled else "admin_disable_user", person.id)

    def hand_out_password(self, person: Person, password: str) -> None:
        self._admin("admin_set_user_password", person.id, Password=password, Permanent=False)

    def forget_authenticator(self, person: Person) -> None:
        self._admin(
            "admin_set_user_mfa_preference", person.id, SoftwareTokenMfaSettings={"Enabled": False}
        )

    def _members(self, group: str) -> Iterator[dict]:
        try:
            yield from self._pages("list_users_in_group", "Users", GroupName=group)
        except ClientError as error:
            # A shop's group is made only when its first person joins, so a missing group has no
            # members.
            _raise_unless(error, {"ResourceNotFoundException"})

    def _make_group(self, group: str) -> None:
        try:
            self._call("create_group", GroupName=group)
        except ClientError as error:
            _raise_unless(error, {"GroupExistsException"})

    def _respond(self, answer: PoolAnswer, challenge: str, **responses: str) -> dict:
        return self._ask_as_client(
            "admin_respond_to_auth_challenge",
            ChallengeName=challenge,
            Session=answer.handle,
            ChallengeResponses={"USERNAME": answer.user, **responses},
        )

    def _ask_as_client(self, operation: str, **arguments: Any) -> dict:
        return self._call(operation, ClientId=self._pool_and_client()[1], **arguments)

    def _admin(self, operation: str, name: str, **arguments: Any) -> dict:
        return self._call(operation, Username=name, **arguments)

    def _pages(self, operation: str, key: str, **arguments: Any) -> Iterator[dict]:
        answer = self._call(operation, **arguments)
        yield from answer[key]
        while token := answer.get("NextToken"):
            answer = self._call(operation, NextToken=token, **arguments)
            yield from answer[key]

    def _call(self, operation: str, **arguments: Any) -> dict:
        pool_id = self._pool_and_client()[0]
        return getattr(self._clients.cognito, operation)(UserPoolId=pool_id, **arguments)

    def _pool_and_client(self) -> tuple[str, str]:
        if self._ids is None:
            found = self._clients.parameters.get_parameter(Name=staff_parameter_name(self._prefix))
            pool_id, client_id = found["Parameter"]["Value"].split(",")
            self._ids = pool_id, client_id
        return self._ids


def _check_code(ask: Callable[[], dict]) -> None:
    try:
        answer = ask()
    except ClientError as error:
        if error.response["Error"]["Code"] in _WRONG_CODE:
            raise ChoiceInvalid(_WRONG_CODE_SENTENCE) from None
        _raise_unless(error, _REFUSED)
        raise SignInOver from None
    if answer.get("Status", "SUCCESS") != "SUCCESS":
        raise ChoiceInvalid(_WRONG_CODE_SENTENCE)


def _raise_unless(error: ClientError, expected: Iterable[str]) -> None:
    code = error.response["Error"]["Code"]
    if code in _TOO_MANY:
        raise Busy from error
    if code not in expected:
        raise error


def _person(user: dict, attributes: list[dict], groups: set[str]) -> Person:
    values = {attribute["Name"]: attribute["Value"] for attribute in attributes}
    shops = {group.removeprefix(_SHOP_GROUP) for group in groups if group.startswith(_SHOP_GROUP)}
    return Person(
        id=user["Username"],
        email=values["email"],
        name=values.get("name", ""),
        role=next((role for role in ROLE_GROUPS if role in groups), ""),
        shops=frozenset(shops | ({EVERY_SHOP} if EVERY_SHOP_GROUP in groups else set())),
        is_enabled=user["Enabled"],
        is_invited=user["UserStatus"] != "CONFIRMED",
    )


def _group_of(shop_id: str) -> str:
    return EVERY_SHOP_GROUP if shop_id == EVERY_SHOP else _SHOP_GROUP + shop_id
