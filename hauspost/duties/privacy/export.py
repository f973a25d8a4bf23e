"""Everything about one person in one file, to be read and to be taken elsewhere (GDPR, articles 15 and 20; P41.3).

What is other people's stays out: their names, what they wrote in the person's tickets, tickets that are not theirs.
"""

import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import reduce
from operator import or_
from typing import IO, Any
from zipfile import ZIP_DEFLATED, ZipFile

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from hauspost.duties.intake.erasing import mails_of
from hauspost.duties.intake.forwarding import PASSED_ON
from hauspost.duties.intake.models import Delivery
from hauspost.duties.intake.reading import open_source
from hauspost.duties.notices.models import Notice
from hauspost.duties.privacy import _export_words as words_for
from hauspost.duties.privacy._export_page import Table, page
from hauspost.duties.privacy.merging import doubles_of
from hauspost.ground import clock
from hauspost.ground.files.actions import open_blob
from hauspost.ground.files.refusals import BytesMissing, NoSuchBlob
from hauspost.ground.history.actions import record
from hauspost.ground.history.models import Event
from hauspost.ground.history.reading import actor_of
from hauspost.ground.mail.models import OutgoingRecipient
from hauspost.ground.refusals import NotAllowed
from hauspost.records.people.actor import Actor
from hauspost.records.people.models import Address, Person
from hauspost.records.places.models import Workplace
from hauspost.records.tickets.models import Attachment, Entry, Participant, Satisfaction, Ticket
from hauspost.records.tickets.reading import REQUESTERS, withheld_words

_CHUNK_BYTES = 1_000_000
Rows = list[dict[str, Any]]


@dataclass(frozen=True)
class Exported:
    """How much the file holds."""

    tickets: int
    entries: int
    files: int
    mails: int
    missing: Sequence[str]


def export(person: Person, target: IO[bytes], *, actor: Actor) -> Exported:
    """Write the person's data into a zip: index.html to read, person.json to process, files and original mails.

    Records "person.exported". Raises NotAllowed.
    """
    if not actor.is_administrator:
        raise NotAllowed
    with transaction.atomic():
        record("person.exported", person.stream, actor=actor)
    # What was written under a double that was merged into the person is the person's, too.
    selves = [person, *doubles_of(person)]
    told = _everything(person, selves)
    with ZipFile(target, "w", ZIP_DEFLATED) as archive:
        missing = _write_files(archive, selves, told)
        archive.writestr("person.json", json.dumps(told, ensure_ascii=False, indent=1, default=_as_json))
        archive.writestr("index.html", _readable(person, told))
    return Exported(
        tickets=len(told["tickets"]),
        entries=sum(len(one["entries"]) for one in told["tickets"]) + len(told["entries_elsewhere"]),
        files=sum(len(entry["files"]) for one in told["tickets"] for entry in one["entries"]),
        mails=len(told["mails_sent_by_the_person"]),
        missing=missing,
    )


def _everything(person: Person, selves: Sequence[Person]) -> dict[str, Any]:
    tickets = _own_tickets(selves)
    streams = [one.stream for one in selves]
    return {
        "made_at": clock.now(),
        "person": _master(person),
        "addresses": list(person.addresses.order_by("id").values("address", "kind", "is_main", "created_at")),
        "teams": [
            {"team": row.team.name, "role": row.get_role_display()}
            for row in person.memberships.select_related("team").order_by("id")
        ],
        "absences": list(person.absences.order_by("starts_on").values("starts_on", "ends_on")),
        "keys_for_programs": list(
            person.access_tokens.order_by("id").values("name", "created_at", "expires_at", "last_used_at", "revoked_at")
        ),
        "last_signed_in_at": person.last_login,
        "tickets": [_ticket(one, selves) for one in tickets],
        "entries_elsewhere": _entries_elsewhere(selves, tickets),
        "follows": list(
            Participant.objects.filter(person__in=selves).order_by("ticket").values("ticket", "role", "created_at")
        ),
        "satisfaction": list(
            Satisfaction.objects.filter(person__in=selves)
            .order_by("id")
            .values("ticket", "score", "words", "answered_at")
        ),
        "mails_sent_by_the_person": _mails_in(selves),
        "mails_to_the_person": _mails_out(selves),
        "notices": list(
            Notice.objects.filter(person__in=selves).order_by("id").values("ticket", "kind", "created_at", "read_at")
        ),
        "record": [
            {"what": event.kind, "at": event.occurred_at, "by": _by(event, streams)}
            for event in Event.objects.filter(stream__name__in=streams).order_by("occurred_at", "id")
        ],
    }


def _master(person: Person) -> dict[str, Any]:
    seat = Workplace.objects.filter(person=person).select_related("site", "location").first()
    return {
        "uid": str(person.uid),
        "name": person.name,
        "phone": person.phone,
        "language": person.language,
        "time_zone": person.time_zone,
        "department": person.department.name if person.department is not None else "",
        "cost_centre": person.cost_centre,
        "site": seat.site.name if seat is not None else "",
        "location": seat.location.name if seat is not None and seat.location is not None else "",
        "key_elsewhere": person.external_key or "",
        "is_administrator": person.is_administrator,
        "is_auditor": person.is_auditor,
        "sees_department": person.sees_department,
        "is_external": person.is_external,
        "known_since": person.created_at,
        "left_at": person.deactivated_at,
    }


