"""Mail stays with the team it came to, and unproven mail waits, by whatever way it comes (P9.2, P33.3, S8)."""

from dataclasses import replace
from typing import Any

import pytest

from hauspost.duties.intake import case
from hauspost.duties.intake.actions import retry
from hauspost.ground import tokens
from hauspost.ground.mail.addresses import plus_address
from hauspost.records.people import actions as people
from hauspost.records.people.actor import SYSTEM
from hauspost.records.people.models import Mailbox
from hauspost.records.tickets import actions as tickets
from hauspost.records.tickets.models import Entry, TeamShare, Ticket
from tests.desk import Desk


def team_of(number: int | None) -> str:
    return Ticket.objects.get(number=number).team.key


def test_what_came_to_a_confidential_team_alone_joins_no_other_teams_ticket(desk: Desk) -> None:
    """P9.2, P33.3: though it answers one."""
    desk.ticket("petra")
    reference = {"In-Reply-To": f"<{desk.sent('acknowledgement')[-1].message_id}>"}
    complaint = desk.letter("petra", to="hr", subject="Re: complaint", text="About IT.", headers=reference)
    assert team_of(desk.receives(complaint, to="hr").ticket) == "hr"


def test_a_signed_address_of_another_copy_decides_nothing(desk: Desk) -> None:
    """P9.2: it stands in To, but this copy came to the confidential team."""
    plus = plus_address(desk.address("it"), desk.ticket("petra").number, 0, tokens.ring())
    copy = desk.letter("petra", to=plus, subject="complaint", headers={"Cc": desk.address("hr")})
    assert team_of(desk.receives(copy, to="hr").ticket) == "hr"


def test_a_confidential_teams_mail_lands_in_nobody_elses_flood(desk: Desk) -> None:
    """P7.3, P9.2"""
    for number in range(21):
        desk.receives(desk.letter("petra", subject=f"Offer {number}", text=f"{number}"), work=False)
    desk.works()
    delivery = desk.receives(desk.letter("petra", to="hr", subject="My illness"), to="hr")
    assert (delivery.disposition, team_of(delivery.ticket)) == ("ticket", "hr")


def test_mail_of_a_closed_mailbox_waits_for_somebody(desk: Desk) -> None:
    """P33.3, P1.1: it becomes nobody else's."""
    delivery = desk.receives(desk.letter("petra", to="hr"), to="hr", work=False)
    people.archive_mailbox(Mailbox.objects.get(address__address=desk.address("hr")), actor=SYSTEM)
    desk.works()
    delivery.refresh_from_db()
    assert (delivery.disposition, delivery.because) == ("quarantine", "no intake address")
    people.restore_mailbox(Mailbox.objects.get(address__address=desk.address("hr")), actor=SYSTEM)
    retry(delivery.id, actor=SYSTEM)
    desk.works()
    delivery.refresh_from_db()
    assert team_of(delivery.ticket) == "hr"


@pytest.mark.parametrize("change", [{"welcomes": "people"}, {"ignores_internal": True}])
def test_a_mailbox_that_keeps_a_blind_copy_back_swallows_no_other_ones(desk: Desk, change: dict[str, Any]) -> None:
    """P9.3, P35.1"""
    Mailbox.objects.filter(address__address=desk.address("it")).update(**change)
    sender = "eve@elsewhere.example" if "welcomes" in change else "petra"
    raw = desk.letter(sender, to=desk.address("marta"), subject="Bcc to both")
    first, second = desk.receives(raw, to="it"), desk.receives(raw, to="facilities")
    assert first.disposition in ("unchecked", "refused")
    assert (second.disposition, team_of(second.ticket)) == ("ticket", "facilities")


def test_only_the_mail_that_opened_a_ticket_lets_another_team_read_it(desk: Desk) -> None:
    """P9.1, P11: a Cc in an answer, forged or not, opens nothing."""
    desk.ticket("petra")
    headers = {"Cc": desk.address("facilities"), "In-Reply-To": f"<{desk.sent('acknowledgement')[-1].message_id}>"}
    answer = desk.letter("petra", subject="Re: x", headers=headers)
    for team in ("it", "facilities"):
        desk.receives(answer, to=team)
    assert not TeamShare.objects.exists()


def test_a_colleague_who_writes_to_a_signed_address_is_not_ignored(desk: Desk) -> None:
    """P9.5, P8.2: the address is ours, and named."""
    number = desk.ticket("petra").number
    Mailbox.objects.filter(address__address=desk.address("it")).update(ignores_internal=True)
    plus = plus_address(desk.address("it"), number, 0, tokens.ring())
    assert desk.receives(desk.letter("marta", to=plus), to=plus).disposition == "ticket"


def test_what_can_be_guessed_waits_when_its_sender_is_not_proven(desk: Desk, settings: Any) -> None:
    """S8: the ticket's number, another system's, or an invitation's."""
    ticket = desk.ticket("petra")
    tickets.know_elsewhere(ticket, "INC0012345", actor=desk.actor("anna"))
    settings.HAUSPOST = replace(settings.HAUSPOST, auth_serv_id="mx.lindner.example")
    for subject in (f"[#{ticket.number}] x", "INC0012345: reset my password"):
        delivery = desk.receives(desk.letter("petra", subject=subject), trusted=False)
        assert Entry.objects.get(id=delivery.entry).held_because == "unproven"


def test_a_forged_sender_waits_by_whatever_evidence(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """S7, S8"""
    desk.ticket("petra", message_id="known@petra.example")
    monkeypatch.setattr(case, "evidence_of", lambda *_about: {"dmarc": "fail", "by": "us"})
    raw = desk.letter("petra", headers={"References": "<known@petra.example>"})
    assert Entry.objects.get(id=desk.receives(raw, trusted=False).entry).held_because == "unproven"
