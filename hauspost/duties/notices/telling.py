"""Telling agents: the assignee, else the team, by mail and in the page; never of their own doings (P28.2)."""

from collections.abc import Sequence

from django.conf import settings
from django.utils.translation import gettext as _

from hauspost.duties.notices.letters import (
    Desk,
    answers_to,
    desk_of,
    main_addresses,
    page_of,
    spoken_to,
    subject_of,
    ticket_of,
)
from hauspost.duties.notices.models import Notice
from hauspost.ground import clock, hot, tokens
from hauspost.ground.history.models import Event
from hauspost.ground.history.reading import actor_of, data_of, person_of, texts_of
from hauspost.ground.mail import outbox
from hauspost.ground.mail.addresses import message_id_for
from hauspost.ground.mail.compose import Outgoing, automatic_headers
from hauspost.ground.mail.models import OutgoingMail
from hauspost.ground.text.plain import html_of_text
from hauspost.records.people.absences import deputy_of, today, who_is_absent
from hauspost.records.people.actions import names_of
from hauspost.records.people.actor import Actor
from hauspost.records.people.models import Membership, Person, Team
from hauspost.records.tickets.models import Entry, Participant, Ticket
from hauspost.records.tickets.reading import view_of

LONGEST_TEXT = 20_000
WORKING = ("agent", "dispatcher", "lead")
_MEMBERS = hot.Question(lambda team: Membership.objects.filter(team=team).select_related("person").order_by("id"))
_WATCHERS = hot.Question(
    lambda ticket: Participant.objects.filter(ticket=ticket, role="watcher", is_confirmed=True).select_related("person")
)
_ENTRY = hot.Question(lambda ticket, seq: Entry.objects.filter(ticket=ticket, seq=seq))
# Nobody is told more names than fit a glance.
MOST_FILES = 20
COUNTED = ("ticket.opened", "ticket.answered", "entry.released")
HELD = "ticket.answered, held"


def tell_of_new_ticket(event: Event) -> None:
    """A new ticket: its team's dispatchers, or everybody of the team where nobody dispatches."""
    ticket = ticket_of(event)
    # What is opened at the desk stands before its dispatchers; what a colleague passes on by mail does not (P30.1).
    if data_of(event).get("by desk") and actor_of(event).get("via") != "mail":
        return
    people = _members(ticket, ("dispatcher", "lead")) or _members(ticket)
    _tell(event, ticket, people, "team", entry_seq=1)


def tell_of_answer(event: Event) -> None:
    """The requester's side wrote: the assignee, else the team. Automatic answers disturb nobody (P13.1)."""
    data = data_of(event)
    if data.get("automatic"):
        return
    ticket = ticket_of(event)
    people, reason = _responsible(ticket)
    _tell(event, ticket, [*people, *_watchers(ticket, people)], reason, entry_seq=data["entry"])


def tell_of_note(event: Event) -> None:
    """A colleague left a note: the assignee and the watchers are told, nobody else."""
    ticket = ticket_of(event)
    people = [Actor(who=ticket.assignee)] if ticket.assignee is not None else []
    _tell(event, ticket, [*people, *_watchers(ticket, people)], "assignee", entry_seq=data_of(event)["entry"])


def tell_of_assignment(event: Event) -> None:
    """Somebody is now responsible: that person is told. What a leaver leaves behind makes no mail for each (P25.5)."""
    ticket, data = ticket_of(event), data_of(event)
    if ticket.assignee is not None and data["after"].get("assignee") == str(ticket.assignee.uid):
        by_mail = data.get("because") != "leaving"
        _tell(event, ticket, [Actor(who=ticket.assignee)], "assignee", entry_seq=1, by_mail=by_mail)


def tell_of_handover(event: Event) -> None:
    """The ticket came to another team: its dispatchers, else everybody."""
    ticket = ticket_of(event)
    people = _members(ticket, ("dispatcher", "lead")) or _members(ticket)
    _tell(event, ticket, people, "team", entry_seq=1)


