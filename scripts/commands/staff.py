"""Asks a bar to do an operator's job for scripts/staff, and prints the answer.

For a bar on this machine, scripts/staff starts this with that bar's environment. On AWS the
function does the job with its own rights; the caller needs lambda:InvokeFunction on the function.
"""

from __future__ import annotations

import sys
from argparse import Namespace
from collections.abc import Callable, Mapping

from scripts import options
from scripts.aws.advice import or_exit
from scripts.aws.asking import ask_function
from scripts.bar import on_aws


def main() -> None:
    chosen = options.parse_staff(sys.argv[1:])
    job, asked = job_of(chosen)
    answer = ask(chosen, job, asked)
    for line in lines(chosen, answer):
        print(line)


def job_of(chosen: Namespace) -> tuple[str, dict]:
    """Returns the operator's job for a command, and the arguments of the job."""
    job, names = _JOBS[chosen.command]
    asked = {name: getattr(chosen, name) for name in names}
    if chosen.command == "add-admin":
        asked |= {"role": "admin", "every_shop": not chosen.shop}
    return job, asked


def lines(chosen: Namespace, answer: Mapping) -> list[str]:
    """Returns the answer as lines for a person."""
    return _LINES[chosen.command](answer)


_JOBS = {
    "link": ("sign-in-link", ("role", "shop", "name")),
    "add-admin": ("add-person", ("email", "name", "shop")),
    "add": ("add-person", ("email", "name", "shop", "role")),
    "list": ("list-staff", ("shop",)),
    "revoke": ("revoke-staff", ("who", "shop")),
    "restore": ("restore-person", ("email",)),
    "reset": ("reset-person", ("email", "authenticator")),
}


def _added(answer: Mapping) -> list[str]:
    if not answer["password"]:
        return [f"{answer['email']} signs in here now too, with the password they have."]
    return [
        f"{answer['email']} signs in at {answer['address']}",
        f"Temporary password, shown only this once: {answer['password']}",
        "It works once, within three days, and asks for a password of their own.",
    ]


def _listed(answer: Mapping) -> list[str]:
    people = [
        f"  {one['email']:<32} {one['role'] or 'nothing yet':<8} {_state(one):<12}"
        f" {'every shop' if one['every_shop'] else ', '.join(one['shops'])}"
        for one in answer["people"]
    ]
    sessions = [
        f"  {one['id']:<32} {one['role']:<8} last seen {one['seen']}  {one['name']}"
        f"{'  ' + one['email'] if one['email'] else ''}"
        for one in answer["sessions"]
    ]
    return [
        "Accounts:" if people else "Nobody has an account here yet: scripts/staff add-admin EMAIL",
        *people,
        "Signed in:" if sessions else "Nobody is signed in.",
        *sessions,
    ]


def _state(person: Mapping) -> str:
    if not person["enabled"]:
        return "locked"
    return "invited" if person["invited"] else "active"


def _revoked(answer: Mapping) -> list[str]:
    if email := answer.get("locked"):
        return [f"{email} is locked and signed out everywhere."]
    return [f"{answer['signed_out']} is signed out."]


def _reset(answer: Mapping) -> list[str]:
    if "password" not in answer:
        return [f"{answer['email']} sets up a new authenticator at the next sign-in."]
    return [
        f"Temporary password of {answer['email']}, shown only this once: {answer['password']}",
        "It works once, within three days; whoever was signed in with the old one is out.",
    ]


_LINES: Mapping[str, Callable[[Mapping], list[str]]] = {
    "link": lambda answer: [answer["link"]],
    "add-admin": _added,
    "add": _added,
    "list": _listed,
    "revoke": _revoked,
    "restore": lambda answer: [f"{answer['restored']} may sign in again."],
    "reset": _reset,
}


def ask(chosen: Namespace, job: str, asked: Mapping) -> dict:
    """Returns the answer of the chosen bar; ends the process when the bar refuses or
    cannot answer.
    """
    with or_exit():
        if chosen.stage:
            bar = on_aws(chosen.stage, chosen.region)
            answer = ask_function(bar.client, bar.stage, bar.function, job, asked)
        else:
            answer = ask_here(job, asked)
    if refused := answer.get("refused"):
        sys.exit(refused)
    return answer


def ask_here(job: str, asked: Mapping) -> dict:
    """Does the job in this process, with the environment of the bar on this machine."""
    from webapp.bootstrap import build_services
    from webapp.operator_jobs.registry import do
    from webapp.settings import Settings

    settings = Settings.from_environment()
    return do(build_services(settings), settings, {"operator_job": job, **asked})


if __name__ == "__main__":
    main()
