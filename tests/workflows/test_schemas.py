"""The template against CloudFormation's own schemas: all rules, in all regions."""

from __future__ import annotations

import re

from cfnlint.api import ManualArgs, lint

from webapp.stack import build_template_body

KNOWN = {
    # Names are joined where their parts are a list: Sub would say the same.
    "I1022",
    # What holds nothing that lasts, such as a queue, goes with its stack.
    "I3011",
}


def test_cloudformation_knows_every_resource_in_every_region_that_has_user_pools():
    found = lint(build_template_body(300, 900), config=ManualArgs(regions=["ALL_REGIONS"]))
    missing = {match.message for match in found if match.rule.id == "E3006"}
    others = [match.message for match in found if match.rule.id != "E3006"]
    # scripts/deploy init offers none of China's regions.
    assert all(re.search(r"AWS::Cognito::\w+' does not exist in 'cn-", one) for one in missing)
    assert others == []


def test_nothing_is_advised_that_we_have_not_decided_on():
    asked = ManualArgs(regions=["us-east-1"], include_checks=["I"])
    found = lint(build_template_body(300, 900), config=asked)
    assert {match.rule.id for match in found} <= KNOWN
