"""The user pool of customers who sign in by phone; our function answers its custom challenge.

The pool holds no phone number: a user's name is a keyed hash of the number. Nobody can sign up. A
stranger who knows the client's id could begin a sign-in only for a user name that they cannot
guess. Even then the triggers do nothing, because no page of ours has begun that sign-in.
"""

from __future__ import annotations

from troposphere import GetAtt, If, Join, NoValue, Ref, Sub, Template
from troposphere.awslambda import Permission
from troposphere.cognito import (
    AccountRecoverySetting,
    AdminCreateUserConfig,
    LambdaConfig,
    RecoveryOption,
    UserPool,
    UserPoolClient,
)
from troposphere.iam import ManagedPolicy, Role
from troposphere.ssm import Parameter

from workflows.names import parameter_name
from workflows.roles import statement

_TRIGGERS = ("DefineAuthChallenge", "CreateAuthChallenge", "VerifyAuthChallengeResponse")


def add_customer_pool(
    template: Template, prefix: str, function_role: Role, has_function: str
) -> None:
    """The pool, its client and triggers, where to find them, and what the function may do there.

    has_function: the template's condition for resources that point at the function.
    """
    pool = template.add_resource(
        UserPool(
            "CustomerPool",
            UserPoolName=prefix + "customers",
            # A user is created again at the next sign-in, so deleting the pool loses nothing.
            DeletionPolicy="Delete",
            AdminCreateUserConfig=AdminCreateUserConfig(AllowAdminCreateUserOnly=True),
            AccountRecoverySetting=AccountRecoverySetting(
                RecoveryMechanisms=[RecoveryOption(Name="admin_only", Priority=1)]
            ),
            LambdaConfig=If(
                has_function,
                LambdaConfig(**{trigger: Ref("FunctionArn") for trigger in _TRIGGERS}),
                NoValue,
            ),
        )
    )
    client = template.add_resource(
        UserPoolClient(
            "CustomerPoolClient",
            UserPoolId=Ref(pool),
            ClientName=prefix + "web",
            # The product refreshes no token, but CloudFormation creates no client without this
            # flow.
            ExplicitAuthFlows=["ALLOW_CUSTOM_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"],
            PreventUserExistenceErrors="ENABLED",
        )
    )
    template.add_resource(
        Permission(
            "CustomerPoolPermission",
            Condition=has_function,
            Action="lambda:InvokeFunction",
            FunctionName=Ref("FunctionArn"),
            Principal="cognito-idp.amazonaws.com",
            SourceArn=GetAtt(pool, "Arn"),
        )
    )
    parameter = template.add_resource(
        Parameter(
            "CustomerPoolIds",
            Name=parameter_name(prefix),
            Type="StringList",
            Value=Join(",", [Ref(pool), Ref(client)]),
            Description="The ids of the customers' user pool and of its client",
        )
    )
    _add_rights(template, pool, parameter, function_role)


def _add_rights(
    template: Template, pool: UserPool, parameter: Parameter, function_role: Role
) -> None:
    pool_arn = GetAtt(pool, "Arn")
    where = Sub("arn:${AWS::Partition}:ssm:${AWS::Region}:${AWS::AccountId}:parameter")
    # A policy of its own: all inline policies of a role together have a limit of 10,240 letters.
    template.add_resource(
        ManagedPolicy(
            "CustomerPoolPolicy",
            Description="How the function signs customers in by phone",
            Roles=[Ref(function_role)],
            PolicyDocument={
                "Version": "2012-10-17",
                "Statement": [
                    statement("NameCustomers", ["cognito-idp:AdminCreateUser"], pool_arn),
                    statement("ForgetCustomers", ["cognito-idp:AdminDeleteUser"], pool_arn),
                    statement(
                        "SignCustomersIn",
                        [
                            "cognito-idp:AdminInitiateAuth",
                            "cognito-idp:AdminRespondToAuthChallenge",
                        ],
                        pool_arn,
                    ),
                    statement(
                        "FindCustomerPool", ["ssm:GetParameter"], Join("", [where, Ref(parameter)])
                    ),
                    # A phone number is no resource, so AWS accepts only "*" for text messages to
                    # phones.
                    statement("SendTexts", ["sns:Publish"], "*"),
                    # Without this denial, the "*" above would also allow every topic of the
                    # account.
                    statement(
                        "NeverToTopics", ["sns:Publish"], Sub("arn:${AWS::Partition}:sns:*:*:*")
                    )
                    | {"Effect": "Deny"},
                ],
            },
        )
    )
