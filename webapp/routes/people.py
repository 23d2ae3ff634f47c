"""The admin's page of people: lists the accounts and changes them."""

from __future__ import annotations

from collections.abc import Callable

from flask import Blueprint, abort, redirect, request, url_for
from flask.typing import ResponseReturnValue

from domain.errors import ChoiceInvalid
from webapp.access import ADMIN, allow, services, team_member
from webapp.presenters.admin import person_view
from webapp.public_address import public_url_for
from webapp.routes.page import render_page
from webapp.services.staff import people
from webapp.services.staff.ports import Person
from webapp.services.staff.sign_in import signed_in

blueprint = Blueprint("people", __name__, url_prefix="/<shop_id>/admin/people")

_ACTIONS = ("reset_password", "reset_authenticator", "lock", "unlock", "remove")


@blueprint.get("")
@allow(ADMIN)
def home(shop_id: str) -> ResponseReturnValue:
    return _page(shop_id)


@blueprint.post("")
@allow(ADMIN)
def invite(shop_id: str) -> ResponseReturnValue:
    form = request.form
    try:
        invitation = people.invite(
            services(),
            _manager(),
            shop_id,
            form.get("email", ""),
            form.get("name", ""),
            form.get("role", ""),
        )
    except ChoiceInvalid as refused:
        return _page(shop_id, error=refused.sentence), 422
    handover = {"name": invitation.person.name, "email": invitation.person.email}
    return _page(shop_id, handover | {"password": invitation.password})


@blueprint.post("/<person_id>/password")
@allow(ADMIN)
def reset_password(shop_id: str, person_id: str) -> ResponseReturnValue:
    password = people.reset_password(services(), _manager(), shop_id, person_id)
    person = _person(person_id)
    handover = {"name": person.name, "email": person.email, "password": password}
    return _page(shop_id, handover)


@blueprint.post("/<person_id>/authenticator")
@allow(ADMIN)
def reset_authenticator(shop_id: str, person_id: str) -> ResponseReturnValue:
    people.reset_authenticator(services(), _manager(), shop_id, person_id)
    name = _person(person_id).name
    return _page(shop_id, done=f"{name} sets up a new authenticator at the next sign-in.")


@blueprint.post("/<person_id>/lock")
@allow(ADMIN)
def lock(shop_id: str, person_id: str) -> ResponseReturnValue:
    return _change(
        shop_id, lambda: people.set_enabled(services(), _manager(), shop_id, person_id, False)
    )


@blueprint.post("/<person_id>/unlock")
@allow(ADMIN)
def unlock(shop_id: str, person_id: str) -> ResponseReturnValue:
    return _change(
        shop_id, lambda: people.set_enabled(services(), _manager(), shop_id, person_id, True)
    )


@blueprint.post("/<person_id>/remove")
@allow(ADMIN)
def remove(shop_id: str, person_id: str) -> ResponseReturnValue:
    return _change(shop_id, lambda: people.remove(services(), _manager(), shop_id, person_id))


def _change(shop_id: str, act: Callable[[], object]) -> ResponseReturnValue:
    try:
        act()
    except ChoiceInvalid as refused:
        return _page(shop_id, error=refused.sentence), 422
    return _back(shop_id)


def _back(shop_id: str) -> ResponseReturnValue:
    return redirect(url_for("people.home", shop_id=shop_id), 303)


def _person(person_id: str) -> Person:
    return services().staff_pool.find(person_id) or abort(404)


def _manager() -> people.Manager:
    return people.manager_of(services(), team_member())


def _page(shop_id: str, handover: dict | None = None, error: str = "", done: str = "") -> str:
    shop, now, manager = services().shop(shop_id), services().now(), _manager()
    sessions = signed_in(services(), shop_id)
    return render_page(
        "admin/people.html",
        shop,
        people=[
            person_view(shop, person, sessions, now)
            | {
                "is_me": person.email == manager.email,
                "may_manage": people.may_manage(manager, person),
                "urls": {
                    action: url_for(f"people.{action}", shop_id=shop_id, person_id=person.id)
                    for action in _ACTIONS
                },
            }
            for person in people.people_of(services(), shop_id)
        ],
        handover=handover,
        error=error,
        done=done,
        form=request.form if error else {},
        action=url_for("people.invite", shop_id=shop_id),
        sign_in_url=public_url_for("staff.sign_in_page", shop_id=shop_id),
        home_url=url_for("admin.home", shop_id=shop_id),
    )