def _own_tickets(selves: Sequence[Person]) -> list[Ticket]:
    own = Ticket.objects.filter(Q(requester__in=selves) | Q(affected__in=selves))
    return list(own.select_related("team", "category", "status", "site", "location").order_by("number"))


def _ticket(ticket: Ticket, selves: Sequence[Person]) -> dict[str, Any]:
    return {
        "number": ticket.number,
        "subject": ticket.subject,
        "team": ticket.team.name,
        "category": ticket.category.path if ticket.category is not None else "",
        "status": ticket.status.name,
        "site": ticket.site.name if ticket.site is not None else "",
        "location": ticket.location.name if ticket.location is not None else "",
        "opened_at": ticket.opened_at,
        "resolved_at": ticket.resolved_at,
        "closed_at": ticket.closed_at,
        "entries": [_entry(one, selves) for one in _public(ticket)],
    }


def _public(ticket: Ticket) -> "QuerySet[Entry]":
    """What the requester reads in the portal: no notes, nothing held, nothing that may still be taken back."""
    return ticket.entries.visible_in(REQUESTERS).order_by("seq")


def _entry(entry: Entry, selves: Sequence[Person]) -> dict[str, Any]:
    own = entry.author_id in [one.id for one in selves]
    # What other people of the requester's side wrote is theirs.
    shown = own or entry.is_from_desk
    readable = shown and not REQUESTERS.withholds(entry)
    return {
        "number": entry.seq,
        "at": entry.created_at,
        "by": "the person" if own else "the desk" if entry.is_from_desk else "somebody else",
        "subject": entry.subject if shown else "",
        "text": entry.text if readable else withheld_words() if shown else "",
        "files": [{"id": row.id, "name": row.name, "size_bytes": row.size_bytes} for row in _files(entry, readable)],
    }


def _files(entry: Entry, shown: bool) -> list[Attachment]:
    rows = Attachment.objects.filter(entry=entry, blob__isnull=False).select_related("blob")
    return list(rows.order_by("position", "id")) if shown else []


def _entries_elsewhere(selves: Sequence[Person], own: Sequence[Ticket]) -> Rows:
    """What the person wrote in others' tickets: own words on the requester's side; of work at the desk that, not what.

    What an agent writes is about its requester: whose it is decides whose export it belongs to.
    """
    rows = Entry.objects.filter(author__in=selves).exclude(ticket__in=[one.number for one in own], is_public=True)
    return [
        {
            "ticket": row.ticket_id,
            "at": row.created_at,
            "kind": row.kind,
            "text": "" if row.is_from_desk else withheld_words() if REQUESTERS.withholds(row) else row.text,
            "written_at_work": row.is_from_desk,
        }
        for row in rows.order_by("id").iterator()
    ]


def _mails_from(selves: Sequence[Person]) -> "QuerySet[Delivery]":
    addresses = list(Address.objects.filter(person__in=selves).values_list("address", flat=True))
    # What an agent passed on holds somebody else's mail, and above it an agent's words: it is neither's alone.
    return reduce(or_, (mails_of(one, addresses) for one in selves)).exclude(because=PASSED_ON)


def _mails_in(selves: Sequence[Person]) -> Rows:
    rows = _mails_from(selves).defer("raw").order_by("id")
    return [
        {"id": row.id, "at": row.received_at, "to": row.recipient, "subject": row.subject, "size_bytes": row.size_bytes}
        for row in rows.iterator()
    ]


def _mails_out(selves: Sequence[Person]) -> Rows:
    rows = (
        OutgoingRecipient.objects.filter(person_uid__in=[str(one.uid) for one in selves])
        .select_related("mail")
        .order_by("id")
    )
    return [
        {
            "at": row.mail.created_at,
            "kind": row.mail.kind,
            "to": row.address,
            "state": row.state,
            "ticket": row.mail.about or None,
        }
        for row in rows.defer("mail__raw").iterator()
    ]


def _by(event: Event, streams: Sequence[str]) -> str:
    who = actor_of(event).get("who", "")
    return "the person" if who in streams else "somebody" if who.startswith("person:") else who


# The zip.


def _write_files(archive: ZipFile, selves: Sequence[Person], told: dict[str, Any]) -> list[str]:
    """The files and mails that `told` names, each with its path beside it; answers what could not be found."""
    missing: list[str] = []
    for ticket in told["tickets"]:
        for entry in ticket["entries"]:
            for row in entry["files"]:
                path = f"files/{ticket['number']}-{row['id']}-{_safe(row['name'])}"
                _note(row, path, _put_file(archive, path, row["id"]), missing)
    mails = _mails_from(selves)
    for row in told["mails_sent_by_the_person"]:
        delivery = mails.get(id=row["id"])
        if delivery.raw is not None or delivery.blob:
            path = f"mails/{row['id']}.eml"
            _note(row, path, _put_mail(archive, path, delivery), missing)
    return missing


