"""Checks of accounts and of text messages, as far as a check may go."""

from __future__ import annotations

import secrets

from botocore.exceptions import ClientError

from scripts.verifying.registry import checks
from scripts.verifying.rehearsal import MAIL_DOMAIN
from scripts.verifying.scenes import Scenes
from scripts.verifying.verdicts import EmulatorDiffers, NotChecked, Wrong
from workflows.names import parameter_name, staff_parameter_name


@checks("staff-sign-in")
def staff_sign_in(scenes: Scenes) -> str:
    asked = {
        "email": f"{scenes.mark}@{MAIL_DOMAIN}",
        "name": "Verify",
        "role": "barista",
        "shop": scenes.shop,
    }
    made = scenes.subject.ask("add-person", asked)
    if refused := made.get("refused"):
        raise Wrong(f"no account can be made: {refused}")
    browser = scenes.browser()
    browser.open(f"/{scenes.shop}/staff")
    browser.press("form", email=asked["email"], password="Wrong-" + secrets.token_urlsafe(12))
    if browser.answer.status_code < 400:
        raise Wrong("a wrong password signs in")
    browser.press("form", email=asked["email"], password=made["password"])
    if not browser.page.select_one("input[name=again]"):
        raise Wrong(f"the temporary password is answered with “{browser.title}”")
    own = "Aa1-" + secrets.token_urlsafe(18)
    browser.press("form", password=own, again=own)
    if not browser.page.select_one("#barista-board"):
        raise Wrong(f"a password of one's own is answered with “{browser.title}”")
    return "temporary password, a password of one's own, and signed in; a wrong one is refused"


@checks("staff-pool")
def staff_pool(scenes: Scenes) -> str:
    pool, client = _pool(scenes, staff_parameter_name(scenes.subject.prefix))
    wanted = next(
        one
        for name, one in scenes.subject.resources("AWS::Cognito::UserPoolClient").items()
        if name == "StaffPoolClient"
    )
    _check_flows(client, wanted)
    minimum = pool["Policies"]["PasswordPolicy"]["MinimumLength"]
    if not pool["AdminCreateUserConfig"]["AllowAdminCreateUserOnly"]:
        raise Wrong("anybody may sign up at the staff's pool")
    return f"nobody signs up by themselves; passwords have {minimum} letters at least"


@checks("customer-pool")
def customer_pool(scenes: Scenes) -> str:
    pool, client = _pool(scenes, parameter_name(scenes.subject.prefix))
    wanted = next(
        one
        for name, one in scenes.subject.resources("AWS::Cognito::UserPoolClient").items()
        if name == "CustomerPoolClient"
    )
    _check_flows(client, wanted)
    triggers = pool.get("LambdaConfig", {})
    for name in ("DefineAuthChallenge", "CreateAuthChallenge", "VerifyAuthChallengeResponse"):
        if triggers.get(name) != scenes.subject.function["FunctionArn"]:
            raise Wrong(f"the trigger {name} does not lead to the function")
    return f"flows {', '.join(sorted(client['ExplicitAuthFlows']))}; its triggers are the function"


def _pool(scenes: Scenes, parameter: str) -> tuple[dict, dict]:
    found = scenes.subject.client("ssm").get_parameter(Name=parameter)["Parameter"]["Value"]
    pool_id, client_id = found.split(",")
    cognito = scenes.subject.client("cognito-idp")
    client = cognito.describe_user_pool_client(UserPoolId=pool_id, ClientId=client_id)
    return cognito.describe_user_pool(UserPoolId=pool_id)["UserPool"], client["UserPoolClient"]


def _check_flows(client: dict, wanted: dict) -> None:
    found = set(client.get("ExplicitAuthFlows", ()))
    if found != set(wanted["ExplicitAuthFlows"]):
        raise Wrong(f"the client's flows are {', '.join(sorted(found)) or 'none'}")


@checks("texts-allowed")
def texts_allowed(scenes: Scenes) -> str:
    sns = scenes.subject.client("sns")
    try:
        is_sandbox = sns.get_sms_sandbox_account_status()["IsInSandbox"]
        limit = sns.get_sms_attributes(attributes=["MonthlySpendLimit"])["attributes"]
    except ClientError as error:
        if scenes.subject.is_emulator and error.response["Error"]["Code"] == "InvalidAction":
            raise EmulatorDiffers("it knows neither sandbox nor spending limit") from None
        raise
    spend = limit.get("MonthlySpendLimit", "1")
    if is_sandbox:
        raise NotChecked(
            "texts are in the sandbox, where only verified numbers get one; ask AWS to leave it"
            f" before customers sign in by phone (limit {spend} $ a month)"
        )
    return f"texts are out of the sandbox, with a limit of {spend} $ a month"


@checks("text-sent")
def text_sent(scenes: Scenes) -> str:
    number = scenes.subject.text_to
    if not number:
        raise NotChecked("no text is sent unless --text NUMBER says where to")
    answer = scenes.subject.client("sns").publish(
        PhoneNumber=number, Message="scripts/verify: texts of this account arrive."
    )
    if not answer.get("MessageId"):
        raise Wrong("SNS took no text")
    return "SNS took a text; whether it arrived, the phone says"
