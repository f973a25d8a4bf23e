"""One mail to several teams: one ticket for those who share, an own linked one for whom it is confidential (P9)."""

from itertools import permutations

import pytest

from hauspost.duties.notices.models import Notice
from hauspost.records.people import actions as people
from hauspost.records.people.actor import SYSTEM
from hauspost.records.people.models import Mailbox
from hauspost.records.tickets.models import Link, TeamShare, Ticket
from hauspost.records.tickets.reading import view_of
from tests.desk import Desk
from tests.doors.browsing import browser


def sharing(number: int | None) -> set[str]:
    return set(TeamShare.objects.filter(ticket=number).values_list("team__key", flat=True))


def test_the_other_team_reads_the_one_ticket_in_either_order(desk: Desk) -> None:
    """P9.1, P9.3"""
    for order in permutations(("it", "facilities")):
        raw = desk.letter("petra", headers={"Cc": desk.address("facilities")})
        first, _second = [desk.receives(raw, to=team) for team in order]
        number = first.ticket
        assert Ticket.objects.get(number=number).team.key == "it"
        assert sharing(number) == {"facilities"}
        assert Ticket.objects.shared_with_teams_of(desk.actor("pawel")).filter(number=number).exists()
        assert len(desk.sent("acknowledgement")) == 1


def test_a_team_in_blind_copy_is_told_of_it_too(desk: Desk) -> None:
    """P9.1: it stands in no header, and its copy comes second."""
    raw = desk.letter("petra")
    first, _second = [desk.receives(raw, to=team) for team in ("it", "facilities")]
    number = first.ticket
    assert (Ticket.objects.get(number=number).team.key, sharing(number)) == ("it", {"facilities"})


@pytest.mark.parametrize("order", list(permutations(("it", "hr"))))
@pytest.mark.parametrize("first_named", ["it", "hr"])
def test_a_confidential_team_gets_its_own_linked_ticket(desk: Desk, order: tuple[str, str], first_named: str) -> None:
    """P9.2, P9.3"""
    second = {"it": "hr", "hr": "it"}[first_named]
    raw = desk.letter("petra", to=first_named, headers={"Cc": desk.address(second)})
    arrived = {team: desk.receives(raw, to=team) for team in order}

    assert {team: one.disposition for team, one in arrived.items()} == {"it": "ticket", "hr": "ticket"}
    it, hr = (Ticket.objects.get(number=arrived[team].ticket) for team in ("it", "hr"))
    assert (it.team.key, hr.team.key) == ("it", "hr")
    assert sharing(it.number) == sharing(hr.number) == set()
    assert Link.objects.filter(kind="related", ticket__in=[it, hr], other__in=[it, hr]).count() == 1
    assert view_of(hr, desk.actor("anna")) is None and view_of(it, desk.actor("giulia")) is None


def test_the_other_teams_dispatcher_is_told(desk: Desk) -> None:
    """P9.1: nobody stays in the dark."""
    desk.receives(desk.letter("petra", headers={"Cc": desk.address("facilities")}))
    told = Notice.objects.get(kind="ticket.also_sent")
    assert told.person == desk.person("claire")
    assert "went to your team as well" in desk.sent("notice")[-1].letter().decode()
    assert "Sent to your team" in browser(desk, "claire").get("/desk/notices").text


def test_a_copy_that_comes_again_is_a_duplicate_for_either_team(desk: Desk) -> None:
    """P9.2, P12.1"""
    raw = desk.letter("petra", headers={"Cc": desk.address("hr")})
    first = {team: desk.receives(raw, to=team).ticket for team in ("it", "hr")}
    for team in ("hr", "it"):
        again = desk.receives(raw, to=team)
        assert (again.disposition, again.ticket) == ("duplicate", first[team])


def test_an_answer_to_both_joins_the_ticket_of_each(desk: Desk) -> None:
    """P9.2, P8.1: one Message-ID, two tickets, and each team's copy of the answer finds its own."""
    raw = desk.letter("petra", headers={"Cc": desk.address("hr")}, message_id="both@petra.example")
    first = {team: desk.receives(raw, to=team).ticket for team in ("it", "hr")}
    answer = desk.letter(
        "petra", subject="Re: Printer stuck", headers={"Cc": desk.address("hr"), "References": "<both@petra.example>"}
    )
    then = {team: desk.receives(answer, to=team) for team in ("hr", "it")}
    assert {team: (one.disposition, one.ticket) for team, one in then.items()} == {
        "it": ("answer", first["it"]), "hr": ("answer", first["hr"]),
    }  # fmt: skip


def test_mail_between_colleagues_that_does_not_name_the_mailbox_is_no_ticket_where_it_says_so(desk: Desk) -> None:
    """P9.5: an archive rule copies everything to a shared mailbox."""
    Mailbox.objects.filter(address__address=desk.address("it")).update(ignores_internal=True)
    quiet = desk.receives(desk.letter("petra", to=desk.address("marta")), to="it")
    assert (quiet.disposition, quiet.because, quiet.ticket) == ("refused", "internal mail", None)
    assert desk.receives(desk.letter("petra")).disposition == "ticket"


def test_an_alias_is_the_mailbox_itself(desk: Desk) -> None:
    """P9.4, P31.1: mail to it becomes the team's ticket, and it is nobody's address."""
    box = Mailbox.objects.get(address__address=desk.address("it"))
    people.add_alias(box, "helpdesk@lindner.example", actor=SYSTEM)
    delivery = desk.receives(desk.letter("petra", to="helpdesk@lindner.example"), to="helpdesk@lindner.example")
    assert delivery.disposition == "ticket"
    assert Ticket.objects.get(number=delivery.ticket).team.key == "it"