def tell_of_also_sent(event: Event) -> None:
    """The mail went to other teams, too: their dispatchers know of the ticket, else everybody there (P9.1)."""
    ticket = ticket_of(event)
    for team in Team.objects.filter(key__in=data_of(event)["teams"]).order_by("id"):
        people = _members_of(team.id, ("dispatcher", "lead")) or _members_of(team.id)
        _tell(event, ticket, people, "also sent", entry_seq=1)


def tell_of_emergency(event: Event) -> None:
    """An administrator reads a ticket by emergency access: all who work in its team know at once (P33.3)."""
    ticket = ticket_of(event)
    _tell(event, ticket, _members(ticket), "member", entry_seq=0)


def tell_of_help(event: Event) -> None:
    """Somebody is asked to help on one ticket, and finds it by this (P33.1)."""
    ticket, data = ticket_of(event), data_of(event)
    if data["role"] == Participant.Role.HELPER:
        rows = Participant.objects.filter(ticket=ticket, person__uid=data["person"]).select_related("person")
        _tell(event, ticket, [Actor(who=row.person) for row in rows], "helper", entry_seq=1)


def tell_of_visit(event: Event) -> None:
    """A visit is planned: the technician is told."""
    ticket, after = ticket_of(event), data_of(event)["after"]
    if ticket.technician is not None and ("technician" in after or "planned_at" in after):
        _tell(event, ticket, [Actor(who=ticket.technician)], "technician", entry_seq=1)


def tell_of_waking(event: Event) -> None:
    """Its time has come: whoever is responsible (P47.1)."""
    ticket = ticket_of(event)
    _tell(event, ticket, *_responsible(ticket), entry_seq=0)


def tell_of_reopening(event: Event) -> None:
    """A done ticket is open again; a failed sending says so itself."""
    if data_of(event).get("because") != "unreached":
        ticket = ticket_of(event)
        _tell(event, ticket, *_responsible(ticket), entry_seq=0)


def tell_of_failed_sending(event: Event) -> None:
    """A reply did not arrive: its writer and whoever is responsible (P5.2). A dead agent's address tells nobody."""
    data = data_of(event)
    if data.get("kind") != "reply":
        return
    ticket = ticket_of(event)
    people, reason = _responsible(ticket)
    entry = Entry.objects.filter(ticket=ticket, id=data.get("entry", 0)).select_related("author").first()
    if entry is not None and entry.author is not None and entry.author not in [one.who for one in people]:
        people = [Actor(who=entry.author), *people]
    _tell(event, ticket, people, reason, entry_seq=0)


def _members(ticket: Ticket, roles: Sequence[str] = WORKING) -> list[Actor]:
    return _members_of(ticket.team_id, roles)


def _members_of(team_id: int, roles: Sequence[str] = WORKING) -> list[Actor]:
    rows = _MEMBERS.all(team_id)
    return [Actor.member(row.person, row.team_id, row.role) for row in rows if row.role in roles]


def _responsible(ticket: Ticket) -> tuple[list[Actor], str]:
    assignee = Actor(who=ticket.assignee)
    if ticket.assignee is not None and _may_see(assignee, ticket):
        return [assignee], "assignee"
    return _members(ticket), "team"


def _standing_in(ticket: Ticket) -> tuple[list[Actor], str]:
    """Who hears beside an assignee who is away today: the deputy who may read the ticket, else the team (P48.1)."""
    assignee, day = ticket.assignee, today()
    if assignee is None or not who_is_absent([assignee], day):
        return [], ""
    deputy = deputy_of(assignee, on=day)
    if deputy is not None and _may_see(Actor(who=deputy), ticket):
        return [Actor(who=deputy)], "deputy"
    return _members(ticket), "team away"


def _watchers(ticket: Ticket, told: Sequence[Actor]) -> list[Actor]:
    """Agents who watch the ticket (P49.1), beside those who are told anyway."""
    rows = _WATCHERS.all(ticket)
    known = {one.who.id for one in told if one.who is not None}
    return [Actor(who=row.person) for row in rows if row.person_id not in known]


