"""The jobs that operators ask the function for. An operator needs lambda:InvokeFunction.

The function works with its own rights, so an operator needs no rights on tables.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from domain.errors import Busy, Refusal
from webapp.operator_jobs import privacy, rehearsal, staff
from webapp.services.all_services import Services
from webapp.settings import Settings


def create_shop(services: Services, settings: Settings, asked: Mapping) -> dict:
    """Makes the default shop unless it exists; returns whether it made it."""
    from webapp.bootstrap import create_default_shop

    return {"created": create_default_shop(services, settings), "shop": settings.default_shop}


def sign_in_link(services: Services, settings: Settings, asked: Mapping) -> dict:
    """Makes a sign-in link that is good for one use within 15 minutes."""
    from webapp.services.staff.sign_in import create_link

    shop_id = staff.known_shop(services, settings, asked)
    link = create_link(services, shop_id, asked["role"], asked.get("name", ""))
    return {"link": link}


JOBS: Mapping[str, Callable[[Services, Settings, Mapping], dict]] = {
    "create-shop": create_shop,
    "sign-in-link": sign_in_link,
    "make-rehearsal": rehearsal.make_rehearsal,
    "add-person": staff.add_person,
    "list-staff": staff.list_staff,
    "revoke-staff": staff.revoke_staff,
    "restore-person": staff.restore_person,
    "reset-person": staff.reset_person,
    "erase-person": privacy.erase_person,
}


def run(asked: Mapping) -> dict:
    """Does the job with the services of the function's process."""
    from webapp.bootstrap import current_app

    app = current_app()
    with app.app_context():
        return do(app.extensions["services"], app.extensions["settings"], asked)


def do(services: Services, settings: Settings, asked: Mapping) -> dict:
    """Does the job that `operator_job` names; returns a refusal's sentence as `refused`."""
    job = JOBS.get(asked["operator_job"])
    if job is None:
        return {"refused": f"There is no job called {asked['operator_job']}."}
    try:
        return job(services, settings, asked)
    except Refusal as refusal:
        return {"refused": refusal.sentence}
    except Busy:
        return {"refused": "AWS is too busy for this now. Ask again in a moment."}
