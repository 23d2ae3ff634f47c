"""The user pool of the people behind the bar: an admin makes each account, nobody signs up.

Groups hold a person's role and shops (`shop-<id>`, created with the shop's first person, or the
group for every shop). The function finds the pool through a parameter with a fixed name, so that no
deployment and no file needs to carry the pool's id.
"""

from __future__ import annotations

from troposphere import GetAtt, Join, Output, Ref, Sub, Template
from troposphere.cognito import (
    AccountRecoverySetting,
    AdminCreateUserConfig,
    PasswordPolicy,
    Policies,
    RecoveryOption,
    TokenValidityUnits,
    UsernameConfiguration,
    UserPool,
    UserPoolClient,
    UserPoolGroup,
)
from troposphere.iam import ManagedPolicy, Role
from troposphere.ssm import Parameter

from domain.passwords import SHORTEST, TEMPORARY_DAYS
from workflows.names import EVERY_SHOP_GROUP, ROLE_GROUPS, staff_parameter_name
from workflows.roles import statement

_SIGN_IN_MINUTES = 15
"""How long a person may take from the password to the last step; Cognito allows no more."""

RIGHTS = {
    "SignStaffIn": ("AdminInitiateAuth", "AdminRespondToAuthChallenge"),
    "ReadStaff": ("AdminGetUser", "AdminListGroupsForUser", "ListUsersInGroup"),
    "KeepStaff": (
        "AdminCreateUser",
        "AdminDeleteUser",
        "AdminDisableUser",
        "AdminEnableUser",
        "AdminSetUserMFAPreference",
        "AdminSetUserPassword",
    ),
    "GroupStaff": ("AdminAddUserToGroup", "AdminRemoveUserFromGroup", "CreateGroup"),
}
"""What the function does with the pool, by statement. Setting up an authenticator needs no right,
because those calls carry the person's own token."""


def add_staff_pool(template: Template, prefix: str, function_role: Role) -> None:
    """The pool, its client, its groups, where to find them, and what the function may do there."""
    pool = template.add_resource(
        UserPool(
            "StaffPool",
            UserPoolName=prefix + "staff",
            DeletionPolicy="Retain",
            UpdateReplacePolicy="Retain",
            UsernameAttributes=["email"],
            UsernameConfiguration=UsernameConfiguration(CaseSensitive=False),
            AdminCreateUserConfig=AdminCreateUserConfig(AllowAdminCreateUserOnly=True),
            # An admin or the terminal resets passwords, so Cognito never sends a code by mail.
            AccountRecoverySetting=AccountRecoverySetting(
                RecoveryMechanisms=[RecoveryOption(Name="admin_only", Priority=1)]
            ),
            Policies=Policies(
                PasswordPolicy=PasswordPolicy(
                    MinimumLength=SHORTEST,
                    RequireLowercase=True,
                    RequireUppercase=True,
                    RequireNumbers=True,
                    RequireSymbols=False,
                    TemporaryPasswordValidityDays=TEMPORARY_DAYS,
                )
            ),
            # Optional in the pool because baristas share tablets; the app admits no admin without
            # it.
            MfaConfiguration="OPTIONAL",
            EnabledMfas=["SOFTWARE_TOKEN_MFA"],
        )
    )
    client = template.add_resource(
        UserPoolClient(
            "StaffPoolClient",
            UserPoolId=Ref(pool),
            ClientName=prefix + "web",
            # Only a server with rights of its own can try a password; a browser cannot.
            ExplicitAuthFlows=["ALLOW_ADMIN_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"],
            PreventUserExistenceErrors="ENABLED",
            AuthSessionValidity=_SIGN_IN_MINUTES,
            # This token only sets up an authenticator; the session itself is a row in our table.
            AccessTokenValidity=_SIGN_IN_MINUTES,
            IdTokenValidity=_SIGN_IN_MINUTES,
            RefreshTokenValidity=1,
            TokenValidityUnits=TokenValidityUnits(
                AccessToken="minutes", IdToken="minutes", RefreshToken="hours"
            ),
            # A person cannot change e-mail or name except on the admin's page.
            ReadAttributes=["email", "name"],
            WriteAttributes=["locale"],
        )
    )
    for group in (*ROLE_GROUPS, EVERY_SHOP_GROUP):
        template.add_resource(
            UserPoolGroup(
                "StaffPool" + group.title().replace("-", ""),
                # Deleting the group would also delete its memberships.
                DeletionPolicy="Retain",
                UpdateReplacePolicy="Retain",
                UserPoolId=Ref(pool),
                GroupName=group,
            )
        )
    parameter = template.add_resource(
        Parameter(
            "StaffPoolIds",
            Name=staff_parameter_name(prefix),
            Type="StringList",
            Value=Join(",", [Ref(pool), Ref(client)]),
            Description="The ids of the staff's user pool and of its client",
        )
    )
    template.add_output(Output("StaffPoolId", Value=Ref(pool)))
    _add_rights(template, pool, parameter, function_role)


def _add_rights(
    template: Template, pool: UserPool, parameter: Parameter, function_role: Role
) -> None:
    # A policy of its own: all inline policies of a role together have a limit of 10,240 letters.
    statements = [
        statement(sid, [f"cognito-idp:{action}" for action in actions], GetAtt(pool, "Arn"))
        for sid, actions in RIGHTS.items()
    ]
    where = Sub("arn:${AWS::Partition}:ssm:${AWS::Region}:${AWS::AccountId}:parameter")
    statements.append(
        statement("FindStaffPool", ["ssm:GetParameter"], Join("", [where, Ref(parameter)]))
    )
    template.add_resource(
        ManagedPolicy(
            "StaffPoolPolicy",
            Description="What the function does with the staff's user pool",
            Roles=[Ref(function_role)],
            PolicyDocument={"Version": "2012-10-17", "Statement": statements},
        )
    )
