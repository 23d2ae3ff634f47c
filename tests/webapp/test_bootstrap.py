"""What the composition root makes, and how AWS clients find their data."""

from __future__ import annotations

import json

import pytest
from botocore.session import get_session

from scripts.function.package import AWS_SERVICES, cut_endpoints
from webapp.bootstrap import build_services
from webapp.lazy_proxy import LazyProxy
from webapp.settings import Settings
from webapp.storage import tables

SERVICES = ("cognito-idp", "dynamodb", "events", "iot", "iot-data", "sns", "ssm", "stepfunctions")


def test_every_adapter_can_be_made_and_is_one_of_its_port():
    settings = Settings.from_environment(
        {"SECRET_KEY": "unused", "PUBLIC_URL": "https://bar.example", "AWS_REGION": "us-east-1"}
    )
    prefix = tables.OrderModel.Meta.table_name.removesuffix("orders")
    try:
        services = build_services(settings)
        adapters = {k: v for k, v in vars(services).items() if isinstance(v, LazyProxy)}
        assert len(adapters) > 15
        for name, adapter in adapters.items():
            assert adapter._port in type(adapter._make()).__mro__, name
    finally:
        tables.use_prefix(prefix)


@pytest.mark.parametrize("region", ["us-east-1", "eu-central-1", "cn-north-1", "us-gov-west-1"])
def test_the_cut_endpoints_lead_to_the_same_addresses(tmp_path, region):
    (tmp_path / "endpoints.json").write_bytes(cut_endpoints())
    whole, cut = get_session(), get_session()
    cut.set_config_variable("data_path", str(tmp_path))
    for session in (whole, cut):
        session.set_credentials("unused", "unused")
    for service in SERVICES:
        one, other = (s.create_client(service, region_name=region) for s in (whole, cut))
        assert one.meta.endpoint_url == other.meta.endpoint_url
        assert one._client_config.region_name == other._client_config.region_name


def test_only_services_that_botocore_knows_are_kept():
    aws = next(p for p in json.loads(cut_endpoints())["partitions"] if p["partition"] == "aws")
    assert sorted(aws["services"]) == sorted(AWS_SERVICES)