def _tell(
    event: Event, ticket: Ticket, people: Sequence[Actor], reason: str, *, entry_seq: int, by_mail: bool = True
) -> None:
    """One notice in the page and one mail a person, for those who may see the ticket now (P11.3)."""
    if actor_of(event).get("via") == "import":
        return  # P39.2: what is brought in disturbs nobody.
    if reason == "assignee":
        others, why = _standing_in(ticket)
        known = {one.who for one in people}
        others = [one for one in others if one.who not in known]
        _tell(event, ticket, others, why, entry_seq=entry_seq, by_mail=by_mail)
    doer = person_of(event) or actor_of(event).get("for", "").partition(":")[2]
    told = [one.who for one in people if one.who is not None and str(one.who.uid) != doer and _may_see(one, ticket)]
    if not told:
        return
    entry = _ENTRY.first(ticket, entry_seq) if entry_seq else None
    moment = clock.now()
    hot.put_all(
        [
            Notice(person=person, ticket=ticket, entry=entry, kind=event.kind, reason=reason, created_at=moment)
            for person in told
        ]
    )
    desk = desk_of(ticket) if by_mail else None
    addresses = main_addresses(told) if by_mail else {}
    for person in told if desk is not None else ():
        if person.id in addresses:
            _mail(event, ticket, entry, person, addresses[person.id], reason, desk)


def _may_see(actor: Actor, ticket: Ticket) -> bool:
    view = view_of(ticket, actor)
    return view is not None and view.sees_notes


def _mail(
    event: Event, ticket: Ticket, entry: Entry | None, person: Person, address: str, reason: str, desk: Desk | None
) -> None:
    assert desk is not None
    is_note = _stays_inside(event, entry, reason)
    entry_id = entry.id if entry is not None else 0
    with spoken_to(person, ticket.team):
        subject, text = _words(event, ticket, entry, reason, is_note)
    outbox.queue(
        Outgoing(
            from_=(desk.name, desk.address),
            to=[(person.name, address)],
            subject=subject_of(ticket, subject),
            text=text,
            html=html_of_text(text),
            message_id=message_id_for(
                "note" if is_note else "notice",
                ticket.number,
                entry_id,
                person.id,
                tokens.ring(),
                settings.HAUSPOST.mail_domain,
            ),
            date=clock.now(),
            headers=automatic_headers("auto-generated"),
            # An id may get lost on the way back. The signed address alone makes a reply of an answer, unless its entry
            # is a note; without it the answer is held.
            reply_to=answers_to(desk, ticket, entry_id) if entry_id or not is_note else None,
        ),
        kind=OutgoingMail.Kind.NOTICE,
        stream=ticket.stream,
        about=ticket.number,
        entry=entry_id,
        envelope_from=desk.address,
        recipients=[(address, str(person.uid))],
        account=desk.account,
    )


def _stays_inside(event: Event, entry: Entry | None, reason: str) -> bool:
    """Does an answer to this notice become a note? Of emergency access the requester knows nothing (P33.3).

    Whoever only reads along answers with a note, too (P9.1).
    """
    is_of_note = entry is not None and entry.kind == Entry.Kind.NOTE
    return is_of_note or reason == "also sent" or event.kind == "ticket.emergency_access"


