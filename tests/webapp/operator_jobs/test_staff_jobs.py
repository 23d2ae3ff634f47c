"""What scripts/staff says and does, from the words typed to the lines printed."""

from __future__ import annotations

import json
from functools import partial

import boto3
import pytest

from domain.errors import Busy, Refusal
from domain.people import EVERY_SHOP
from scripts import options
from scripts.aws.asking import ask_function
from scripts.commands import staff as staff_command
from scripts.machine import StackError
from tests.builders import a_shop
from tests.webapp.services.staff.test_staff_sign_in import (
    ANA,
    OWN,
    RUI,
    admin_with_app,
    sign_in,
    with_own_password,
)
from webapp.operator_jobs.registry import JOBS, do
from webapp.services.staff.sign_in import create_link, current_session, open_link, signed_in
from webapp.settings import Settings


@pytest.fixture
def staff(services):
    """Runs a command line: staff("list") gives the lines printed."""
    settings = Settings(secret_key="k", public_url=services.public_url)

    def run(line: str) -> str:
        chosen = options.parse_staff(line.split())
        job, asked = staff_command.job_of(chosen)
        # As they arrive at the function of a stage.
        answer = JOBS[job](services, settings, json.loads(json.dumps(asked)))
        return "\n".join(staff_command.lines(chosen, json.loads(json.dumps(answer))))

    return run


def password_in(printed: str) -> str:
    return printed.partition("only this once: ")[2].split()[0]


def test_the_first_admin_is_an_admin_of_every_shop(services, staff):
    printed = staff(f"add-admin {ANA}")
    assert f"{services.public_url}/main/staff" in printed
    ana = services.staff_pool.find(ANA)
    assert (ana.role, ana.shops, ana.name) == ("admin", {EVERY_SHOP}, "ana")
    assert sign_in(services, ANA, password_in(printed)).step


def test_an_admin_or_a_barista_of_one_shop(services, staff):
    services.shops.create(a_shop(id="annex"))
    staff(f"add-admin {ANA} --shop annex --name Ana")
    staff(f"add {RUI} --shop annex")
    assert services.staff_pool.find(ANA).shops == {"annex"}
    assert services.staff_pool.find(RUI).role == "barista"
    with pytest.raises(Refusal):
        staff("add eva@example.com --shop nowhere")


def test_an_account_that_is_there_is_left_as_it_is(services, staff):
    staff(f"add {RUI}")
    with pytest.raises(Refusal) as refused:
        staff(f"add {RUI}")
    assert "already" in refused.value.sentence


def test_the_list_shows_accounts_and_screens(services, staff):
    assert "add-admin EMAIL" in staff("list")
    admin_with_app(services)
    with_own_password(services)
    open_link(services, create_link(services, "main", "display").rpartition("/")[2])
    printed = staff("list")
    for part in (ANA, "every shop", RUI, "active", "display", "TV"):
        assert part in printed
    assert OWN not in printed


def test_revoking_a_person_locks_and_signs_out_everywhere(services, staff):
    done = with_own_password(services)
    assert "locked and signed out" in staff(f"revoke {RUI.upper()}")
    assert current_session(services, done.secret) is None
    assert "locked" in staff("list")
    staff(f"restore {RUI}")
    assert sign_in(services, RUI, OWN).session


def test_revoking_a_screen_by_the_id_that_the_list_prints(services, staff):
    secret, session = open_link(
        services, create_link(services, "main", "display").rpartition("/")[2]
    )
    assert session.id in staff("list")
    staff(f"revoke {session.id}")
    assert current_session(services, secret) is None and signed_in(services, "main") == []


def test_a_reset_prints_a_password_or_asks_for_a_new_authenticator(services, staff):
    admin_with_app(services)
    assert "new authenticator" in staff(f"reset {ANA} --authenticator")
    assert sign_in(services, ANA, OWN).step.value == "authenticator"
    printed = staff(f"reset {ANA}")
    assert sign_in(services, ANA, password_in(printed)).step.value == "new password"


@pytest.mark.parametrize(
    "line",
    [
        "revoke nobody@example.com",
        "restore x",
        "reset nobody@x.pt",
        "revoke 0123456789abcdef",
        "list --shop nowhere",
        "add not-an-address",
    ],
)
def test_a_mistake_is_a_sentence(staff, line):
    with pytest.raises(Refusal) as refused:
        staff(line)
    assert len(refused.value.sentence.splitlines()) == 1


def test_a_stage_without_its_function_is_told_in_one_line(moto):
    with pytest.raises(StackError, match="deploy the stage first"):
        ask_function(
            partial(boto3.client, region_name="us-east-1"), "prod", "bar", "list-staff", {}
        )


def test_a_pool_that_is_too_busy_is_no_failure_of_the_function(services, monkeypatch):
    def busy(*_):
        raise Busy

    monkeypatch.setattr(services.staff_pool, "people_of", busy)
    settings = Settings(secret_key="k", public_url=services.public_url)
    answer = do(services, settings, {"operator_job": "list-staff"})
    assert answer == {"refused": "AWS is too busy for this now. Ask again in a moment."}
