"""One botocore session for all AWS clients; importing this costs nothing."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from threading import Lock
from typing import Any

making_clients = Lock()
"""Making clients is not thread-safe; using them is."""
MOST_CONNECTIONS = 50
_PRODUCT = "serverlesspresso"
CONNECT_SECONDS, READ_SECONDS = 2, 6
"""After these a call that hangs is made again; botocore's and PynamoDB's own limits are as long as
the function lives, and a page that waits for its live connection would wait as long."""


@cache
def session() -> Any:
    """The one botocore session; PynamoDB's client is made on it too, so data is loaded once."""
    from botocore.config import Config
    from botocore.session import get_session

    from webapp.cloud.service_data import ServiceData

    made = get_session()
    made.register_component("data_loader", ServiceData())
    # botocore's own text is put together anew for each call, a fifth of the call's processor time.
    made.set_default_client_config(Config(user_agent=_PRODUCT))
    return made


def add_headers(headers: Mapping[str, str]) -> None:
    """From now on each call of each client carries these, beside what is signed."""

    def add(request: Any, **_: object) -> None:
        for name, value in headers.items():
            request.headers[name] = value

    session().register("before-send", add)


def make_client(
    service: str, region: str, keys: Mapping[str, str] | None = None, **options: Any
) -> Any:
    """A client under these keys, or under the process's own; options as botocore's Config."""
    from botocore.config import Config

    limits = {"connect_timeout": CONNECT_SECONDS, "read_timeout": READ_SECONDS}
    config = Config(max_pool_connections=MOST_CONNECTIONS, **limits | options)
    with making_clients:
        return session().create_client(service, region_name=region, config=config, **keys or {})


@cache
def _client(service: str, region: str) -> Any:
    return make_client(service, region, **_OPTIONS.get(service, {}))


_OPTIONS: Mapping[str, Mapping[str, Any]] = {
    # A trigger of Cognito's has five seconds, and a text whose acceptance came late is sent: asked
    # for again, it would be sent and paid for once more.
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
        """The number of the account we run in."""
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
