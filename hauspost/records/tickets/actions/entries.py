"""Writing into a ticket: answers of the requester's side, replies and notes of the desk."""

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from hauspost.ground import clock, hot
from hauspost.ground.history.models import Event
from hauspost.ground.history.reading import data_of
from hauspost.ground.mail import outbox
from hauspost.ground.refusals import Invalid, NotAllowed, NotFound
from hauspost.records.people.actor import Actor
from hauspost.records.people.models import Person
from hauspost.records.tickets import rebuilding
from hauspost.records.tickets._changing import allow, change, locked
from hauspost.records.tickets.company import status_of
from hauspost.records.tickets.indexing import index_entry
from hauspost.records.tickets.models import Entry, Participant, Status, Ticket
from hauspost.records.tickets.recipients import recipients_of
from hauspost.records.tickets.refusals import AnsweredMeanwhile, ReachesNobody, TooBig, TooLate
from hauspost.records.tickets.writing import Writing, entry_parts, write_entry

_LAST_SEQ = hot.Question(
    lambda ticket: Entry.objects.filter(ticket=ticket).order_by("-seq").values_list("seq", flat=True)[:1]
)


@transaction.atomic
def add_answer(
    ticket: Ticket | int,
    writing: Writing,
    *,
    author: Person | None,
    actor: Actor,
    held_because: str = "",
    as_note: bool = False,
) -> Entry:
    """Add what the requester's side wrote. Records "ticket.answered".

    `as_note`: held mail that is internal whatever becomes of it: released it is a note (P6.2).

    Reopens a done ticket and ends waiting, unless the mail is automatic (P13.1) or held: then nothing but the entry
    changes, and a held one stays with the desk until somebody releases it (S8, S9). Raises NotFound, NotAllowed,
    NothingWritten.
    """
    found = locked(ticket, "read", actor)
    view = allow(actor, "read", found)
    # Requester and participants answer; an agent who may reply can enter what somebody said (P53.1).
    if not (actor.is_system or view.may("answer") or view.may("reply")):
        raise NotAllowed
    if writing.channel != "mail":
        writing.refuse_nothing()
    entry = write_entry(
        found,
        writing,
        seq=next_seq(found),
        kind=Entry.Kind.NOTE if as_note else Entry.Kind.REQUEST,
        author=author,
        is_public=not (held_because or as_note),
        is_from_desk=as_note,
        proof=actor.proof.value,
        held_because=held_because,
    )
    quiet = writing.is_automatic or bool(held_because)
    fields: dict[str, Any] = {} if quiet else _woken_by_answer(found)
    data = {"entry": entry.seq, "automatic": writing.is_automatic, "held": held_because}
    if writing.files:
        data["files"] = len(writing.files)
    if fields.get("status") is not None and not found.is_open:
        data["reopened"] = True
    change(
        found,
        "ticket.answered",
        fields,
        actor=actor,
        data=data,
        parts=entry_parts(entry, writing.files),
        is_news=not quiet,
    )
    return entry


def _woken_by_answer(ticket: Ticket) -> dict[str, Any]:
    """A human answer opens what waited for it and what was done (P13.2), and ends a snooze."""
    fields: dict[str, Any] = {"awaits_reply": True, "wake_at": None}
    if ticket.state in (Status.Kind.WAITING_REQUESTER, Status.Kind.WAITING_DATE, *Status.DONE):
        status = status_of(Status.Kind.OPEN)
        fields |= {"status": status, "state": status.kind, "resolved_at": None, "closed_at": None}
        if ticket.assignee is not None and not ticket.assignee.is_active:
            fields["assignee"] = None
    return fields


