"""Fakes in the place of AWS that only remember what they were told."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from domain.events import Event
from domain.orders import Order
from domain.recordings import RecordedEvent
from tests.canaries import CANARIES
from webapp.services.all_services import Services
from webapp.services.phone.ports import TextNotSent


@dataclass
class RecordingExecutions:
    """Executions that only remember what they were told."""

    running: set[str] = field(default_factory=set)
    started: list[tuple[str, int]] = field(default_factory=list)
    resumed: list[str] = field(default_factory=list)
    closed: list[tuple[str, str]] = field(default_factory=list)

    def start(self, order: Order, seconds_left: int) -> None:
        self.started.append((order.execution_name, seconds_left))
        self.running.add(order.execution_name)

    def is_running(self, order: Order) -> bool:
        return order.execution_name in self.running

    def resume(self, task_token: str) -> None:
        self.resumed.append(task_token)

    def close(self, task_token: str, cause: str) -> None:
        self.closed.append((task_token, cause))


@dataclass
class RecordingBus:
    """A bus that only remembers its events."""

    events: list[Event] = field(default_factory=list)

    def put(self, events: list[Event]) -> None:
        for event in events:
            CANARIES.saw("event", event.detail_type, json.dumps(event.to_detail()))
        self.events += events

    def put_recorded(self, events: list[RecordedEvent]) -> None:
        self.events += [recorded.event for recorded in events]

    def check(self) -> None:
        pass


@dataclass
class RecordingLive:
    """Topics that only remember what was published."""

    messages: list[tuple[str, str]] = field(default_factory=list)

    def publish(self, topic: str, html: str) -> None:
        CANARIES.saw_fragment(topic, html)
        self.messages.append((topic, html))


@dataclass
class RecordingDeadLetters:
    """A queue of dead letters that only remembers them."""

    kept: list[tuple[Mapping, str]] = field(default_factory=list)

    def keep(self, payload: Mapping, why: str) -> None:
        self.kept.append((payload, why))


@dataclass
class RecordingTexts:
    """Text messages that only remember themselves; `fails` lets none out."""

    sent: list[tuple[str, str]] = field(default_factory=list)
    fails: bool = False

    def send(self, number: str, text: str) -> None:
        if self.fails:
            raise TextNotSent("Throttling")
        CANARIES.guard_text(number, text)
        self.sent.append((number, text))

    def code_to(self, number: str) -> str:
        """The newest code that was texted to a number."""
        return [text for to, text in self.sent if to == number][-1][:6]


@dataclass
class TriggeredPool:
    """What Cognito does with a custom challenge: it asks the product's own triggers, step by step.

    As on AWS, a trigger learns the client's words from the first response on, not before it.
    """

    services: Services | None = None
    names: set[str] = field(default_factory=set)

    def send_code(self, customer_id: str, sign_in_id: str) -> bool:
        self.names.add(customer_id)
        return self._sign_in(customer_id, "send", sign_in_id, "-") == {"text": "sent"}

    def check_code(self, customer_id: str, sign_in_id: str, code: str) -> bool:
        return self._sign_in(customer_id, "check", sign_in_id, code) == "tokens"

    def forget(self, customer_id: str) -> None:
        self.names.discard(customer_id)

    def _sign_in(self, user: str, wanted: str, sign_in_id: str, typed: str):
        words = {"wanted": wanted, "signIn": sign_in_id}
        assert self._ask("DefineAuthChallenge", user, [], {})["challengeName"]
        begun = self._ask("CreateAuthChallenge", user, [], {})
        hidden = begun["privateChallengeParameters"]
        verified = self._ask(
            "VerifyAuthChallengeResponse",
            user,
            None,
            words,
            challengeAnswer=typed,
            privateChallengeParameters=hidden,
        )
        one = {
            "challengeName": "CUSTOM_CHALLENGE",
            "challengeMetadata": begun["challengeMetadata"],
            "challengeResult": verified["answerCorrect"],
        }
        after = self._ask("DefineAuthChallenge", user, [one], words)
        if after["issueTokens"] or after["failAuthentication"]:
            return "tokens" if after["issueTokens"] else "refused"
        created = self._ask("CreateAuthChallenge", user, [one], words)
        return created["publicChallengeParameters"]

    def _ask(self, trigger: str, user: str, rounds: list | None, words: dict, **request) -> dict:
        from webapp.consumers import registry

        event = {
            "version": "1",
            "triggerSource": f"{trigger}_Authentication",
            "userPoolId": "us-east-1_customers",
            "userName": user,
            "request": {"userAttributes": {}, "clientMetadata": words or None, **request},
            "response": {},
        }
        if rounds is not None:
            event["request"]["session"] = rounds
        return registry.run(self.services, event)["response"]


class Interleaved:
    """A repository in which somebody else acts once, just before one of its writes."""

    def __init__(self, repository, method: str, act):
        self._repository, self._method, self._act = repository, method, act

    def __getattr__(self, name: str):
        if name == self._method and self._act:
            act, self._act = self._act, None
            act()
        return getattr(self._repository, name)
