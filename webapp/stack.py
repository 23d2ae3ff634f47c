"""Collects the parts of the CloudFormation template: domain, tables and consumers."""

from __future__ import annotations

from collections.abc import Mapping

from domain.detail_types import SOURCE
from webapp.cloud.event_bus import IN_JOURNEY, bus_name
from webapp.cloud.extension_kits import TABLE_ACTIONS, table_definition
from webapp.cloud.live_topics import root_of
from webapp.consumers.registry import (
    COMMAND,
    EVENTS,
    EVERY_MINUTE,
    RECORDED,
    detail_types_of,
)
from webapp.extending import rule_name
from webapp.extension_kit import Extension
from webapp.storage.rights import TABLE_RIGHTS
from webapp.storage.tables import DEFAULT_PREFIX, table_definitions
from workflows.order_workflow import TableNames, order_definition
from workflows.template import BusRule, OwnTable, ScheduleRule, Stack, build_template
from workflows.variants import TRANSACTION_WAITS, Variant

_NOT_IN_JOURNEY = {IN_JOURNEY: [{"exists": False}]}


def build_template_body(
    choose_seconds: int,
    make_seconds: int,
    prefix: str = DEFAULT_PREFIX,
    more_statements: tuple[Mapping, ...] = (),
    extensions: Mapping[str, Extension] | None = None,
    variant: Variant = TRANSACTION_WAITS,
) -> str:
    """Returns the template of a deployment with these deadlines and extensions, as JSON.

    more_statements: what its function may do beside its tables, the bus, the workflow and the
    screens.
    variant: the form of its workflow.
    """
    extensions = extensions or {}
    stack = Stack(
        prefix=prefix,
        bus_name=bus_name(prefix),
        source=SOURCE,
        command=COMMAND,
        tables=tuple(table_definitions()),
        definition=order_definition(
            TableNames.with_prefix(prefix), choose_seconds, make_seconds, variant
        ),
        bus_rules=(
            BusRule(EVENTS, tuple(detail_types_of(EVENTS))),
            BusRule(RECORDED, tuple(detail_types_of(RECORDED)), _NOT_IN_JOURNEY),
            *(
                BusRule(rule_name(name), tuple(extension.detail_types))
                for name, extension in extensions.items()
            ),
        ),
        own_tables=tuple(
            OwnTable(table_definition(rule_name(name)), TABLE_ACTIONS)
            for name, extension in extensions.items()
            if extension.has_table
        ),
        schedule_rules=(ScheduleRule(EVERY_MINUTE, "rate(1 minute)"),),
        table_rights=TABLE_RIGHTS,
        topic_root=root_of(prefix),
        function_statements=more_statements,
    )
    # The template has no spaces, but its 59,000 bytes are still more than CloudFormation takes in a
    # call. So it always goes through the bucket.
    return build_template(stack).to_json(indent=None, separators=(",", ":"))
