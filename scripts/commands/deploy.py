"""The commands init and remove of scripts/deploy, once the environment is set up."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Mapping

from scripts import options
from scripts.aws.account import Account
from scripts.aws.advice import or_exit
from scripts.aws.bucket import PackageBucket
from scripts.aws.deployment import AwsDeployment
from scripts.aws.template import build_template
from scripts.aws.zappa_settings import (
    DOMAIN,
    SETTINGS_FILE,
    function_name,
    read_settings,
    stage_settings,
    with_new_stage,
    write_settings,
)
from scripts.machine import StackError

SERVICES = (
    "apigatewayv2",
    "cloudformation",
    "cloudwatch",
    "cognito-idp",
    "dynamodb",
    "events",
    "iot",
    "iot-data",
    "lambda",
    "logs",
    "s3",
    "sns",
    "sqs",
    "ssm",
    "stepfunctions",
    "sts",
)
"""The AWS services that a region must have for the bar."""
_BUCKET = re.compile(r"[a-z0-9][a-z0-9-]{1,61}[a-z0-9]")
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_SENDER = re.compile(r"(?=.*[A-Za-z])[A-Za-z0-9]{1,11}")

WHAT_IT_MAKES = """\
The first “scripts/zappa deploy {stage}” will make, in account {account}, region {region}:
  - the bucket {bucket} ({bucket_state}), for packages on their way;
  - the stack {function}-bar: tables, event bus and rules, the order workflow,
    user pools, a queue for dead letters, the function's log, alarms and a dashboard; all of them
    named {prefix}…
  - the function {function}, and an HTTP API in front of it{domain_text};
  - the secret key, as the encrypted parameter /{name}/secret-key.
