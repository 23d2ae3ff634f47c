"""Takes one order through a bar of its own in Chromium, and counts what AWS would bill.

Counted from the services' own records: execution histories, a queue behind a rule that takes every
event, what the emulator metered (scripts/measuring/metering.py), and the web process's log.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import boto3
from playwright.sync_api import Page, expect, sync_playwright

from scripts.local.stack import LocalStack
from scripts.measuring import bill
from scripts.measuring.meter import LinesOf, write_units
from scripts.screens import CHROMIUM_ARGUMENTS, Screens, get_place, place_order, tap
from webapp.consumers.registry import EVERY_MINUTE, SCHEDULED_JOBS

SETTINGS = Path(__file__).resolve().parents[2] / "zappa_settings.json"
IDLE_SECONDS = 242
"""The idle span holds four reads of each screen, one a minute. While a phone is looked at, its
order stands still for no longer than this span.
"""
SCHEDULED = {EVERY_MINUTE, *(job.name for job in SCHEDULED_JOBS)}
CODE_ROUTE = "/<shop_id>/display/code"
SCREENS = ("/<shop_id>/display", "/<shop_id>/barista")


def main() -> None:
    parser = argparse.ArgumentParser(prog="scripts/cost", description=__doc__)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        meter = Path(folder) / "meter.log"
        meter.touch()
        os.environ["METER_LOG"] = str(meter)
        data = Path(folder) / "bar"
        with LocalStack(data=data, live_relay=False) as stack:
            measured = measure(stack, Records(stack, meter, data / "web.log"))
    report = make_report(measured)
    print(json.dumps(report) if chosen.json else as_text(report, measured))


@dataclass
class Measured:
    """Two spans of records: the steps of an order, and some minutes in which nobody
    does anything.
    """

    order: Window
    idle: Window


class Records:
    """Collects what the services have recorded since the last look."""

    def __init__(self, stack: LocalStack, meter: Path, log: Path):
        def client(service: str):
            return boto3.client(
                service,
                endpoint_url=stack.endpoint_url,
                region_name=stack.environment["AWS_DEFAULT_REGION"],
                aws_access_key_id=stack.environment["AWS_ACCESS_KEY_ID"],
                aws_secret_access_key=stack.environment["AWS_SECRET_ACCESS_KEY"],
            )

        self._process = stack.web_process_id
        self._cpu = 0.0
        self._meter, self._log = LinesOf(meter), LinesOf(log)
        self._step_functions = client("stepfunctions")
        self._sqs = client("sqs")
        self._queue = self._catch_all_events(client("events"))
        self._states = 0

    def _catch_all_events(self, events) -> str:
        from domain.detail_types import BUS_NAME

        url = self._sqs.create_queue(QueueName="every-event")["QueueUrl"]
        arn = self._sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
        events.put_rule(
            Name="every-event", EventBusName=BUS_NAME, EventPattern='{"source": [{"prefix": ""}]}'
        )
        events.put_targets(
            Rule="every-event",
            EventBusName=BUS_NAME,
            Targets=[{"Id": "queue", "Arn": arn["Attributes"]["QueueArn"]}],
        )
        return url

    def look(self) -> Window:
        """Returns everything that was recorded since the last look."""
        return Window(
            meter=[line for line, _ in self._meter.new()],
            log=[line | {"bytes": size} for line, size in self._log.new()],
            events=self._new_events(),
            states=self._new_states(),
            cpu_seconds=self._new_cpu_seconds(),
        )

    def _new_cpu_seconds(self) -> float:
        """Returns the new processor seconds of the process that stands for the function.

        Unlike elapsed time, processor time does not change when the machine is busy with other
        things.
        """
        fields = Path(f"/proc/{self._process}/stat").read_text().rpartition(")")[2].split()
        used = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
        new, self._cpu = used - self._cpu, used
        return new

    def _new_events(self) -> list[str]:
        found = []
        while True:
            answer = self._sqs.receive_message(
                QueueUrl=self._queue, MaxNumberOfMessages=10, WaitTimeSeconds=1
            )
            for message in answer.get("Messages", ()):
                found.append(json.loads(message["Body"])["detail-type"])
                self._sqs.delete_message(
                    QueueUrl=self._queue, ReceiptHandle=message["ReceiptHandle"]
                )
            if not answer.get("Messages"):
                return found

    def _new_states(self) -> int:
        client = self._step_functions
        [machine] = client.list_state_machines()["stateMachines"]
        executions = client.list_executions(stateMachineArn=machine["stateMachineArn"])
        entered = sum(
            event["type"].endswith("StateEntered")
            for execution in executions["executions"]
            for event in client.get_execution_history(
                executionArn=execution["executionArn"], maxResults=1000
            )["events"]
        )
        new, self._states = entered - self._states, entered
        return new


@dataclass
class Window:
    """The records of a span of time."""

    meter: list[dict]
    log: list[dict]
    events: list[str]
    states: int
    cpu_seconds: float

    def __add__(self, other: Window) -> Window:
        return Window(
            self.meter + other.meter,
            self.log + other.log,
            self.events + other.events,
            self.states + other.states,
            self.cpu_seconds + other.cpu_seconds,
        )

    def answers(self, code: bool | None = None) -> list[dict]:
        """Returns the log lines of answered requests.

        code: True for the requests for the TV's next QR code, False for all others, None for all.
        """
        found = [line for line in self.log if line.get("message") == "answered"]
        if code is None:
            return found
        return [line for line in found if (line["route"] == CODE_ROUTE) is code]

    def metered(self, what: str, **fields) -> list[dict]:
        """Returns what the emulator metered of a kind."""
        return [
            line
            for line in self.meter
            if line["what"] == what and all(line[name] == value for name, value in fields.items())
        ]

    def invocations(self, scheduled: bool) -> list[dict]:
        """Returns the function's calls for events: those by the schedule, or all others."""
        return [one for one in self.metered("invocation") if (one["by"] in SCHEDULED) is scheduled]

    def gb_seconds_per_invocation(self) -> float:
        """Returns the duration of an average invocation times the function's memory, in GB-seconds.

        The duration is the processor time measured here, stretched to the share of a processor that
        the memory buys, plus a few milliseconds for each answer of AWS.
        """
        invocations = len(self.answers()) + len(self.metered("invocation"))
        memory = function_memory_gb()
        processors = min(memory / bill.ASSUMED["function_gb_per_processor"], 1)
        aws_calls = sum(
            one["what"] in ("read", "write", "message") and one.get("kind") in (None, "publish")
            for one in self.meter
        )
        waits = aws_calls * bill.ASSUMED["function_waits_ms_per_aws_call"] / 1000
        return (self.cpu_seconds / processors + waits) / max(invocations, 1) * memory


