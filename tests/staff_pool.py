"""The staff's user pool in moto, as the template makes it, and the app on an admin's phone."""

from __future__ import annotations

import base64
import hashlib
import hmac
import time
from collections.abc import Iterator
from contextlib import contextmanager
from unittest import mock

from webapp.storage.tables import DEFAULT_PREFIX
from workflows.names import staff_parameter_name
from workflows.staff_pool import add_staff_pool


def authenticator_code(key: str, steps_ahead: int = 0) -> str:
    """What an authenticator app shows for this key (RFC 6238)."""
    secret = base64.b32decode(key + "=" * (-len(key) % 8), casefold=True)
    counter = int(time.time()) // 30 + steps_ahead
    digest = hmac.new(secret, counter.to_bytes(8, "big"), hashlib.sha1).digest()
    start = digest[-1] & 15
    number = int.from_bytes(digest[start : start + 4], "big") & 0x7FFFFFFF
    return f"{number % 1_000_000:06d}"


@contextmanager
def authenticators_stand_still() -> Iterator[None]:
    """Keeps a code good in moto that was read before the half minute was over."""
    still = mock.Mock(time=mock.Mock(return_value=time.time()))
    with mock.patch("moto.cognitoidp.utils.time", still), mock.patch(f"{__name__}.time", still):
        yield


def create_staff_pool() -> None:
    """Within mock_aws: the pool, its client and groups, and the parameter that names them."""
    import boto3

    cognito = boto3.client("cognito-idp")
    resources = _template_resources()
    pool = dict(resources["StaffPool"]["Properties"])
    pool.pop("EnabledMfas")
    pool_id = cognito.create_user_pool(PoolName=pool.pop("UserPoolName"), **pool)["UserPool"]["Id"]
    client = resources["StaffPoolClient"]["Properties"] | {"UserPoolId": pool_id}
    client_id = cognito.create_user_pool_client(**client)["UserPoolClient"]["ClientId"]
    for resource in resources.values():
        if resource["Type"] == "AWS::Cognito::UserPoolGroup":
            cognito.create_group(**resource["Properties"] | {"UserPoolId": pool_id})
    boto3.client("ssm").put_parameter(
        Name=staff_parameter_name(DEFAULT_PREFIX), Type="StringList", Value=f"{pool_id},{client_id}"
    )


def empty_staff_pool() -> None:
    """Takes everybody out of moto's pool."""
    for pool in _pools():
        pool.users.clear()
        for group in pool.groups.values():
            group.users.clear()


def staff_pool_content() -> list:
    """Who is in moto's pool and in which groups, to be put back later."""
    return [
        (pool.users, {key: group.users for key, group in pool.groups.items()}) for pool in _pools()
    ]


def put_into_staff_pool(content: list) -> None:
    for pool, (users, groups) in zip(_pools(), content, strict=True):
        pool.users = users
        for key, group in pool.groups.items():
            group.users = groups[key]


def _pools() -> list:
    from moto.backends import get_backend
    from moto.core import DEFAULT_ACCOUNT_ID

    return list(get_backend("cognito-idp")[DEFAULT_ACCOUNT_ID]["us-east-1"].user_pools.values())


def _template_resources() -> dict:
    from troposphere import Template
    from troposphere.iam import Role

    template = Template()
    add_staff_pool(template, DEFAULT_PREFIX, Role("FunctionRole"))
    return template.to_dict()["Resources"]
