"""Brings together what the CloudFormation template is made of: domain, tables and consumers."""

from __future__ import annotations

from collections.abc import Mapping

from domain.detail_types import SOURCE
from webapp.cloud.event_bus import bus_name
from webapp.cloud.live_topics import root_of
from webapp.consumers.registry import COMMAND, CONSUMERS, SCHEDULED_JOBS
from webapp.storage.rights import TABLE_RIGHTS
from webapp.storage.tables import DEFAULT_PREFIX, table_definitions
from workflows.order_workflow import TableNames, order_definition
from workflows.template import BusRule, ScheduleRule, Stack, build_template

FUNCTION_STATEMENTS: tuple[Mapping, ...] = ()
"""What the function may do beside its tables, the bus, the workflow and the screens."""


def build_template_body(
    choose_seconds: int,
    make_seconds: int,
    prefix: str = DEFAULT_PREFIX,
    more_statements: tuple[Mapping, ...] = FUNCTION_STATEMENTS,
) -> str:
    """The template of a deployment with these deadlines, as JSON."""
    stack = Stack(
        prefix=prefix,
        bus_name=bus_name(prefix),
        source=SOURCE,
        command=COMMAND,
        tables=tuple(table_definitions()),
        definition=order_definition(TableNames.with_prefix(prefix), choose_seconds, make_seconds),
        bus_rules=tuple(
            BusRule(consumer.name, tuple(consumer.detail_types)) for consumer in CONSUMERS
        ),
        schedule_rules=tuple(ScheduleRule(job.name, job.schedule) for job in SCHEDULED_JOBS),
        table_rights=TABLE_RIGHTS,
        topic_root=root_of(prefix),
        function_statements=more_statements,
    )
    # Without spaces: longer than 51,200 bytes it has to go through a bucket.
    return build_template(stack).to_json(indent=None, separators=(",", ":"))
