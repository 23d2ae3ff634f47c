"""Finds what an earlier stack left behind for a new one of the same name: tables and accounts.

CloudFormation cannot create a resource whose name is taken. Before a stack is made, the resources
that its template retains are therefore looked up, and imported with all their data.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

TABLE = "AWS::DynamoDB::Table"
POOL = "AWS::Cognito::UserPool"
GROUP = "AWS::Cognito::UserPoolGroup"


def find(resources: Mapping[str, Mapping], client: Callable) -> dict[str, dict[str, str]]:
    """Returns the identifiers of the retained resources that exist already, by logical id.

    client: makes the AWS client of a service.
    """
    retained = {key: one for key, one in resources.items() if one.get("DeletionPolicy") == "Retain"}
    found = {}
    if names := _of(retained, TABLE, "TableName"):
        tables = _all(client("dynamodb"), "list_tables", "TableNames")
        found |= {key: {"TableName": name} for key, name in names.items() if name in tables}
    if names := _of(retained, POOL, "UserPoolName"):
        cognito = client("cognito-idp")
        pools = _all(cognito, "list_user_pools", "UserPools", MaxResults=60)
        by_name = {pool["Name"]: pool["Id"] for pool in pools}
        for key, name in names.items():
            if name in by_name:
                found[key] = {"UserPoolId": by_name[name]}
                found |= _groups(retained, key, by_name[name], cognito)
    return found


def _groups(retained: Mapping, pool_key: str, pool_id: str, cognito) -> dict[str, dict[str, str]]:
    there = {
        group["GroupName"] for group in _all(cognito, "list_groups", "Groups", UserPoolId=pool_id)
    }
    return {
        key: {"UserPoolId": pool_id, "GroupName": name}
        for key, name in _of(retained, GROUP, "GroupName").items()
        if name in there and retained[key]["Properties"]["UserPoolId"] == {"Ref": pool_key}
    }


def _of(resources: Mapping, kind: str, name: str) -> dict[str, str]:
    return {key: one["Properties"][name] for key, one in resources.items() if one["Type"] == kind}


def _all(client, operation: str, key: str, **arguments) -> list:
    pages = client.get_paginator(operation).paginate(**arguments)
    return [one for page in pages for one in page[key]]
