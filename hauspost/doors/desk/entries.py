"""Entries as the record shows them: words, files, what their mail told, and how far a reply came."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from django.db.models import Exists, OuterRef, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from markupsafe import Markup

from hauspost.doors.desk.reasons import held_because
from hauspost.doors.desk.told import Date, Mark, dates_of, marks_of
from hauspost.doors.ui import formats
from hauspost.duties.intake.models import Delivery
from hauspost.ground import clock
from hauspost.ground.mail.outbox import delivery_states
from hauspost.ground.text.safe_html import point_pictures
from hauspost.records.people.actions import names_of
from hauspost.records.people.models import sort_key_of
from hauspost.records.tickets.models import Attachment, Entry

SMALL_PICTURE = 30_000  # bytes

_STATES = {
    "queued": (gettext_lazy("waiting to be sent"), "", "clock"),
    "sending": (gettext_lazy("being sent"), "", "clock"),
    "delayed": (gettext_lazy("delayed, is tried again"), "amber", "clock-alert"),
    "handed_over": (gettext_lazy("handed to the mail server"), "green", "check"),
    "failed": (gettext_lazy("could not be sent"), "red", "circle-alert"),
    "bounced": (gettext_lazy("came back"), "red", "undo-2"),
    "cancelled": (gettext_lazy("taken back"), "", "x"),
}


@dataclass(frozen=True, slots=True)
class File:
    """A file of an entry, with the address it is fetched from."""

    name: str
    size_bytes: int
    href: str
    id: int
    # A little picture that other mails brought, too: folded away, never deleted (P20.6).
    is_small_picture: bool = False


@dataclass(frozen=True, slots=True)
class Fate:
    """How far a reply came on its way to one recipient (P5.1)."""

    address: str
    words: str
    colour: str
    symbol: str
    answer: str


class EntryRow(NamedTuple):
    """What the record reads of an entry."""

    id: int
    seq: int
    created_at: datetime
    kind: str
    author_name: str
    author_address: str
    html: str
    quoted_html: str
    is_from_desk: bool
    is_public: bool
    is_automatic: bool
    proof: str
    evidence: dict[str, Any]
    held_because: str
    channel: str
    recipients: list[dict[str, str]]
    has_original: bool
    leaves_at: datetime | None
    author__uid: Any
    author__name: str | None
    author__is_external: bool | None
    author__erased_at: datetime | None


@dataclass(slots=True)
class Shown:
    """One entry as the record shows it."""

    id: int
    seq: int
    at: datetime
    kind: str
    author: str
    address: str
    # As the desk knows the author, where the mail named itself otherwise.
    known_as: str
    html: Markup
    quoted: Markup
    is_styled: bool
    is_from_desk: bool
    is_automatic: bool
    is_external: bool
    is_proven: bool
    held: str
    held_by_person: bool
    channel: str
    to: str
    has_original: bool
    is_erased: bool
    leaves_at: datetime | None
    marks: list[Mark] = field(default_factory=list)
    dates: list[Date] = field(default_factory=list)
    # Whose mail it may be that an agent passed on (P30.3).
    passed_on_from: str = ""
    files: list[File] = field(default_factory=list)
    fates: list[Fate] = field(default_factory=list)

    is_entry = True


def entry_rows(entries: "QuerySet[Entry]") -> list[EntryRow]:
    """The rows of a query for entries, as tuples."""
    # An erased mail leaves its row behind, which holds no bytes any more.
    original = Delivery.objects.filter(id=OuterRef("delivery")).exclude(raw=None, blob="")
    told = entries.annotate(has_original=Exists(original)).values_list(*EntryRow._fields)
    return [EntryRow(*values) for values in told]


def shown_entries(rows: list[EntryRow], file_base: str) -> list[Shown]:
    """The entries with their files and what became of them on their way out."""
    files, pictures = _files([row.id for row in rows], file_base)
    fates = _fates([row.id for row in rows if row.is_from_desk and row.is_public])
    forwarders, settled = _forwarders(rows), _settled(rows)
    moment = clock.now()
    return [
        Shown(
            id=row.id,
            seq=row.seq,
            at=row.created_at,
            kind=row.kind,
            author=row.author_name or row.author__name or row.author_address or _("(unknown)"),
            address=row.author_address,
            known_as=_known_as(row),
            # The only place where stored HTML becomes part of a page: it was sanitised on its way in (S1).
            html=Markup(point_pictures(row.html, pictures.get(row.id, {}))),
            quoted=Markup(point_pictures(row.quoted_html, pictures.get(row.id, {}))),
            is_styled="style=" in row.html or "<table" in row.html or "<font" in row.html,
            is_from_desk=row.is_from_desk,
            is_automatic=row.is_automatic,
            is_external=bool(row.author__is_external),
            is_proven=row.proof not in ("", "none"),
            held=held_because(row.held_because) if row.held_because else "",
            held_by_person=row.author__uid is not None,
            channel=row.channel,
            to=_addressed(row.recipients),
            has_original=row.has_original,
            is_erased=row.author__erased_at is not None,
            leaves_at=row.leaves_at if row.leaves_at is not None and row.leaves_at > moment else None,
            marks=marks_of(row.evidence, forwarders) if row.evidence else [],
            dates=dates_of(row.evidence) if row.evidence else [],
            passed_on_from="" if row.id in settled else str(row.evidence.get("forwarded_hint", "")),
            files=files.get(row.id, []),
            fates=fates.get(row.id, []),
        )
        for row in rows
    ]


def _known_as(row: EntryRow) -> str:
    """The person's name where another one was written in the mail; "" where it is the same in any order."""
    written, known = row.author_name, row.author__name
    if not written or not known or row.is_from_desk or written == known:
        return ""
    return "" if _words_of(written) == _words_of(known) else known


