"""Reading beside the team: what was handed on, helping on one ticket, break-glass, the department's head."""

from datetime import timedelta

import pytest

from hauspost.duties.notices.models import Notice
from hauspost.ground import clock
from hauspost.ground.history.models import Event
from hauspost.ground.history.reading import data_of, texts_of
from hauspost.ground.mail.letter import read_letter
from hauspost.ground.refusals import Invalid, NotAllowed, NotFound
from hauspost.ground.search.actions import Readable, search
from hauspost.records.people import actions as people
from hauspost.records.people.actor import SYSTEM, Actor
from hauspost.records.people.models import Membership, Person, Team
from hauspost.records.tickets import actions as tickets
from hauspost.records.tickets.indexing import documents, scopes_at_desk_of
from hauspost.records.tickets.models import Entry, Participant, TeamShare, Ticket
from hauspost.records.tickets.reading import View, view_of
from hauspost.records.tickets.refusals import HandoverNeedsNote, NoSuchTicket, ReadAlready
from hauspost.records.tickets.writing import Writing
from tests.desk import Desk


@pytest.fixture
def ticket(desk: Desk) -> Ticket:
    """Petra's, at IT."""
    return desk.ticket("petra", text="The scannerword is stuck.")


def view(desk: Desk, ticket: Ticket, who: str) -> View | None:
    return view_of(Ticket.objects.with_names().get(number=ticket.number), desk.actor(who))


def role(desk: Desk, ticket: Ticket, who: str) -> str:
    found = view(desk, ticket, who)
    return found.role if found is not None else "-"


def found(actor: Actor, word: str) -> set[int]:
    readable = [Readable(scopes_at_desk_of(actor), ("public", "internal"))]
    return {hit.ref for hit in search(word, readable=readable).rows}


# Handing on (P33.2).


def test_a_team_goes_on_reading_what_it_handed_on(desk: Desk, ticket: Ticket) -> None:
    """P33.2: with notes; whoever writes in the old team may add one, and do nothing else."""
    tickets.hand_to(ticket, desk.team("facilities"), actor=desk.actor("deniz"))

    anna, lena = view(desk, ticket, "anna"), view(desk, ticket, "lena")
    assert anna is not None
    assert lena is not None
    assert (anna.role, anna.rights, anna.sees_notes) == ("sharing", {"read", "note"}, True)
    assert (lena.role, lena.rights) == ("sharing", {"read"})
    tickets.note(ticket, Writing(text="We had replaced its cable."), actor=desk.actor("anna"))
    with pytest.raises(NotAllowed):
        tickets.note(ticket, Writing(text="x"), actor=desk.actor("lena"))
    for verb in (
        lambda: tickets.reply(ticket, Writing(text="x"), actor=desk.actor("anna")),
        lambda: tickets.assign(ticket, None, actor=desk.actor("anna")),
        lambda: tickets.hand_to(ticket, desk.team("it"), actor=desk.actor("deniz")),
    ):
        with pytest.raises(NotAllowed):
            verb()


def test_what_was_handed_on_is_followed_and_found_but_no_longer_in_the_teams_lists(desk: Desk, ticket: Ticket) -> None:
    """P11.1, P33.2: lists of the team are the team's own."""
    tickets.hand_to(ticket, desk.team("facilities"), actor=desk.actor("deniz"))
    anna, pawel = desk.actor("anna"), desk.actor("pawel")

    assert list(Ticket.objects.at_desk_of(anna)) == []
    assert [one.number for one in Ticket.objects.shared_with_teams_of(anna)] == [ticket.number]
    assert [one.number for one in Ticket.objects.followed_by(anna)] == [ticket.number]
    assert list(Ticket.objects.shared_with_teams_of(pawel)) == []
    assert found(anna, "scannerword") == {ticket.number}
    tickets.note(ticket, Writing(text="laternoteword"), actor=desk.actor("claire"))
    assert found(anna, "laternoteword") == {ticket.number}
    scopes = {scope for document in documents() for scope in document.scope}
    assert f"t{desk.team('it').id}" in scopes, "a rebuilt index knows of shares, too"


def test_back_at_its_old_team_it_is_the_teams_again(desk: Desk, ticket: Ticket) -> None:
    tickets.hand_to(ticket, desk.team("facilities"), actor=desk.actor("deniz"))
    tickets.hand_to(ticket, desk.team("it"), actor=desk.actor("claire"))

    assert (role(desk, ticket, "anna"), role(desk, ticket, "pawel")) == ("agent", "sharing")
    assert [share.team.key for share in TeamShare.objects.filter(ticket=ticket)] == ["facilities"]


