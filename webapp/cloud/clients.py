"""One botocore session for all AWS clients; importing this costs nothing."""

from __future__ import annotations

from functools import cache
from threading import Lock

making_clients = Lock()
"""Making clients is not thread-safe; using them is."""
_MOST_CONNECTIONS = 50
_PRODUCT = "serverlesspresso"
_TIME_LIMITS = {"connect_timeout": 2, "read_timeout": 10}
"""Seconds after which a call that hangs is made again; botocore's own are longer than the function
lives, and a page that waits for its live connection would wait as long."""


@cache
def session():
    """The one botocore session; PynamoDB's client is made on it too, so data is loaded once."""
    from botocore.config import Config
    from botocore.session import get_session

    from webapp.cloud.service_data import ServiceData

    made = get_session()
    made.register_component("data_loader", ServiceData())
    # botocore's own text is put together anew for each call, a fifth of the call's processor time.
    made.set_default_client_config(Config(user_agent=_PRODUCT))
    return made


@cache
def _client(service: str, region: str, **options):
    from botocore.config import Config

    with making_clients:
        return session().create_client(
            service,
            region_name=region,
            config=Config(max_pool_connections=_MOST_CONNECTIONS, **_TIME_LIMITS | options),
        )


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
    def events(self):
        return _client("events", self.region)

    @property
    def step_functions(self):
        return _client("stepfunctions", self.region)

    @property
    def iot_data(self):
        return _client("iot-data", self.region)

    @property
    def iot(self):
        return _client("iot", self.region)

    @property
    def cognito(self):
        return _client("cognito-idp", self.region)

    @property
    def parameters(self):
        return _client("ssm", self.region)

    @property
    def sns(self):
        # A trigger of Cognito's has five seconds.
        return _client("sns", self.region, connect_timeout=1, read_timeout=3)

    @property
    def sts(self):
        return _client("sts", self.region)