def _words_of(name: str) -> set[str]:
    return set(re.findall(r"\w+", sort_key_of(name)))


def _forwarders(rows: list[EntryRow]) -> dict[str, str]:
    """The names of those who passed something on; one question where somebody did."""
    uids = {row.evidence["forwarded_by"] for row in rows if row.evidence.get("forwarded_by")}
    return names_of(sorted(uids)) if uids else {}


def _settled(rows: list[EntryRow]) -> set[int]:
    """The entries whose ticket is that of the address behind them already (P30.3); one question where one has any."""
    hints = {row.id: row.evidence["forwarded_hint"] for row in rows if row.evidence.get("forwarded_hint")}
    if not hints:
        return set()
    pairs = Entry.objects.filter(id__in=hints, ticket__requester__addresses__address__in=hints.values())
    found = pairs.values_list("id", "ticket__requester__addresses__address")
    return {entry for entry, address in found if hints[entry] == address}


def _addressed(recipients: Iterable[Mapping[str, str]]) -> str:
    # Programs write an address as its own name, too.
    names = [formats.short_address(one.get("name") or one.get("address", "")) for one in recipients]
    if len(names) > 3:
        return _("%(name)s and %(count)s others") % {"name": names[0], "count": len(names) - 1}
    return ", ".join(names)


def _files(entries: list[int], base: str) -> tuple[dict[int, list[File]], dict[int, dict[str, str]]]:
    """By entry: the files to list, and the addresses of the pictures that stand in its text (P20.2)."""
    files: dict[int, list[File]] = {}
    pictures: dict[int, dict[str, str]] = {}
    # A signature's pictures come with every mail (P20.6).
    again = Exists(Attachment.objects.filter(blob=OuterRef("blob")).exclude(id=OuterRef("id")))
    rows = (
        Attachment.objects.filter(entry_id__in=entries, blob__isnull=False)
        .annotate(comes_again=again)
        .values_list(
            "position", "id", "entry_id", "name", "size_bytes", "content_id", "is_inline", "content_type", "comes_again"
        )
    )
    for _position, id_, entry, name, size, content_id, inline, kind, comes_again in sorted(rows):
        if inline and content_id:
            pictures.setdefault(entry, {})[content_id] = f"{base}{id_}?inline=1"
        else:
            is_small = comes_again and kind.startswith("image/") and size <= SMALL_PICTURE
            files.setdefault(entry, []).append(File(name, size, f"{base}{id_}", id_, is_small))
    return files, pictures


def _fates(entries: list[int]) -> dict[int, list[Fate]]:
    found: dict[int, list[Fate]] = {}
    for entry, deliveries in delivery_states(entries).items():
        for one in deliveries:
            words, colour, symbol = _STATES[one.state]
            said = f"{one.reply_code} {one.reply_text}".strip() if one.reply_code else one.reply_text
            if one.state == "handed_over":
                said = str(one.reply_code or "")
            if one.perhaps_twice:
                said = f"{said} · {_('perhaps sent twice: the answer was lost')}".strip(" ·")
                colour = colour if colour == "red" else "amber"
            # An erasure leaves a number there.
            address = one.address if "@" in one.address else _("(erased)")
            found.setdefault(entry, []).append(Fate(address, str(words), colour, symbol, said))
    return found
