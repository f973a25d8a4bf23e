"""The pages of the gates and of privacy in a real browser: no barrier, no complaint, nothing too wide."""

from collections.abc import Callable
from typing import Any

import pytest

from hauspost.duties.privacy import holds, retention
from hauspost.records.people.models import Team
from hauspost.records.tickets import actions
from hauspost.records.tickets.company import status_of
from tests.browser.conftest import DESKTOP, PHONE, Visitor
from tests.browser.test_pages import check
from tests.desk import Desk

pytestmark = pytest.mark.browser
Visit = Callable[..., Visitor]
DEVICES = pytest.mark.parametrize("device", [DESKTOP, PHONE], ids=["desktop-en-light", "phone-de-dark"])


@DEVICES
def test_the_pages_of_privacy(visit: Visit, lasting_desk: Desk, device: dict[str, Any]) -> None:
    """P33.3, P41.1–P41.3."""
    desk, karim = lasting_desk, lasting_desk.actor("karim")
    ticket = desk.ticket("marta", text="Petra Lang hat denselben Fehler.")
    actions.set_status(ticket, status_of("closed"), actor=desk.actor("anna"))
    secret = desk.ticket("petra", to="hr")
    actions.open_emergency_access(secret.number, "Der Betriebsrat braucht das Schreiben heute noch.", actor=karim)
    rule = retention.add_rule(team=desk.team("it"), type="incident", months=36, what="anonymise", actor=karim)
    done = retention.add_rule(team=None, type="", months=1, what="delete", actor=karim)
    retention.start(done, actor=karim)
    with desk.later(days=40):
        retention.run_all()
    holds.place(desk.person("sabine"), "Arbeitsgericht Köln, 12 Ca 345/26", actor=karim)
    petra = desk.person("petra")
    paths = [
        "/desk/settings/emergency", "/desk/settings/retention", f"/desk/settings/retention/{rule.id}",
        f"/desk/settings/retention/{done.id}", "/desk/settings/privacy",
        f"/desk/settings/privacy/{petra.uid}", f"/desk/settings/privacy/{desk.person('sabine').uid}",
        f"/desk/tickets/{secret.number}",
    ]  # fmt: skip
    visitor = visit("karim", device)
    check(visitor, paths)


@DEVICES
def test_a_ticket_that_was_handed_on(visit: Visit, lasting_desk: Desk, device: dict[str, Any]) -> None:
    """P33.2."""
    desk = lasting_desk
    Team.objects.filter(key="it").update(handover_needs_note=True)
    ticket, other = desk.ticket("petra"), desk.ticket("marta")
    actions.hand_to(ticket, desk.team("facilities"), actor=desk.actor("deniz"), note="Es ist die Tür.")
    paths = [
        "/desk/followed", f"/desk/tickets/{ticket.number}?list=followed", f"/desk/tickets/{other.number}?change=team",
        f"/desk/triage/{other.number}",
    ]  # fmt: skip
    visitor = visit("anna", device)
    check(visitor, paths)