def test_a_team_that_does_not_want_to_follow_reads_no_more(desk: Desk, ticket: Ticket) -> None:
    Team.objects.filter(key="it").update(watches_handed_on=False)
    tickets.hand_to(ticket, desk.team("facilities"), actor=desk.actor("deniz"))

    assert role(desk, ticket, "anna") == "-"
    assert found(desk.actor("anna"), "scannerword") == set()


def test_a_confidential_team_shares_with_nobody(desk: Desk, ticket: Ticket) -> None:
    """P33.3: neither what it gets, with those who read it till now, nor what it hands on."""
    tickets.hand_to(ticket, desk.team("facilities"), actor=desk.actor("deniz"))
    tickets.add_participant(ticket, desk.person("ines"), actor=desk.actor("claire"), role="helper")
    tickets.hand_to(ticket, desk.team("hr"), actor=desk.actor("claire"))

    assert [role(desk, ticket, who) for who in ("anna", "pawel", "ines", "giulia")] == ["-", "-", "-", "agent"]
    assert found(desk.actor("anna"), "scannerword") == found(desk.actor("pawel"), "scannerword") == set()
    tickets.hand_to(ticket, desk.team("facilities"), actor=desk.actor("giulia"))
    assert [role(desk, ticket, who) for who in ("giulia", "pawel")] == ["-", "agent"]
    assert not TeamShare.objects.exists()


def test_a_team_that_becomes_confidential_shares_no_more(desk: Desk, ticket: Ticket) -> None:
    tickets.hand_to(ticket, desk.team("facilities"), actor=desk.actor("deniz"))
    Team.objects.filter(key="facilities").update(is_confidential=True)

    assert role(desk, ticket, "anna") == "-"
    assert list(Ticket.objects.shared_with_teams_of(desk.actor("anna"))) == []


def test_an_agents_own_request_is_not_read_through_the_teams_share(desk: Desk) -> None:
    """P11.5: Anna asked IT, IT handed it on; she reads it as its requester."""
    ticket = desk.ticket("anna")
    tickets.hand_to(ticket, desk.team("facilities"), actor=desk.actor("deniz"))

    assert (role(desk, ticket, "anna"), role(desk, ticket, "jonas")) == ("requester", "agent")
    assert list(Ticket.objects.shared_with_teams_of(desk.actor("anna"))) == []


def test_a_handover_may_need_a_note(desk: Desk, ticket: Ticket) -> None:
    """P33.2: refused without, written with it in the same step, for the new team to read."""
    Team.objects.filter(key="it").update(handover_needs_note=True)

    with pytest.raises(HandoverNeedsNote, match="IT"):
        tickets.hand_to(ticket, desk.team("facilities"), actor=desk.actor("deniz"), note="  ")
    tickets.hand_to(ticket, desk.team("facilities"), actor=desk.actor("deniz"), note="It is a door, not a printer.")

    note = Entry.objects.filter(ticket=ticket).latest("seq")
    assert (note.kind, note.is_public, note.text) == ("note", False, "It is a door, not a printer.")
    assert (note.author, Ticket.objects.get(number=ticket.number).team.key) == (desk.person("deniz"), "facilities")


def test_a_note_that_was_refused_with_its_handover_is_not_written(desk: Desk, ticket: Ticket) -> None:
    from hauspost.records.tickets.refusals import Changed

    tickets.hand_to(ticket, desk.team("facilities"), actor=SYSTEM)
    before = Entry.objects.filter(ticket=ticket).count()
    with pytest.raises(Changed):
        tickets.hand_to(ticket, desk.team("hr"), actor=desk.actor("claire"), note="Yours", based_on={"team": "it"})
    assert Entry.objects.filter(ticket=ticket).count() == before


# The requester is told once (P33.2).


def letters_to(desk: Desk, who: str, since: int = 0) -> list[str]:
    uid = str(desk.person(who).uid)
    return [bytes(mail.raw or b"").decode() for mail in desk.sent()[since:] if mail.recipients.filter(person_uid=uid)]


def test_the_requester_is_told_of_a_handover_once(desk: Desk, ticket: Ticket) -> None:
    before = len(desk.sent())
    tickets.hand_to(ticket, desk.team("facilities"), actor=desk.actor("deniz"))
    desk.works()
    told = letters_to(desk, "petra", before)
    assert len(told) == 1
    assert "Auto-Submitted: auto-generated" in told[0]
    tickets.hand_to(ticket, desk.team("it"), actor=desk.actor("claire"))
    desk.works()
    assert len(letters_to(desk, "petra", before)) == 1