def _note(row: dict[str, Any], path: str, is_there: bool, missing: list[str]) -> None:
    if is_there:
        row["path"] = path
    else:
        missing.append(path)


def _put_file(archive: ZipFile, path: str, attachment: int) -> bool:
    blob = Attachment.objects.select_related("blob").get(id=attachment).blob
    try:
        source = open_blob(blob.sha256) if blob is not None else None
    except (BytesMissing, NoSuchBlob):
        source = None
    if source is None:
        return False
    with source, archive.open(path, "w") as target:
        shutil.copyfileobj(source, target, _CHUNK_BYTES)
    return True


def _put_mail(archive: ZipFile, path: str, delivery: Delivery) -> bool:
    try:
        source = open_source(delivery)
    except (BytesMissing, NoSuchBlob):
        return False
    with source, archive.open(path, "w") as target:
        shutil.copyfileobj(source, target, _CHUNK_BYTES)
    return True


def _safe(name: str) -> str:
    """A file's name that no program takes for a path."""
    kept = "".join(letter if letter.isalnum() or letter in "-_. " else "_" for letter in name)
    return kept.replace("..", "_")[-100:].strip(". ") or "file"


def _as_json(value: Any) -> str:
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


# To read.


def _readable(person: Person, told: Mapping[str, Any]) -> str:
    tables = [
        Table(_("Master data"), [], [[label, told["person"][name]] for name, label in words_for.master_data().items()]),
        Table(
            _("Addresses"),
            [_("Address"), _("Kind")],
            [[row["address"], words_for.address_kind(row["kind"])] for row in told["addresses"]],
        ),
        Table(_("Teams"), [_("Team"), _("Role")], [[row["team"], row["role"]] for row in told["teams"]]),
        Table(
            _("Absences"),
            [_("From"), pgettext("last day", "To")],
            [[row["starts_on"], row["ends_on"]] for row in told["absences"]],
        ),
        Table(
            _("Keys for programs"),
            [_("Name"), _("Made"), _("Last used")],
            [[row["name"], row["created_at"], row["last_used_at"]] for row in told["keys_for_programs"]],
        ),
        Table(_("Last signed in"), [], [[_("When"), told["last_signed_in_at"]]] if told["last_signed_in_at"] else []),
        *[_ticket_table(one) for one in told["tickets"]],
        Table(
            _("Written in other tickets"),
            [_("Ticket"), _("When"), _("Text")],
            [
                [f"#{row['ticket']}", row["at"], row["text"] or _("(work at the desk, about its requester)")]
                for row in told["entries_elsewhere"]
            ],
        ),
        Table(
            _("Followed tickets"),
            [_("Ticket"), _("Since")],
            [[f"#{row['ticket']}", row["created_at"]] for row in told["follows"]],
        ),
        Table(
            _("Answers on satisfaction"),
            [_("Ticket"), _("When"), _("Score"), _("Text")],
            [[f"#{row['ticket']}", row["answered_at"], row["score"], row["words"]] for row in told["satisfaction"]],
        ),
        Table(
            _("Mails from this person"),
            [_("When"), _("To"), _("Subject"), _("File")],
            [[row["at"], row["to"], row["subject"], row.get("path", "")] for row in told["mails_sent_by_the_person"]],
        ),
        Table(
            _("Mails to this person"),
            [_("When"), _("To"), _("Kind"), _("State")],
            [
                [row["at"], row["to"], words_for.mail_kind(row["kind"]), words_for.mail_state(row["state"])]
                for row in told["mails_to_the_person"]
            ],
        ),
        Table(
            _("Notices"),
            [_("When"), _("Ticket"), _("Kind")],
            [
                [row["created_at"], f"#{row['ticket']}" if row["ticket"] else "", words_for.notice(row["kind"])]
                for row in told["notices"]
            ],
        ),
        Table(
            _("What the record says of this person"),
            [_("When"), _("What")],
            [[row["at"], words_for.event(row["what"], row["by"])] for row in told["record"]],
        ),
    ]
    made_at: datetime = told["made_at"]
    return page(_("Everything about %(name)s") % {"name": person.name}, made_at, [one for one in tables if one.rows])


def _ticket_table(ticket: Mapping[str, Any]) -> Table:
    who = {"the person": _("this person"), "the desk": _("the desk"), "somebody else": _("somebody else")}
    rows = [
        [
            entry["at"],
            who[entry["by"]],
            entry["text"] or _("(somebody else’s words)"),
            "\n".join(row.get("path", row["name"]) for row in entry["files"]),
        ]
        for entry in ticket["entries"]
    ]
    title = _("Ticket #%(number)s: %(subject)s") % {"number": ticket["number"], "subject": ticket["subject"]}
    return Table(f"{title} ({ticket['status']})", [_("When"), _("Who"), _("Text"), _("Files")], rows)