def function_memory_gb() -> float:
    """Returns the function's memory in GB, as zappa_settings.json has it."""
    return json.loads(SETTINGS.read_text())["base"]["memory_size"] / 1024


# The order


def measure(stack: LocalStack, records: Records) -> Measured:
    with sync_playwright() as playwright, ExitStack() as contexts:
        browser = playwright.chromium.launch(
            executable_path=os.environ.get("CHROMIUM"), args=CHROMIUM_ARGUMENTS
        )
        contexts.callback(browser.close)
        bar = Screens(browser, stack, contexts)
        tv, tablet = bar.tv(), bar.tablet("Rui")
        expect(tv.get_by_label("Scan to order")).to_be_visible()
        # The first order of a process also compiles templates and opens connections.
        first, number = take_order(bar, tv)
        make(tablet, first, number)
        first.context.close()
        settle()
        records.look()
        phone, number = take_order(bar, tv)
        settle()
        order = records.look()
        time.sleep(IDLE_SECONDS)
        idle = records.look()
        make(tablet, phone, number)
        settle()
        return Measured(order + records.look(), idle)


def take_order(bar: Screens, tv: Page) -> tuple[Page, str]:
    phone = bar.scan(tv)
    get_place(phone)
    return phone, place_order(phone, "Latte")


def settle() -> None:
    """Waits until the consequences of the last step are carried out."""
    time.sleep(5)


def make(tablet: Page, phone: Page, number: str) -> None:
    tap(tablet, number, "Make")
    expect(phone.get_by_role("heading", name="Rui is making it now")).to_be_visible()
    tap(tablet, number, "Complete")
    expect(phone.get_by_role("heading", name="Ready")).to_be_visible()
    tap(tablet, number, "Collected")


# The counts


def make_report(measured: Measured) -> dict:
    order = order_counts(measured)
    parts = day_parts(measured)
    total = bill.day(order, **parts)
    by_service = bill.usd(total)
    return {
        "workflow_states_per_order": order["workflow_states"],
        "events_per_order": order["events"],
        "write_units_per_order": order["write_units"],
        "read_units_per_order": round(order["read_units"], 1),
        "function_invocations_per_order": order["function_invocations"],
        "http_calls_per_order": order["http_calls"],
        "live_messages_per_order": order["live_messages"],
        "log_bytes_per_order": order["log_bytes"],
        "function_gb_seconds_per_order": round(order["function_gb_seconds"], 3),
        "usd_per_order": round(sum(bill.usd(order).values()), 6),
        "usd_per_960_drinks": round(sum(by_service.values()), 4),
        "usd_by_service": {name: round(value, 4) for name, value in by_service.items()},
        "prices_of": bill.TABLE["date"],
    }