@pytest.mark.parametrize("why", ["quiet team", "confidential", "machine"])
def test_some_are_not_told_of_a_handover(desk: Desk, why: str) -> None:
    headers = {"Auto-Submitted": "auto-generated", "Precedence": "bulk"} if why == "machine" else {}
    ticket = desk.ticket("petra", headers=headers)  # type: ignore[arg-type]
    Team.objects.filter(key="facilities").update(acknowledges=why != "quiet team")
    before = len(desk.sent())
    tickets.hand_to(ticket, desk.team("hr" if why == "confidential" else "facilities"), actor=desk.actor("deniz"))
    desk.works()
    assert letters_to(desk, "petra", before) == []


# Help on this (P33.1).


def test_whoever_is_asked_to_help_is_told_and_finds_the_ticket(desk: Desk, ticket: Ticket) -> None:
    """P33.1."""
    tickets.add_participant(ticket, desk.person("pawel"), actor=desk.actor("anna"), role="helper")
    desk.works()

    assert Notice.objects.filter(person=desk.person("pawel"), kind="participant.added", ticket=ticket).count() == 1
    assert [one.number for one in Ticket.objects.followed_by(desk.actor("pawel"))] == [ticket.number]
    tickets.remove_participant(ticket, desk.person("pawel"), actor=desk.actor("anna"))
    assert list(Ticket.objects.followed_by(desk.actor("pawel"))) == []


def test_a_mere_participant_is_told_of_no_help(desk: Desk, ticket: Ticket) -> None:
    tickets.add_participant(ticket, desk.person("pawel"), actor=desk.actor("anna"))
    desk.works()

    assert not Notice.objects.filter(person=desk.person("pawel")).exists()
    assert not Participant.objects.filter(role="helper").exists()


# Break-glass (P33.3).

WHY = "The works council asks for this today."


@pytest.fixture
def secret(desk: Desk) -> Ticket:
    """A ticket of HR, which no administrator reads."""
    return desk.ticket("petra", to="hr", text="secretword")


def test_emergency_access_lets_an_administrator_read_for_an_hour(desk: Desk, secret: Ticket) -> None:
    """P33.3: to read only, notes included; then it is over."""
    karim = desk.actor("karim")
    assert role(desk, secret, "karim") == "-"

    access = tickets.open_emergency_access(secret.number, WHY, actor=karim)

    seen = view(desk, secret, "karim")
    assert seen is not None
    assert (seen.role, seen.rights, seen.sees_notes) == ("emergency", {"read"}, True)
    assert access.until - clock.now() <= timedelta(hours=1)
    with pytest.raises(NotAllowed):
        tickets.note(secret, Writing(text="x"), actor=karim)
    with desk.later(minutes=61):
        assert role(desk, secret, "karim") == "-"
        with pytest.raises(NotFound):
            tickets.note(secret, Writing(text="x"), actor=karim)


def test_emergency_access_ends_with_the_right(desk: Desk, secret: Ticket) -> None:
    tickets.open_emergency_access(secret.number, WHY, actor=desk.actor("karim"))
    Person.objects.filter(id=desk.person("karim").id).update(is_administrator=False)

    karim = Actor(who=Person.objects.get(id=desk.person("karim").id))
    assert view_of(Ticket.objects.with_names().get(number=secret.number), karim) is None


def test_emergency_access_is_recorded_and_told_at_once(desk: Desk, secret: Ticket) -> None:
    """P33.3: in the ticket's record with the reason, and to its team by notice and mail."""
    before = len(desk.sent("notice"))
    tickets.open_emergency_access(secret.number, WHY, actor=desk.actor("karim"))
    desk.works()

    event = Event.objects.get(kind="ticket.emergency_access", stream__name=secret.stream)
    assert (data_of(event)["person"], texts_of(event)) == (str(desk.person("karim").uid), [WHY])
    assert Notice.objects.filter(person=desk.person("giulia"), kind="ticket.emergency_access").count() == 1
    told = bytes(desk.sent("notice")[before:][0].raw or b"").decode()
    assert "Karim" in told
    assert "works council" in told