@transaction.atomic
def reply(
    ticket: Ticket | int,
    writing: Writing,
    *,
    actor: Actor,
    to: list[str] | None = None,
    status: Status | None = None,
    seen_seq: int | None = None,
) -> Entry:
    """Answer the requester and the confirmed participants in public. Records "ticket.replied".

    It leaves after `undo_seconds` and can be taken back until then (P6.4). `to` narrows the recipients to these
    addresses; `status` is set in the same step; `seen_seq` is the last entry the writer had before their eyes.
    Raises NotFound, NotAllowed, NothingWritten, TooBig, AnsweredMeanwhile, ReachesNobody.
    """
    found = locked(ticket, "reply", actor)
    writing.refuse_nothing()
    if writing.files_as_link:
        _refuse_without_portal(found)
    else:
        _refuse_too_big(writing)
    if seen_seq is not None and Entry.objects.filter(ticket=found, is_public=True, seq__gt=seen_seq).exists():
        raise AnsweredMeanwhile(number=found.number, seq=next_seq(found) - 1)
    recipients = [one for one in recipients_of(found) if to is None or one["address"] in to]
    if not recipients:
        raise ReachesNobody(number=found.number)
    leaves_at = clock.now() + timedelta(seconds=settings.HAUSPOST.undo_seconds)
    entry = write_entry(
        found,
        _addressed(writing, recipients),
        seq=next_seq(found),
        kind=Entry.Kind.REPLY,
        author=actor.who,
        is_public=True,
        is_from_desk=True,
        proof=actor.proof.value,
        leaves_at=leaves_at,
    )
    fields: dict[str, Any] = {"awaits_reply": False}
    if found.answered_at is None:
        fields["answered_at"] = clock.now()
    if status is None and found.state == Status.Kind.NEW:
        status = status_of(Status.Kind.OPEN)
    if status is not None and status.kind == Status.Kind.WAITING_DATE:
        raise Invalid("status", "a ticket that waits for a date needs one: send first, then set the status")
    if status is not None:
        fields |= status_fields(found, status)
    if found.assignee is None and actor.who is not None and actor.may("reply", found.team_id):
        fields["assignee"] = actor.who
    change(
        found,
        "ticket.replied",
        fields,
        actor=actor,
        data={"entry": entry.seq, "to": [one["person"] for one in recipients]},
        parts=entry_parts(entry, writing.files),
    )
    return entry


def _refuse_too_big(writing: Writing) -> None:
    """Base64 adds a good third; what the mail server would refuse is refused here (P5.5)."""
    size, limit = writing.size_bytes * 4 // 3, settings.HAUSPOST.mail_size_limit
    if size > limit:
        raise TooBig(found=f"{size / 1e6:.1f} MB", allowed=f"{limit / 1e6:.1f} MB")


def _refuse_without_portal(ticket: Ticket) -> None:
    """A link leads nowhere for somebody from outside (S9)."""
    if ticket.requester.is_external:
        reason = _("%(name)s is from outside and has no portal; attach the files instead")
        raise Invalid("files_as_link", reason % {"name": ticket.requester.name})


def _addressed(writing: Writing, recipients: list[dict[str, str]]) -> Writing:
    from dataclasses import replace

    return replace(writing, recipients=recipients)


@transaction.atomic
def note(ticket: Ticket | int, writing: Writing, *, actor: Actor) -> Entry:
    """Write something that only the desk sees (P6.2). Records "ticket.noted". Raises NotFound, NotAllowed,
    NothingWritten."""
    found = locked(ticket, "note", actor)
    writing.refuse_nothing()
    entry = write_entry(
        found,
        writing,
        seq=next_seq(found),
        kind=Entry.Kind.NOTE,
        author=actor.who,
        is_public=False,
        is_from_desk=True,
        proof=actor.proof.value,
    )
    change(
        found,
        "ticket.noted",
        {},
        actor=actor,
        data={"entry": entry.seq, "automatic": writing.is_automatic},
        parts=entry_parts(entry, writing.files),
    )
    return entry


