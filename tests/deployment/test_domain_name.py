"""A bar with a name of its own: certificate, domain, mapping and record come with the stack."""

from __future__ import annotations

import pytest
from troposphere import Template

from scripts.aws.cloudformation import CloudStack
from workflows.domain_name import add_domain_name

DOMAIN = "bar.example.net"


@pytest.fixture
def stack(emulator) -> CloudStack:
    return CloudStack(emulator.client, "bar-with-a-name", "no-bucket-needed")


@pytest.fixture
def template() -> str:
    template = Template()
    template.add_resource(_something())
    add_domain_name(template)
    return template.to_json()


def _something():
    from troposphere.sqs import Queue

    return Queue("Cups", QueueName="bar-with-a-name-cups")


def test_the_name_comes_with_certificate_and_record_and_goes_with_the_api(
    emulator, stack, template
):
    client = emulator.client("apigatewayv2")
    api_id = client.create_api(Name="bar", ProtocolType="HTTP")["ApiId"]
    client.create_stage(ApiId=api_id, StageName="prod")
    zone = (
        emulator.client("route53")
        .create_hosted_zone(Name="example.net", CallerReference="example.net")["HostedZone"]["Id"]
        .rpartition("/")[2]
    )
    stack.put(template, {}, {})
    assert DOMAIN not in _domains(client)

    named = {
        "DomainName": DOMAIN,
        "HostedZoneId": zone,
        "ApiId": api_id,
    }
    stack.put(template, named, {})

    [mapping] = client.get_api_mappings(DomainName=DOMAIN)["Items"]
    assert (mapping["ApiId"], mapping["Stage"]) == (api_id, "$default")
    assert _stages(client, api_id) == {"prod", "$default"}
    domain = client.get_domain_name(DomainName=DOMAIN)["DomainNameConfigurations"][0]
    assert domain["SecurityPolicy"] == "TLS_1_2"
    certificates = emulator.client("acm").list_certificates()["CertificateSummaryList"]
    assert domain["CertificateArn"] in {one["CertificateArn"] for one in certificates}
    records = emulator.client("route53").list_resource_record_sets(HostedZoneId=zone)
    [record] = [one for one in records["ResourceRecordSets"] if one["Type"] == "A"]
    assert record["Name"] == f"{DOMAIN}."
    assert stack.outputs()["DomainTarget"] in record["AliasTarget"]["DNSName"]

    # As before “zappa undeploy”: API Gateway keeps an API that a name leads to.
    stack.put(template, named | {"ApiId": ""}, {})
    assert DOMAIN not in _domains(client)
    assert _stages(client, api_id) == {"prod"}
    client.delete_api(ApiId=api_id)


def _stages(client, api_id: str) -> set[str]:
    return {one["StageName"] for one in client.get_stages(ApiId=api_id)["Items"]}


def _domains(client) -> set[str]:
    return {one["DomainName"] for one in client.get_domain_names()["Items"]}
