"""Turns errors of AWS, and of the way to AWS, into one line that says what to do."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from scripts.machine import StackError

_SIGN_IN = "Sign in, for instance with “aws configure” or “aws sso login”, and run this again."
_NOT_SIGNED_IN = (
    "NoCredentialsError",
    "PartialCredentialsError",
    "CredentialRetrievalError",
    "TokenRetrievalError",
    "UnauthorizedSSOTokenError",
    "SSOTokenLoadError",
    "ProfileNotFound",
    "LoginRefreshRequired",
    "AuthFailure",
    "ExpiredToken",
    "ExpiredTokenException",
    "IncompleteSignature",
    "InvalidAccessKeyId",
    "InvalidClientTokenId",
    "InvalidToken",
    "RequestExpired",
    "SignatureDoesNotMatch",
    "UnrecognizedClientException",
)
"""Names of botocore's errors, and error codes of AWS."""
NO_RIGHT = ("AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "403")
"""Error codes that say that the caller lacks a right."""
_OUT_OF_REACH = (
    "EndpointConnectionError",
    "ConnectTimeoutError",
    "ReadTimeoutError",
    "ConnectionClosedError",
    "ProxyConnectionError",
    "SSLError",
)


def advice(error: Exception) -> str | None:
    """Returns the line of advice; None when the error is not from AWS."""
    from botocore.exceptions import BotoCoreError, ClientError

    error = getattr(error, "cause", None) or error  # PynamoDB's errors contain those of AWS.
    if not isinstance(error, (BotoCoreError, ClientError)):
        return None
    answer = error.response["Error"] if isinstance(error, ClientError) else {}
    name = answer.get("Code") or type(error).__name__
    said = " ".join((answer.get("Message") or str(error)).split()).rstrip(".")
    if name in _NOT_SIGNED_IN:
        return f"AWS does not accept your credentials ({said}). {_SIGN_IN}"
    if name in NO_RIGHT:
        return f"Your credentials lack a right for this ({said}). Ask whoever keeps the account."
    if name in _OUT_OF_REACH:
        return f"AWS cannot be reached ({said}). Check network and region, and run this again."
    if name == "NoRegionError":
        return "zappa_settings.json names no aws_region yet. Run this first: scripts/deploy init"
    asked = f" {error.operation_name}" if isinstance(error, ClientError) else ""
    return f"AWS refused{asked} ({name}): {said}."


@contextmanager
def in_one_line() -> Iterator[None]:
    """Turns every error of AWS into a StackError."""
    try:
        yield
    except Exception as error:
        if line := advice(error):
            raise StackError(line) from None
        raise


@contextmanager
def or_exit(when_stopped: str = "Stopped; nothing more was done.") -> Iterator[None]:
    """Ends a command with one line when something goes wrong."""
    try:
        with in_one_line():
            yield
    except StackError as error:
        sys.exit(str(error))
    except KeyboardInterrupt:
        sys.exit(f"\n{when_stopped}")