def order_counts(measured: Measured) -> Counter:
    """Counts one order from the scan to the empty counter,
    without what screens do by themselves.
    """
    window = measured.order
    answers = window.answers(code=False)
    invocations = window.invocations(scheduled=False)
    code_reads = len(window.answers(code=True)) * reads_per_call(measured.idle)
    return Counter(
        workflow_states=window.states,
        events=len(window.events),
        write_units=write_units(window.meter).total(),
        read_units=sum(one["units"] for one in window.metered("read")) - code_reads,
        live_messages=sum(one["messages"] for one in window.metered("message")),
        **calls(
            answers,
            invocations,
            [line for line in window.log if not is_of_code(line)],
            window.gb_seconds_per_invocation(),
        ),
    )


def day_parts(measured: Measured) -> dict[str, Counter]:
    """Counts what a minute of waiting, a minute of the screens, a new QR code and a sweep add."""
    idle = measured.idle
    per_call, per_invocation = reads_per_call(idle), idle.gb_seconds_per_invocation()
    of_screens = [line for line in idle.answers(code=False) if line["route"].startswith(SCREENS)]
    of_phone = [line for line in idle.answers(code=False) if not line["route"].startswith(SCREENS)]
    codes = IDLE_SECONDS / bill.CODE_SECONDS
    # The window contains two of the scheduled calls, and only one is wanted.
    sweeps = idle.invocations(scheduled=True)[:1]

    def part(answers: list[dict], times: float) -> Counter:
        counted = calls(answers, [], answers, per_invocation)
        counted["read_units"] = len(answers) * per_call
        return Counter({name: amount / times for name, amount in counted.items()})

    sweep = calls([], sweeps, [], per_invocation)
    return {
        # The span is divided by its minutes; each screen reads its page once a minute.
        "phone_minute": part(of_phone, IDLE_SECONDS // 60),
        "screens_minute": part(of_screens, IDLE_SECONDS // 60),
        "code": part(idle.answers(code=True), codes),
        "sweep": sweep,
    }


def is_of_code(line: dict) -> bool:
    return line.get("route") == CODE_ROUTE or line.get("consumer") in SCHEDULED


def reads_per_call(idle: Window) -> float:
    """Returns the read units of one re-read of a page.

    All re-reads are alike: a session, a shop, its open orders.
    """
    return sum(one["units"] for one in idle.metered("read")) / max(len(idle.answers()), 1)


def calls(
    answers: list[dict], invocations: list[dict], lines: list[dict], gb_seconds: float
) -> Counter:
    """Counts the HTTP calls, and the function's invocations for these calls and for events."""
    count = len(answers) + len(invocations)
    return Counter(
        http_calls=len(answers),
        function_invocations=count,
        function_gb_seconds=count * gb_seconds,
        log_bytes=sum(line["bytes"] for line in lines)
        + count * bill.ASSUMED["log_bytes_of_lambda_per_invocation"],
    )


# The text


def as_text(report: dict, measured: Measured) -> str:
    window = measured.order
    lines = ["One order, from the scan to the empty counter:"]
    lines += [
        f"  {name.removesuffix('_per_order').replace('_', ' '):<24}{report[name]:>10g}"
        for name in report
        if name.endswith("_per_order")
    ]
    lines += ["", "  write units by table and operation:"]
    for (table, operation), units in sorted(write_units(window.meter).items()):
        lines.append(f"    {table:<34}{operation:<22}{units:>5g}")
    lines += ["", "  the function was called for:"]
    invocations = window.invocations(scheduled=False)
    reasons = Counter(f"{one['by']} {one['source']}".strip() for one in invocations)
    reasons.update(f"page {line['route']}" for line in window.answers(code=False))
    lines += [f"    {reason:<56}{count:>5}" for reason, count in sorted(reasons.items())]
    messages = Counter()
    for one in window.metered("message"):
        messages[f"{one['kind']} {one['topic'].rpartition('/')[2]}".strip()] += one["messages"]
    lines += ["", "  live messages:"]
    lines += [f"    {name:<56}{count:>5}" for name, count in sorted(messages.items())]
    lines += [
        "",
        f"A day of {bill.ASSUMED['drinks_a_day']} drinks, in dollars, without texts and"
        f" content delivery (prices of {report['prices_of']}):",
        "",
    ]
    lines.append(f"  {'':<18}{'this':>10}{'deck':>10}{'original':>10}")
    beside = bill.TABLE["beside"]
    for service, value in report["usd_by_service"].items():
        others = [beside[name].get(service) for name in ("deck", "original")]
        shown = "".join(f"{'-' if other is None else format(other, '.3f'):>10}" for other in others)
        lines.append(f"  {service:<18}{value:>10.4f}{shown}")
    sums = [sum(value or 0 for value in beside[name].values()) for name in ("deck", "original")]
    lines.append(
        f"  {'together':<18}{report['usd_per_960_drinks']:>10.4f}{sums[0]:>10.3f}{sums[1]:>10.3f}"
    )
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