What it costs: nothing to speak of while nobody orders (under $0.10 a month), about $0.15 for a day
of 960 drinks, and what each text message to a phone costs in its country. docs/cost.md has the
arithmetic, scripts/deploy remove takes everything away again."""


def main() -> None:
    chosen = options.parse_deploy(sys.argv[1:])
    with or_exit():
        {"init": init, "remove": remove}[chosen.command](chosen)


# init


def init(chosen: argparse.Namespace) -> None:
    """Asks for what only the team can know, checks it, and writes it into zappa_settings.json."""
    settings = read_settings()
    if chosen.new:
        settings = with_new_stage(settings, chosen.stage)
    known = stage_settings(settings, chosen.stage)
    account, region, session = _open_account(chosen, known)
    answers = {
        "region": region,
        "bucket": _ask(
            chosen,
            "bucket",
            "Bucket for packages",
            _bucket_of(known, account, region),
            _BUCKET,
            "3 to 63 small letters, digits and hyphens",
        ),
        "domain": _ask(
            chosen,
            "domain",
            "Domain of the bar, such as bar.example.com (empty: AWS's address)",
            known.get("domain", ""),
            DOMAIN,
            "a name such as bar.example.com",
            is_optional=True,
        ),
        "sms_sender": _ask(
            chosen,
            "sms_sender",
            "Sender shown on text messages (empty: a number of AWS)",
            known["aws_environment_variables"].get("SMS_SENDER", ""),
            _SENDER,
            "up to 11 letters and digits, at least one letter",
            is_optional=True,
        ),
        "admin": _ask(
            chosen,
            "admin",
            "E-mail of the first admin, who also hears of alarms",
            known.get("first_admin", ""),
            _EMAIL,
            "an e-mail address",
        ),
    }
    bucket = PackageBucket(session.client("s3"), answers["bucket"], region)
    bucket_state = "yours already" if bucket.exists() else "new"
    account_itself = Account(session)
    notes = []
    if answers["domain"]:
        answers |= _find_certificate(session, answers["domain"], chosen, known)
        if arn := answers.get("certificate_arn"):
            notes += account_itself.notes_on_certificate(arn, answers["domain"])
    prefix = known["aws_environment_variables"]["STACK_PREFIX"]
    function = function_name(known, chosen.stage)
    template = build_template(known["aws_environment_variables"])
    notes += account_itself.notes_on_rights(with_domain=bool(answers["domain"]))
    notes += account_itself.check_names(template, function)
    notes += account_itself.notes_on_quotas()
    notes += account_itself.notes_on_texts()
    print(
        WHAT_IT_MAKES.format(
            stage=chosen.stage,
            account=account,
            region=region,
            bucket=answers["bucket"],
            bucket_state=bucket_state,
            function=function,
            prefix=prefix,
            name=prefix.rstrip("-"),
            domain_text=f", named {answers['domain']}" if answers["domain"] else "",
        )
    )
    if notes:
        print("Mind before the bar opens:", *(f"  - {note}" for note in notes), sep="\n")
    _confirm(chosen, f"Write this into {SETTINGS_FILE.name}?")
    write_settings(_with_answers(settings, chosen.stage, answers))
    print(f"Written. Next: scripts/zappa deploy {chosen.stage}")


def _open_account(chosen: argparse.Namespace, known: Mapping):
    import boto3

    profile = known.get("profile_name")
    own = boto3.Session(profile_name=profile)
    region = _ask(
        chosen,
        "region",
        "Region",
        known.get("aws_region") or own.region_name or "us-east-1",
        re.compile(r"[a-z]{2}(-[a-z]+)+-\d"),
        "a name such as eu-central-1",
    )
    missing = [name for name in SERVICES if region not in own.get_available_regions(name)]
    if missing:
        raise StackError(
            f"The region {region} does not offer {', '.join(missing)}. Choose another, such as"
            " eu-central-1 or us-east-1."
        )
    session = boto3.Session(profile_name=profile, region_name=region)
    Account(session).check_region()
    return session.client("sts").get_caller_identity()["Account"], region, session


def _bucket_of(known: Mapping, account: str, region: str) -> str:
    """Returns the present bucket, or a new name when the bar is to be in another region."""
    if known.get("s3_bucket") and known.get("aws_region") == region:
        return known["s3_bucket"]
    return f"serverlesspresso-{account}-{region}"


def _find_certificate(
    session, domain: str, chosen: argparse.Namespace, known: Mapping
) -> dict[str, str]:
    """Finds the certificate's ARN, or the hosted zone in which the
    stack makes certificate and record.
    """
    arn = chosen.certificate_arn
    if arn is None and domain == known.get("domain"):
        # The known certificate is for this domain only; another domain needs another certificate.
        arn = known.get("stack_parameters", {}).get("CertificateArn")
    if arn:
        region = session.region_name
        if not re.fullmatch(rf"arn:aws[a-z-]*:acm:{region}:\d{{12}}:certificate/\S+", arn):
            raise StackError(
                f"--certificate-arn must be that of a certificate in ACM in {region}, such as"
                f" arn:aws:acm:{region}:123456789012:certificate/…, not “{arn}”."
            )
        return {"certificate_arn": arn}
    pages = session.client("route53").get_paginator("list_hosted_zones").paginate()
    zones = {
        zone["Name"].rstrip("."): zone["Id"].rpartition("/")[2]
        for page in pages
        for zone in page["HostedZones"]
        if not zone.get("Config", {}).get("PrivateZone")
    }
    fitting = [name for name in zones if domain == name or domain.endswith(f".{name}")]
    if not fitting:
        raise StackError(
            f"No zone of Route 53 in this account holds {domain}. Make a certificate for it in ACM"
            " (in the same region) and name it with --certificate-arn; docs/deploy.md says how."
        )
    return {"hosted_zone_id": zones[max(fitting, key=len)]}


def _with_answers(settings: dict, stage: str, answers: Mapping[str, str]) -> dict:
    """Returns the settings with the answers where Zappa and the callbacks look for them."""
    base, own = settings["base"], settings[stage]
    for key, value in (("aws_region", answers["region"]), ("s3_bucket", answers["bucket"])):
        # The base settings are not changed, because the other stages' bars depend on them.
        _set(own, key, value if base.setdefault(key, value) != value else "")
    own["first_admin"] = answers["admin"]
    parameters = {
        "AlarmEmail": answers["admin"],
        "DomainName": answers["domain"],
        "HostedZoneId": answers.get("hosted_zone_id", ""),
        "CertificateArn": answers.get("certificate_arn", ""),
    }
    own["stack_parameters"] = own.get("stack_parameters", {}) | parameters
    for key in [key for key, value in own["stack_parameters"].items() if not value]:
        del own["stack_parameters"][key]
    _set(own, "domain", answers["domain"])
    _set(own["aws_environment_variables"], "SMS_SENDER", answers["sms_sender"])
    return settings


def _set(where: dict, key: str, value: str) -> None:
    if value:
        where[key] = value
    else:
        where.pop(key, None)


# remove


def remove(chosen: argparse.Namespace) -> None:
    """Removes what “zappa undeploy” has left; the data only with --with-data."""
    deployment = AwsDeployment.of_stage(chosen.stage)
    if deployment.function() is not None:
        raise StackError(
            f"The function is still there. Run this first: scripts/zappa undeploy {chosen.stage}"
        )
    goes, stays = deployment.what_is_left(chosen.with_data)
    if goes:
        print("This goes:", *(f"  - {line}" for line in goes), sep="\n")
        _confirm(chosen, "Remove it for good?" if chosen.with_data else "Remove it?")
    deployment.remove(chosen.with_data)
    print("Removed." if goes else "There was nothing to remove.")
    if stays:
        print(
            "This stays, until you add --with-data:", *(f"  - {line}" for line in stays), sep="\n"
        )


# Questions


def _ask(
    chosen: argparse.Namespace,
    name: str,
    question: str,
    default: str,
    pattern: re.Pattern,
    form: str,
    is_optional: bool = False,
) -> str:
    """Returns the flag's value or the person's input; without a terminal, the default."""
    given = getattr(chosen, name)
    is_asked = given is None and sys.stdin.isatty() and not chosen.yes
    while True:
        if is_asked:
            answer = input(f"{question} [{default or 'none'}]: ").strip() or default
        else:
            answer = default if given is None else given.strip()
        if pattern.fullmatch(answer) or (is_optional and not answer):
            return answer
        flag = "--" + name.replace("_", "-")
        wrong = f"{flag} must be {form}" + (f", not “{answer}”." if answer else ".")
        if not is_asked:
            raise StackError(wrong)
        print(wrong)


def _confirm(chosen: argparse.Namespace, question: str) -> None:
    if chosen.yes:
        return
    if not sys.stdin.isatty():
        raise StackError("Nobody is there to ask; add --yes to go on without being asked.")
    if input(f"{question} [y/N] ").strip().lower() not in ("y", "yes"):
        raise StackError("Nothing was done.")


if __name__ == "__main__":
    main()
