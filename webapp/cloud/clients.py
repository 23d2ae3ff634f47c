"""The AWS clients, all made from one botocore session. Importing this module is cheap."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from threading import Lock
from typing import Any

making_clients = Lock()
"""A lock for making clients, because only using them is thread-safe."""
MOST_CONNECTIONS = 50
_PRODUCT = "serverlesspresso"
CONNECT_SECONDS, READ_SECONDS = 2, 6
"""After these times a hanging call is tried again. The limits of botocore and PynamoDB are longer
than the function's own time, and a page would wait that long for its live connection."""


@cache
def session() -> Any:
    """Returns the one botocore session. PynamoDB's client uses it too, so data is loaded once."""
    from botocore.config import Config
    from botocore.session import get_session

    from webapp.cloud.service_data import ServiceData

    made = get_session()
    made.register_component("data_loader", ServiceData())
    # botocore would build its own user agent text for each call, which takes a fifth of the call's
    # processor time.
    made.set_default_client_config(Config(user_agent=_PRODUCT))
    return made


def add_headers(headers: Mapping[str, str]) -> None:
    """Makes each later call of each client carry these headers, which are not signed."""

    def add(request: Any, **_: object) -> None:
        for name, value in headers.items():
            request.headers[name] = value

    session().register("before-send", add)


def make_client(
    service: str, region: str, keys: Mapping[str, str] | None = None, **options: Any
) -> Any:
    """Returns a client with these keys or the process's own.

    options: those of botocore's Config.
    """
    from botocore.config import Config

    limits = {"connect_timeout": CONNECT_SECONDS, "read_timeout": READ_SECONDS}
    config = Config(max_pool_connections=MOST_CONNECTIONS, **limits | options)
    with making_clients:
        return session().create_client(service, region_name=region, config=config, **keys or {})


@cache
def _client(service: str, region: str) -> Any:
    return make_client(service, region, **_OPTIONS.get(service, {}))


_OPTIONS: Mapping[str, Mapping[str, Any]] = {
    # A trigger of Cognito has only five seconds. A text message is never tried again, because SNS
    # may have accepted it although its answer was late, and would send and bill it twice.
    "sns": {"connect_timeout": 1, "read_timeout": 3, "retries": {"total_max_attempts": 1}},
}


@cache
def _account(region: str) -> str:
    return _client("sts", region).get_caller_identity()["Account"]


class Clients:
    """The AWS clients of one region."""

    def __init__(self, region: str):
        self.region = region

    @property
    def account(self) -> str:
        """Returns the number of the AWS account that the process runs in."""
        return _account(self.region)

    @property
    def events(self) -> Any:
        return _client("events", self.region)

    @property
    def step_functions(self) -> Any:
        return _client("stepfunctions", self.region)

    @property
    def iot_data(self) -> Any:
        return _client("iot-data", self.region)

    @property
    def iot(self) -> Any:
        return _client("iot", self.region)

    @property
    def cognito(self) -> Any:
        return _client("cognito-idp", self.region)

    @property
    def parameters(self) -> Any:
        return _client("ssm", self.region)

    @property
    def sqs(self) -> Any:
        return _client("sqs", self.region)

    @property
    def sns(self) -> Any:
        return _client("sns", self.region)

    @property
    def sts(self) -> Any:
        return _client("sts", self.region)
