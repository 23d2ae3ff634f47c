"""What AWS refuses, and that it cannot be reached, in one line that says what to do."""

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
"""Names of botocore's errors, and codes of AWS's."""
NO_RIGHT = ("AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "403")
"""Codes that say that the caller may not."""
_OUT_OF_REACH = (
    "EndpointConnectionError",
    "ConnectTimeoutError",
    "ReadTimeoutError",
    "ConnectionClosedError",
    "ProxyConnectionError",
    "SSLError",
)


def advice(error: Exception) -> str | None:
    """The line; None when the error is none of AWS's."""
    from botocore.exceptions import BotoCoreError, ClientError

    error = getattr(error, "cause", None) or error  # PynamoDB's own hold AWS's.
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
    """Whatever goes wrong with AWS becomes a StackError."""
    try:
        yield
    except Exception as error:
        if line := advice(error):
            raise StackError(line) from None
        raise


@contextmanager
def or_exit(when_stopped: str = "Stopped; nothing more was done.") -> Iterator[None]:
    """For a command: what goes wrong is the line that it ends with."""
    try:
        with in_one_line():
            yield
    except StackError as error:
        sys.exit(str(error))
    except KeyboardInterrupt:
        sys.exit(f"\n{when_stopped}")
