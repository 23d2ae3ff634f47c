"""What goes wrong with AWS is one line that says what to do, whichever command meets it."""

from __future__ import annotations

import pytest
from botocore.exceptions import (
    ClientError,
    EndpointConnectionError,
    NoCredentialsError,
    NoRegionError,
)
from pynamodb.exceptions import ScanError

from scripts.aws.advice import advice, in_one_line, or_exit
from scripts.machine import StackError


def _refusal(code: str, message: str = "No.") -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": message}}, "ListTables")


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (NoCredentialsError(), "AWS does not accept your credentials (Unable to locate"),
        (_refusal("ExpiredToken"), "aws sso login"),
        (ScanError("Failed", NoCredentialsError()), "AWS does not accept your credentials"),
        (
            _refusal("AccessDeniedException", "You may\nnot."),
            "lack a right for this (You may not).",
        ),
        (EndpointConnectionError(endpoint_url="https://x.example"), "Check network and region"),
        (NoRegionError(), "Run this first: scripts/deploy init"),
        (_refusal("LimitExceeded"), "AWS refused ListTables (LimitExceeded): No."),
    ],
)
def test_each_kind_says_what_to_do(error, says):
    line = advice(error)
    assert says in line and "\n" not in line


def test_a_fault_of_our_own_is_not_blamed_on_aws():
    assert advice(KeyError("x")) is None
    with pytest.raises(KeyError), or_exit():
        raise KeyError("x")


def test_a_command_ends_with_the_line():
    with pytest.raises(SystemExit) as ended, or_exit():
        raise _refusal("ThrottlingException", "Rate exceeded")
    assert ended.value.code == "AWS refused ListTables (ThrottlingException): Rate exceeded."
    with pytest.raises(StackError), in_one_line():
        raise NoCredentialsError()
    with pytest.raises(SystemExit, match="nothing more was done"), or_exit():
        raise KeyboardInterrupt
