"""The staff's pool lets nobody in by a side door, and the function may do its jobs there only."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from domain import passwords
from webapp.stack import build_template_body
from workflows.names import staff_parameter_name
from workflows.staff_pool import RIGHTS

POOL_ARN = {"Fn::GetAtt": ["StaffPool", "Arn"]}


@pytest.fixture(scope="module")
def resources() -> dict:
    return json.loads(build_template_body(300, 900))["Resources"]


def test_accounts_and_what_they_may_do_outlive_the_stack(resources):
    groups = [one for one in resources.values() if one["Type"] == "AWS::Cognito::UserPoolGroup"]
    assert len(groups) == 3
    for one in (resources["StaffPool"], *groups):
        assert one["DeletionPolicy"] == one["UpdateReplacePolicy"] == "Retain"


def test_nobody_signs_up_or_recovers_a_password_by_themselves(resources):
    pool = resources["StaffPool"]["Properties"]
    assert pool["AdminCreateUserConfig"] == {"AllowAdminCreateUserOnly": True}
    assert pool["AccountRecoverySetting"]["RecoveryMechanisms"] == [
        {"Name": "admin_only", "Priority": 1}
    ]


def test_no_browser_can_try_a_password_at_the_pool(resources):
    client = resources["StaffPoolClient"]["Properties"]
    assert set(client["ExplicitAuthFlows"]) == {
        "ALLOW_ADMIN_USER_PASSWORD_AUTH",
        "ALLOW_REFRESH_TOKEN_AUTH",
    }
    assert client["PreventUserExistenceErrors"] == "ENABLED"
    # With the token of the set-up page nobody becomes another person.
    assert not {"email", "name"} & set(client["WriteAttributes"])


def test_pool_and_pages_ask_the_same_of_a_password(resources):
    policy = resources["StaffPool"]["Properties"]["Policies"]["PasswordPolicy"]
    assert policy["MinimumLength"] == passwords.SHORTEST
    assert policy["TemporaryPasswordValidityDays"] == passwords.TEMPORARY_DAYS
    for _ in range(50):
        assert passwords.fault_in(passwords.temporary_password()) is None


def test_the_functions_rights_are_on_this_pool_and_this_parameter_only(resources):
    policy = resources["StaffPoolPolicy"]["Properties"]
    assert policy["Roles"] == [{"Ref": "FunctionRole"}]
    *on_pool, find = policy["PolicyDocument"]["Statement"]
    assert {one["Sid"] for one in on_pool} == set(RIGHTS)
    assert all(one["Resource"] == POOL_ARN for one in on_pool)
    assert find["Action"] == ["ssm:GetParameter"]
    assert find["Resource"]["Fn::Join"][1][1] == {"Ref": "StaffPoolIds"}
    assert resources["StaffPoolIds"]["Properties"]["Name"] == staff_parameter_name(
        "serverlesspresso-"
    )


def test_every_right_is_one_that_the_pools_adapter_uses():
    source = Path("webapp/cloud/staff_pool.py").read_text()
    used = set(re.findall(r'"((?:admin|list|create)_\w+)"', source))
    granted = {action for actions in RIGHTS.values() for action in actions}
    assert {name.replace("_", "") for name in used} == {action.lower() for action in granted}


def test_every_clients_tokens_live_as_long_as_cognito_lets_them(resources):
    minutes = {"minutes": 1, "hours": 60, "days": 24 * 60}
    clients = [
        one["Properties"]
        for one in resources.values()
        if one["Type"] == "AWS::Cognito::UserPoolClient"
    ]
    for client in clients:
        assert 3 <= client.get("AuthSessionValidity", 3) <= 15
        units = client.get("TokenValidityUnits", {})
        lives = {name: client[f"{name}Validity"] * minutes[units[name]] for name in units}
        for name in lives.keys() - {"RefreshToken"}:
            assert 5 <= lives[name] <= 24 * 60
            # Cognito wants the token that renews the others to outlive them.
            assert lives[name] < lives["RefreshToken"]
        assert 60 <= lives.get("RefreshToken", 60) <= 10 * 365 * 24 * 60
