"""scripts/stuck on the running bar."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

from scripts import bar as bars
from scripts.commands.stuck import run
from tests.aws import forget_connections
from tests.services import scan_and_claim
from webapp.bootstrap import build_services
from webapp.services.orders import customer_steps
from webapp.settings import Settings


def test_an_order_is_listed_with_its_execution_and_is_stuck_only_long_after_its_deadline(
    stack, monkeypatch, capsys
):
    for name, value in stack.environment.items():
        monkeypatch.setenv(name, value)
    forget_connections()
    services = build_services(Settings.from_environment())
    order = scan_and_claim(services, services.shop("main"), uuid4().hex)
    where, now = bars.local(stack.environment), datetime.now(UTC)

    assert run(where, every=True, now=now) == 0
    assert f"main  {order.id}" in capsys.readouterr().out

    assert run(where, every=False, now=now + timedelta(hours=1)) == 1
    said = capsys.readouterr().out
    assert order.id in said and "RUNNING" in said and "dead letters" in said

    while (current := services.order("main", order.id)).state != "ADMITTED":
        pass
    customer_steps.cancel_order(services, current)
    forget_connections()
    run(where, every=True, now=now)
    assert order.id not in capsys.readouterr().out
