"""Finds errors that say a part of the bar does not answer, and nothing about the request itself."""

from __future__ import annotations

_NOT_YET_THERE = frozenset({"ResourceNotFoundException", "ResourceInUseException"})
"""The answers of a table that is being made, or that an emulator has not loaded yet."""
_TOO_MUCH = frozenset(
    {
        "LimitExceededException",
        "PriorRequestNotComplete",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "SlowDown",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
        "TransactionInProgressException",
    }
)
_TRANSIENT = _NOT_YET_THERE | _TOO_MUCH


def outage_in(error: BaseException) -> BaseException | None:
    """Returns the error that says a part is down, slow or overloaded: this one or one of its
    causes.

    Returns None when there is none. Otherwise the same request may be sent again a moment later.
    """
    seen: list[BaseException] = []
    cause: BaseException | None = error
    while cause is not None and cause not in seen:
        if _is_outage(cause):
            return cause
        seen.append(cause)
        # PynamoDB keeps botocore's error in an attribute of its own.
        cause = getattr(cause, "cause", None) or cause.__cause__
    return None


def _is_outage(error: BaseException) -> bool:
    # The imports are late, so that a page that reads no table starts without them.
    from http.client import HTTPException
    from urllib.error import URLError

    from botocore import exceptions
    from botocore.parsers import ResponseParserError

    if isinstance(error, exceptions.ClientError):
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        return status >= 500 or error.response.get("Error", {}).get("Code") in _TRANSIENT
    return isinstance(
        error,
        (
            exceptions.ConnectionError,
            exceptions.HTTPClientError,
            exceptions.IncompleteReadError,
            ResponseParserError,
            ConnectionError,
            TimeoutError,
            HTTPException,
            URLError,
        ),
    )