def test_all_who_work_in_the_team_hear_of_emergency_access_and_no_answer_of_theirs_reaches_the_requester(
    desk: Desk,
) -> None:
    """P33.3, P6.2: the page says that the team is told; the requester knows nothing of it, also where an id got lost."""
    ticket = desk.ticket("petra", to="facilities")
    team = [row.person for row in Membership.objects.filter(team__key="facilities").exclude(role="read_only")]
    before = len(desk.sent("notice"))
    tickets.open_emergency_access(ticket.number, WHY, actor=desk.actor("karim"))
    desk.works()

    notices = desk.sent("notice")[before:]
    assert {one.recipients.get().person_uid for one in notices} == {str(person.uid) for person in team} and len(
        team
    ) > 1
    letter = read_letter(notices[0].letter())
    assert "your answer becomes an internal note" in letter.text
    assert "Petra" not in letter.text and "Ask them" not in letter.text
    writer = next(one for one in team if str(one.uid) == notices[0].recipients.get().person_uid)
    for headers in ({"In-Reply-To": f"<{notices[0].message_id}>"}, {}):
        raw = desk.letter(
            notices[0].recipients.get().address, subject=f"Re: {letter.subject}", text="Why?", headers=headers
        )
        delivery = desk.receives(raw, to="facilities")
        entry = Entry.objects.get(id=delivery.entry)
        assert (entry.author, entry.is_public) == (writer, False)
    assert desk.sent("reply") == []


def test_emergency_access_is_for_administrators_and_for_what_they_may_not_read(desk: Desk, secret: Ticket) -> None:
    for who in ("anna", "wolfgang", "deniz"):
        with pytest.raises(NotAllowed):
            tickets.open_emergency_access(secret.number, WHY, actor=desk.actor(who))
    karim = desk.actor("karim")
    with pytest.raises(Invalid):
        tickets.open_emergency_access(secret.number, "because", actor=karim)
    with pytest.raises(NoSuchTicket):
        tickets.open_emergency_access(987_654, WHY, actor=karim)
    people.give_role(desk.person("karim"), desk.team("hr"), "read_only", actor=SYSTEM)
    with pytest.raises(ReadAlready):
        tickets.open_emergency_access(secret.number, WHY, actor=desk.actor("karim"))
    assert not Event.objects.filter(kind="ticket.emergency_access").exists()


# The department's head (P49.1).


def heads_department(desk: Desk, who: str, of: str) -> Actor:
    department = desk.person(of).department
    Person.objects.filter(id=desk.person(who).id).update(sees_department=True, department=department)
    return Actor(who=Person.objects.get(id=desk.person(who).id))


def test_who_sees_the_department_reads_what_is_public(desk: Desk, ticket: Ticket) -> None:
    """P49.1: what the own department asked for, and never a note."""
    mira = heads_department(desk, "mira", of="petra")
    tickets.note(ticket, Writing(text="Between us"), actor=desk.actor("anna"))

    seen = view_of(Ticket.objects.with_names().get(number=ticket.number), mira)

    assert seen is not None
    assert (seen.role, seen.rights, seen.sees_notes, seen.since_seq) == ("department", {"read"}, False, 1)
    assert [one.text for one in Entry.objects.filter(ticket=ticket).visible_in(seen) if "Between" in one.text] == []
    assert mira.who is not None
    assert [one.number for one in Ticket.objects.of_department(mira.who)] == [ticket.number]
    with pytest.raises(NotAllowed):
        tickets.add_answer(ticket, Writing(text="x"), author=mira.who, actor=mira)


def test_the_departments_head_sees_nothing_confidential_and_nothing_of_others(desk: Desk, secret: Ticket) -> None:
    """P49.1, P33.3."""
    other = desk.ticket("yusuf")
    Ticket.objects.filter(number=other.number).update(department=desk.person("karim").department)
    mira = heads_department(desk, "mira", of="petra")

    for number in (secret.number, other.number):
        assert view_of(Ticket.objects.with_names().get(number=number), mira) is None
    assert mira.who is not None
    assert list(Ticket.objects.of_department(mira.who)) == []


def test_without_the_right_or_a_department_there_is_no_such_view(desk: Desk, ticket: Ticket) -> None:
    mira = heads_department(desk, "mira", of="petra").who
    assert mira is not None
    mira.sees_department = False
    assert list(Ticket.objects.of_department(mira)) == []
    mira.sees_department, mira.department = True, None
    Ticket.objects.filter(number=ticket.number).update(department=None)
    assert list(Ticket.objects.of_department(mira)) == []
    assert view_of(Ticket.objects.with_names().get(number=ticket.number), Actor(who=mira)) is None
