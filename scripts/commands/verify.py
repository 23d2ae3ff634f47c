"""Checks in an account what the bar believes about AWS, and prints a line for each belief."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable

from scripts import options
from scripts.aws.advice import in_one_line
from scripts.aws.zappa_settings import read_settings, stage_settings
from scripts.bar import on_aws, running_here
from scripts.machine import StackError
from scripts.verifying import report
from scripts.verifying.beliefs import Belief, read_beliefs
from scripts.verifying.registry import all_checks
from scripts.verifying.rehearsal import tidy_up
from scripts.verifying.run import run
from scripts.verifying.subject import Subject, subject_here, subject_on_aws
from scripts.verifying.verdicts import Finding, Verdict

RIGHT, WRONG, COULD_NOT_RUN = 0, 1, 2


def main() -> int:
    chosen = options.parse_verify(sys.argv[1:])
    beliefs = {belief.id: belief for belief in read_beliefs()}
    try:
        wanted = chosen_beliefs(beliefs, chosen.only)
        if chosen.list:
            return list_beliefs(wanted)
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        with in_one_line():
            subject = subject_of(chosen)
            # Asks for the account first, because nothing can be checked without credentials.
            _ = subject.account
            if chosen.clean:
                return clean(subject)
            return verify(subject, wanted, beliefs, chosen.report)
    except StackError as error:
        print(error, file=sys.stderr)
    except KeyboardInterrupt:
        print("\nStopped. What a run leaves behind, the next one removes.", file=sys.stderr)
    return COULD_NOT_RUN


def chosen_beliefs(beliefs: dict[str, Belief], only: list[str] | None) -> list[Belief]:
    """Returns the named beliefs, or all of them. Raises StackError for an unknown name."""
    for name in only or ():
        if name not in beliefs:
            raise StackError(f"There is no belief {name}; scripts/verify --list shows them all.")
    return [one for one in beliefs.values() if not only or one.id in only]


def list_beliefs(beliefs: list[Belief]) -> int:
    all_checks()
    for belief in beliefs:
        print(f"{belief.id:<28} {belief.sentence}" + ("" if belief.check else " (not checked)"))
    return RIGHT


def subject_of(chosen) -> Subject:
    """Returns the bar that these options choose. Raises StackError."""
    if chosen.stage:
        settings = stage_settings(read_settings(), chosen.stage)
        subject = subject_on_aws(on_aws(chosen.stage, chosen.region), settings)
    else:
        subject = subject_here(running_here(chosen.data))
    subject.patience, subject.is_patient = chosen.patience, chosen.patient
    subject.text_to, subject.tell = chosen.text or "", progress
    return subject


def progress(words: str) -> None:
    """Prints what is being done now to stderr, because the findings may be redirected to a file."""
    print(f"  … {words}", file=sys.stderr, flush=True)


def clean(subject: Subject) -> int:
    """Removes what earlier runs left behind."""
    if left := tidy_up(subject):
        print("\n".join(f"stays: {report.harmless(one)}" for one in left))
        return WRONG
    print("Nothing of a verification is left.")
    return RIGHT


def verify(
    subject: Subject,
    wanted: list[Belief],
    beliefs: dict[str, Belief],
    file=None,
    show: Callable[[str], None] = lambda text: print(text, flush=True),
) -> int:
    """Checks these beliefs; returns 1 when one of them is wrong."""
    where = "the emulator" if subject.is_emulator else f"AWS, {subject.bar.region}"
    show(f"{len(wanted)} beliefs about AWS, checked on {where}:")
    if not subject.is_emulator:
        subject.tell("the alarms unknown-events and dead-letters may ring meanwhile")
    findings = run(
        subject, wanted, lambda finding: show(report.line(finding, beliefs[finding.belief]))
    )
    show(f"{report.summary(findings)}.")
    if file:
        about = {"where": where, "stage": subject.bar.stage or "on this machine"}
        for one in report.write(file, findings, beliefs, about):
            show(f"The report is in {one}.")
    return exit_code(findings)


def exit_code(findings: list[Finding]) -> int:
    is_wrong = any(finding.verdict is Verdict.WRONG for finding in findings)
    return WRONG if is_wrong else RIGHT


if __name__ == "__main__":
    sys.exit(main())