def _words(event: Event, ticket: Ticket, entry: Entry | None, reason: str, is_note: bool) -> tuple[str, str]:
    what = _headline(_kind_of(event)) % {"name": _name_in(event, ticket, entry)}
    lines = [what, f"#{ticket.number} {ticket.subject}"]
    if event.kind == "ticket.emergency_access":
        lines.append(_("For an hour this person may read everything in it, internal notes as well."))
        lines += [_("The reason given: %(reason)s") % {"reason": reason} for reason in texts_of(event)]
    if event.kind in ("mail.failed", "mail.bounced"):
        lines += [_("The mail server said: %(answer)s") % {"answer": answer[:500]} for answer in texts_of(event)]
    if entry is not None and entry.evidence.get("decrypted"):
        # Its sender trusted the way to the desk, not the one from there to everybody's mailbox (P22.5).
        lines.append(_("The words came encrypted, so they are not in this mail: read them in the ticket."))
    elif entry is not None:
        lines.append("\n".join(f"| {line}".rstrip() for line in entry.text[:LONGEST_TEXT].strip().splitlines()))
    lines.append(_files_of(event, entry))
    if _kind_of(event) == HELD:
        lines.append(
            _("Nobody but the desk sees it. Look at it in the ticket, and release it there if it belongs to it.")
        )
    lines.append(page_of(ticket, at_desk=True))
    lines.append(_because(reason))
    if is_note:
        lines.append(_("If you answer this mail, your answer becomes an internal note."))
    else:
        lines.append(_("If you answer this mail, your answer goes to %(name)s.") % {"name": ticket.requester.name})
    return f"{what}: {ticket.subject}", "\n\n".join(line for line in lines if line) + "\n"


def _name_in(event: Event, ticket: Ticket, entry: Entry | None) -> str:
    if event.kind == "ticket.emergency_access":
        uid = person_of(event)
        return names_of([uid]).get(uid, _("An administrator"))
    return entry.author_name if entry is not None else ticket.requester.name


def _kind_of(event: Event) -> str:
    """What happened, where an answer that was held is none yet (S8)."""
    is_held = event.kind == "ticket.answered" and bool(data_of(event).get("held"))
    return HELD if is_held else event.kind


def _files_of(event: Event, entry: Entry | None) -> str:
    """The names of the files that came with it, which the notice itself does not carry; "" for none."""
    # Of what a mail brings the event knows how many: where there are none, nothing is asked.
    if entry is None or not data_of(event).get("files", event.kind not in COUNTED):
        return ""
    if entry.evidence.get("decrypted"):
        # The names came encrypted, too.
        return ""
    names = list(entry.attachments.order_by("id").values_list("name", flat=True)[: MOST_FILES + 1])
    shown = ", ".join(names[:MOST_FILES]) + (", …" if len(names) > MOST_FILES else "")
    return _("Files, in the ticket: %(names)s") % {"names": shown} if names else ""


def _headline(kind: str) -> str:
    headlines = {
        "ticket.opened": _("New ticket from %(name)s"),
        "ticket.answered": _("%(name)s has answered"),
        HELD: _("A mail in the name of %(name)s was held"),
        "entry.released": _("%(name)s has answered"),
        "ticket.noted": _("Internal note by %(name)s"),
        "ticket.assigned": _("A ticket was assigned to you"),
        "ticket.handed": _("A ticket was handed to your team"),
        "ticket.also_sent": _("A mail of %(name)s went to your team as well"),
        "ticket.emergency_access": _("%(name)s has opened emergency access to a ticket of your team"),
        "participant.added": _("You are asked to help on a ticket of %(name)s"),
        "ticket.planned": _("A visit is planned for you"),
        "ticket.woken": _("A ticket is due again"),
        "ticket.reopened": _("A ticket is open again"),
        "mail.failed": _("A reply did not arrive"),
        "mail.bounced": _("A reply did not arrive"),
    }
    return headlines[kind]


def _because(reason: str) -> str:
    reasons = {
        "assignee": _("You get this because the ticket is assigned to you."),
        "team": _("You get this because you work in the ticket's team and nobody is assigned."),
        "also sent": _("You get this because the mail was sent to your team, too. Another team works on it."),
        "member": _("You get this because you work in the ticket's team."),
        "helper": _("You get this because somebody asked you to help on this one ticket."),
        "technician": _("You get this because you are the planned technician."),
        "deputy": _("You get this because you stand in for the colleague who is responsible and away."),
        "team away": _("You get this because the colleague who is responsible is away and nobody stands in."),
    }
    return reasons[reason]
