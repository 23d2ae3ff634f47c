"""What scripts/deploy may be told. Standard library only: it is read before anything is installed."""

from __future__ import annotations

import argparse


def parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="scripts/deploy",
        description="Prepare a deployment to AWS, or remove one; docs/deploy.md is the guide.",
    )
    commands = parser.add_subparsers(dest="command", required=True)
    init = commands.add_parser(
        "init",
        help="ask and check what a deployment needs, and write it into zappa_settings.json",
        description="Asks what only you can know, checks it, and says what a deployment will make"
        " and cost. Changes nothing on AWS. What a flag says is not asked.",
    )
    init.add_argument("--new", action="store_true", help="make the stage: one more bar")
    init.add_argument("--region", help="AWS region, such as eu-central-1")
    init.add_argument("--bucket", help="bucket for packages on their way; made when needed")
    init.add_argument("--domain", help="the bar's own name, such as bar.example.com")
    init.add_argument(
        "--certificate-arn", help="its certificate in ACM, when Route 53 does not hold the domain"
    )
    init.add_argument("--sms-sender", help="sender shown on text messages")
    init.add_argument("--admin", help="e-mail address of the first admin")
    remove = commands.add_parser(
        "remove",
        help="take away what “zappa undeploy” has left",
        description="Takes away the stack and what deployments have left in the bucket. Tables,"
        " accounts, the secret key and the bucket stay unless --with-data says otherwise.",
    )
    remove.add_argument("--with-data", action="store_true", help="delete those too, for good")
    for one in (init, remove):
        one.add_argument("--stage", default="prod", help="stage of zappa_settings.json (prod)")
        one.add_argument("--yes", action="store_true", help="do not ask")
    return parser.parse_args(arguments)
