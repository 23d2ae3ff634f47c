"""The bar under a name of its own: certificate, API Gateway's domain, and the record leading there.

Zappa's `certify` speaks to the older kind of API only, so this belongs to the stack. With a zone in
Route 53 everything is made here; otherwise a certificate is given, and the record is the team's.

The domain leads to the stage `$default`, which has no name in its path, because sources disagree
whether API Gateway leaves a stage's name in the path behind a domain. Pages that are open at the
API's own address when the domain is added go on working through that stage too.
"""

from __future__ import annotations

from troposphere import And, Equals, GetAtt, If, Not, Output, Parameter, Ref, Template
from troposphere.apigatewayv2 import ApiMapping, DomainName, DomainNameConfiguration, Stage
from troposphere.certificatemanager import Certificate, DomainValidationOption
from troposphere.route53 import AliasTarget, RecordSetType

_HAS_DOMAIN = "HasDomain"
_HAS_ZONE = "HasZone"
_HAS_CERTIFICATE = "HasCertificate"
_MAKES_CERTIFICATE = "MakesCertificate"
_PARAMETERS = {
    "ApiId": "The API that Zappa has made; empty until then",
    "DomainName": "The bar's own name, such as bar.example.com; empty for AWS's address",
    "HostedZoneId": "The zone of Route 53 that holds the name; empty when it is kept elsewhere",
    "CertificateArn": "A certificate for the name; empty to have one made with the zone's help",
}


def add_domain_name(template: Template) -> None:
    """Adds nothing to a deployment whose parameters name no domain."""
    for name, description in _PARAMETERS.items():
        template.add_parameter(Parameter(name, Type="String", Default="", Description=description))
    template.add_condition(_HAS_DOMAIN, And(_given("DomainName"), _given("ApiId")))
    template.add_condition(_HAS_ZONE, And(_given("HostedZoneId"), _condition(_HAS_DOMAIN)))
    template.add_condition(_HAS_CERTIFICATE, _given("CertificateArn"))
    template.add_condition(
        _MAKES_CERTIFICATE, And(Not(_condition(_HAS_CERTIFICATE)), _condition(_HAS_DOMAIN))
    )
    certificate = template.add_resource(
        Certificate(
            "Certificate",
            Condition=_MAKES_CERTIFICATE,
            DomainName=Ref("DomainName"),
            ValidationMethod="DNS",
            DomainValidationOptions=[
                DomainValidationOption(
                    DomainName=Ref("DomainName"), HostedZoneId=Ref("HostedZoneId")
                )
            ],
        )
    )
    domain = template.add_resource(
        DomainName(
            "Domain",
            Condition=_HAS_DOMAIN,
            DomainName=Ref("DomainName"),
            DomainNameConfigurations=[
                DomainNameConfiguration(
                    CertificateArn=If(_HAS_CERTIFICATE, Ref("CertificateArn"), Ref(certificate)),
                    EndpointType="REGIONAL",
                    SecurityPolicy="TLS_1_2",
                )
            ],
        )
    )
    stage = template.add_resource(
        Stage(
            "DomainStage",
            Condition=_HAS_DOMAIN,
            ApiId=Ref("ApiId"),
            StageName="$default",
            AutoDeploy=True,
        )
    )
    template.add_resource(
        ApiMapping(
            "DomainMapping",
            Condition=_HAS_DOMAIN,
            ApiId=Ref("ApiId"),
            Stage=Ref(stage),
            DomainName=Ref(domain),
        )
    )
    target = GetAtt(domain, "RegionalDomainName")
    template.add_resource(
        RecordSetType(
            "DomainRecord",
            Condition=_HAS_ZONE,
            HostedZoneId=Ref("HostedZoneId"),
            Name=Ref("DomainName"),
            Type="A",
            AliasTarget=AliasTarget(
                DNSName=target, HostedZoneId=GetAtt(domain, "RegionalHostedZoneId")
            ),
        )
    )
    template.add_output(
        Output(
            "DomainTarget",
            Condition=_HAS_DOMAIN,
            Description="Where a CNAME record of the name has to point",
            Value=target,
        )
    )


def _given(parameter: str) -> Not:
    return Not(Equals(Ref(parameter), ""))


def _condition(name: str) -> dict:
    return {"Condition": name}