@transaction.atomic
def take_back(entry: Entry, *, actor: Actor) -> Entry:
    """Undo a reply before it leaves; its text goes back to its writer. Records "entry.taken_back". Raises TooLate."""
    found = locked(entry.ticket_id, "reply", actor)
    kept = Entry.objects.select_for_update(of=("self",)).filter(id=entry.id, ticket=found).first()
    if kept is None or kept.kind != Entry.Kind.REPLY:
        raise NotFound
    if kept.taken_back_at is not None:
        return kept
    gone = kept.outgoing is not None and not outbox.cancel(kept.outgoing)
    if gone or kept.leaves_at is None or kept.leaves_at <= clock.now():
        raise TooLate(number=found.number)
    kept.taken_back_at = clock.now()
    kept.is_public = False
    kept.save(update_fields=["taken_back_at", "is_public"])
    index_entry(found, kept, list(kept.attachments.values_list("name", flat=True)))
    change(found, "entry.taken_back", _as_before(found, kept), actor=actor, data={"entry": kept.seq})
    return kept


def _as_before(ticket: Ticket, entry: Entry) -> dict[str, Any]:
    """What the undone reply had changed and nobody has changed since."""
    events = Event.objects.filter(stream__name=ticket.stream, kind="ticket.replied").order_by("-seq")
    data = next(data for data in map(data_of, events) if data["entry"] == entry.seq)
    names = ("awaits_reply", "answered_at", "status", "state", "resolved_at", "closed_at", "wake_at", "assignee")
    untouched = [
        name
        for name in names
        if name in data["before"] and rebuilding.value_of(ticket, name) == data["after"].get(name)
    ]
    return {name: rebuilding.valued(name, data["before"][name]) for name in untouched}


@transaction.atomic
def release(entry: Entry, *, actor: Actor, as_participant: bool = False) -> Entry:
    """Let a held mail join the public record; on wish its author follows the ticket from now on (S8).

    Records "entry.released". Raises NotFound, NotAllowed.
    """
    found = locked(entry.ticket_id, "release", actor)
    kept = Entry.objects.select_for_update(of=("self",)).filter(id=entry.id, ticket=found).first()
    if kept is None or not kept.held_because:
        raise NotFound
    is_internal = kept.kind == Entry.Kind.NOTE
    why, kept.held_because, kept.is_public = kept.held_because, "", not is_internal
    kept.save(update_fields=["held_because", "is_public"])
    names = list(kept.attachments.values_list("name", flat=True))
    index_entry(found, kept, names)
    data: dict[str, Any] = {"entry": kept.seq, "held": why}
    if names:
        data["files"] = len(names)
    if as_participant and not is_internal and kept.author is not None and kept.author != found.requester:
        Participant.objects.update_or_create(
            ticket=found,
            person=kept.author,
            defaults={"is_confirmed": True, "since_seq": kept.seq, "created_at": clock.now()},
        )
        data["participant"] = str(kept.author.uid)
    fields = {} if kept.is_automatic or is_internal else _woken_by_answer(found)
    change(found, "entry.released", fields, actor=actor, data=data)
    return kept


def next_seq(ticket: Ticket) -> int:
    """The number of the next entry; the ticket is locked."""
    return (_LAST_SEQ.first(ticket) or 0) + 1


def status_fields(ticket: Ticket, status: Status) -> dict[str, Any]:
    """What changes in the row when a ticket takes a status."""
    moment = clock.now()
    fields: dict[str, Any] = {"status": status, "state": status.kind}
    if status.kind == Status.Kind.RESOLVED:
        fields |= {"resolved_at": ticket.resolved_at or moment, "closed_at": None}
    elif status.kind == Status.Kind.CLOSED:
        fields |= {"resolved_at": ticket.resolved_at or moment, "closed_at": moment}
    else:
        fields |= {"resolved_at": None, "closed_at": None}
    if ticket.state == Status.Kind.WAITING_DATE and status.kind != Status.Kind.WAITING_DATE:
        fields["wake_at"] = None
    if status.kind in Status.DONE:
        fields |= {"wake_at": None, "awaits_reply": False}
    return fields
