"""Runs the checks one after the other, and removes what they made, whatever happens."""

from __future__ import annotations

import contextlib
import re
import signal
import time
from collections.abc import Callable, Iterable, Iterator

import requests
from botocore.exceptions import BotoCoreError, ClientError

from scripts.aws.advice import NO_RIGHT, advice
from scripts.machine import StackError
from scripts.verifying.beliefs import Belief
from scripts.verifying.browser import names_below_localhost
from scripts.verifying.registry import all_checks
from scripts.verifying.rehearsal import Traces
from scripts.verifying.report import harmless
from scripts.verifying.scenes import Scenes
from scripts.verifying.subject import Subject
from scripts.verifying.verdicts import Finding, NotChecked, Verdict, Wrong

LAST = "nothing-stays"
_ACTION = re.compile(r"(?<![\w:])[a-z][a-z0-9-]+:[A-Z]\w+")
_NO_RIGHT = (*NO_RIGHT, "AuthorizationError")

Told = Callable[[Finding], None]


def run(subject: Subject, beliefs: Iterable[Belief], tell: Told) -> list[Finding]:
    """Returns a finding for each belief, in order; each is passed to `tell` as soon as
    it is known.
    """
    checks, findings = all_checks(), []

    def take(finding: Finding) -> None:
        findings.append(finding)
        tell(finding)

    wanted = {belief.id: belief for belief in beliefs}
    with names_below_localhost():
        leftovers = Traces(subject)
        for mark in sorted(leftovers.find()):
            subject.tell(f"removing what an earlier run left behind: {mark}")
            leftovers.remove(mark)
        scenes = Scenes(subject)
        traces = Traces(subject)
        try:
            for identifier, check in checks.items():
                if identifier in wanted and identifier != LAST:
                    take(look(identifier, check, scenes))
        finally:
            with _undisturbed(subject):
                subject.tell("taking away what was made")
                traces.remove(scenes.mark)
                for left in traces.left:
                    subject.tell(f"could not be removed: {harmless(left)}")
        if LAST in wanted:
            take(_last(checks[LAST], scenes, traces))
    for belief in wanted.values():
        if not belief.check:
            take(Finding(belief.id, Verdict.NOT_CHECKED, belief.cannot))
    return findings


def look(identifier: str, check: Callable[[Scenes], str], scenes: Scenes) -> Finding:
    """Runs a check and returns its finding; every failure is a finding, too."""
    began = time.monotonic()
    try:
        verdict, said = Verdict.RIGHT, check(scenes)
    except (Wrong, StackError) as wrong:
        verdict, said = Verdict.WRONG, str(wrong)
    except NotChecked as unknown:
        verdict, said = Verdict.NOT_CHECKED, str(unknown)
    except ClientError as error:
        verdict, said = _refused(error)
    except (BotoCoreError, requests.RequestException, OSError) as error:
        verdict, said = Verdict.WRONG, advice(error) or f"no answer ({type(error).__name__})"
    except Exception as error:
        # The answer has an unknown shape, so what we believe about it is wrong.
        verdict, said = Verdict.WRONG, f"an answer that is not understood ({error!r})"
    return Finding(identifier, verdict, said, time.monotonic() - began)


def _refused(error: ClientError) -> tuple[Verdict, str]:
    code = error.response["Error"]["Code"]
    if code in _NO_RIGHT or error.response.get("ResponseMetadata", {}).get("HTTPStatusCode") == 403:
        return Verdict.NOT_CHECKED, f"your credentials lack the right {_right(error)}"
    return Verdict.WRONG, advice(error) or code


def _right(error: ClientError) -> str:
    """Returns the name of the missing right as policies write it, which AWS puts into
    its answer.
    """
    found = _ACTION.search(error.response["Error"].get("Message", ""))
    return found[0] if found else error.operation_name


def _last(check: Callable[[Scenes], str], scenes: Scenes, traces: Traces) -> Finding:
    if traces.left:
        return Finding(LAST, Verdict.WRONG, f"could not be removed: {'; '.join(traces.left)}")
    return look(LAST, check, scenes)


@contextlib.contextmanager
def _undisturbed(subject: Subject) -> Iterator[None]:
    """Answers SIGINT and SIGTERM with a request to wait until the end."""

    def wait(*_) -> None:
        subject.tell("still taking away what was made; a moment")

    before = {}
    for name in (signal.SIGINT, signal.SIGTERM):
        # Python sets signal handlers only in the main thread.
        with contextlib.suppress(ValueError):
            before[name] = signal.signal(name, wait)
    try:
        yield
    finally:
        for name, handler in before.items():
            signal.signal(name, handler)
