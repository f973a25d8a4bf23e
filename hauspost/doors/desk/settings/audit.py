"""The audit log: who saw and changed settings, roles and people, who signed in, what left the house (S13, P26.4)."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from django.db import transaction
from django.db.models import CharField, Q, QuerySet, Value
from django.db.models.functions import Cast, Concat
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_GET, require_POST

from hauspost.doors.desk.forms import small_number
from hauspost.doors.desk.settings import telling
from hauspost.doors.desk.settings.frame import SECTIONS, for_auditors, settings_page
from hauspost.doors.ui.acting import actor_of
from hauspost.doors.ui.environment import url
from hauspost.ground import clock
from hauspost.ground.accounts.models import MailAccount
from hauspost.ground.csv import csv_bytes
from hauspost.ground.history.actions import record
from hauspost.ground.history.models import Event
from hauspost.records.people.actor import Actor
from hauspost.records.people.models import Person, sort_key_of
from hauspost.records.tickets.actions.erasing import not_secret_to
from hauspost.records.tickets.models import Ticket

_MAIL_SERVER = "setting:mail-server:"
_MOST_EXPORTED = 100_000
_AT_ONCE = 500
# By what their kinds begin: tickets have their own record; mails stand in the ledger.
GROUPS: Mapping[str, tuple[Callable[[], str], tuple[str, ...]]] = {
    "people": (lambda: _("People"), ("person.", "address.", "absence.", "link.")),
    "roles": (lambda: _("Teams and roles"), ("team.", "department.", "mailbox.")),
    "access": (
        lambda: _("Signing in and access"),
        (
            "person.sign", "person.factor", "person.password", "person.recovery", "person.sessions", "token.",
            "integration.", "ticket.emergency_access",
        ),
    ),
    "settings": (
        lambda: _("Settings"),
        ("setting.", "site.", "location.", "category.", "status.", "retention.", "hold.", "desk.", "backup.",
         "mail_server.", "folder."),
    ),
    "seen": (lambda: _("Looked at"), ("settings.seen", "person.seen")),
    "out": (
        lambda: _("Taken out of the house"),
        (
            "list.exported", "person.exported", "people.exported", "places.exported", "audit.exported",
            "ticket.dossier_made",
        ),
    ),
    "privacy": (
        lambda: _("Privacy"),
        (
            "person.erased", "person.exported", "person.merged", "person.unmerged", "ticket.expired",
            "ticket.emergency_access", "hold.", "retention.",
        ),
    ),
}  # fmt: skip


@dataclass(frozen=True)
class Asked:
    """What the auditor looks for."""

    who: str = ""
    group: str = ""
    words: str = ""
    since: date | None = None
    until: date | None = None

    @classmethod
    def of(cls, given: Mapping[str, str]) -> "Asked":
        """From an address; whatever is not understood is left out."""
        text = {name: given.get(name, "").replace("\0", "").strip()[:120] for name in ("who", "group", "words")}
        group = text["group"] if text["group"] in GROUPS else ""
        return cls(text["who"], group, text["words"], _day(given.get("since", "")), _day(given.get("until", "")))

    def as_address(self) -> dict[str, str]:
        """The same as it stands in an address."""
        days = {
            "since": self.since.isoformat() if self.since else "",
            "until": self.until.isoformat() if self.until else "",
        }
        return {"who": self.who, "group": self.group, "words": self.words} | days


@for_auditors
@require_GET
def show(request: HttpRequest) -> HttpResponse:
    """GET /desk/settings/audit."""
    asked = Asked.of(request.GET)
    before = small_number(request.GET.get("before", ""))
    actor = actor_of(request)
    lines, next_before = telling.told(_which(asked, actor), before, actor)
    people = _people_in([line.stream for line in lines], actor)
    lines = [line for line in lines if not line.stream.startswith("person:") or line.stream in people]
    return settings_page(
        request,
        "desk/settings/audit.html",
        section="audit",
        asked=asked,
        typed=asked.as_address(),
        groups_of_kinds=[(key, words()) for key, (words, _kinds) in GROUPS.items()],
        lines=[(line, *_about(line.stream, people)) for line in lines],
        is_narrowed=asked != Asked(),
        older=url("audit", before=next_before, **asked.as_address()) if next_before else "",
    )


@for_auditors
@require_POST
def export(request: HttpRequest) -> StreamingHttpResponse:
    """POST /desk/settings/audit/export: what was asked for, as CSV; that it was taken out is recorded, too."""
    asked, actor = Asked.of(request.POST), actor_of(request)
    with transaction.atomic():
        record("audit.exported", "setting:audit", actor=actor, data={"group": asked.group})
    rows = csv_bytes(_rows(asked, actor))
    answer = StreamingHttpResponse(rows, content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = 'attachment; filename="audit.csv"'
    return answer


def _which(asked: Asked, reader: Actor) -> Q:
    """Everything but what tickets and mails record of themselves, and confidential teams' tickets (P33.3)."""
    # By whole kinds, which the index knows, on both databases; a test holds that every kind is told there.
    which = Q(kind__in=[kind for kind in telling.TOLD if kind.startswith(_prefixes(asked.group))])
    # Every emergency access is told, as on its own page.
    told_anyway = ~Q(kind__startswith="ticket.") | Q(kind="ticket.emergency_access")
    which &= told_anyway | Q(stream__name__in=_open_tickets(reader))
    zone = timezone.get_current_timezone()
    if asked.since:
        which &= Q(occurred_at__gte=datetime.combine(asked.since, time(), zone))
    if asked.until:
        which &= Q(occurred_at__lt=datetime.combine(asked.until + timedelta(days=1), time(), zone))
    if asked.who:
        uids = [str(uid) for uid in _persons(asked.who)]
        by_whom = Q()
        for uid in uids:
            by_whom |= Q(actor__contains=f"person:{uid}")
        which &= by_whom if uids else Q(pk=0)
    if asked.words:
        about = Q(stream__name__icontains=asked.words) | Q(kind__icontains=asked.words)
        inside = Q(data__icontains=asked.words)
        for uid in _persons(asked.words):
            about |= Q(stream__name=f"person:{uid}")
            inside |= Q(data__contains=str(uid))
        # Nobody is found again by what was emptied.
        which &= about | (inside & ~Q(kind__in=telling.NAMELESS))
    return which


def _open_tickets(reader: Actor) -> "QuerySet[Ticket, str]":
    """The streams of the tickets whose number this reader may hear."""
    name = Concat(Value("ticket:"), Cast("number", CharField()), output_field=CharField())
    return Ticket.objects.filter(not_secret_to(reader)).values_list(name, flat=True)


def _prefixes(group: str) -> tuple[str, ...]:
    return GROUPS[group][1] if group else tuple(one for _words, kinds in GROUPS.values() for one in kinds)


def _persons(words: str) -> list[Any]:
    """Up to twenty persons of this name or address."""
    named = Person.objects.filter(Q(sort_key__startswith=sort_key_of(words)) | Q(name__icontains=words))
    found = list(named.values_list("uid", flat=True)[:20])
    return found or list(Person.objects.filter(addresses__address=words.lower()).values_list("uid", flat=True)[:20])


def _people_in(streams: Iterable[str], actor: Actor) -> Mapping[str, str]:
    """Names by stream; without strangers who have to do with confidential teams only: that, too, is theirs (P11.1).

    Mail servers, which the record knows by number, are named, too.
    """
    uids = {stream.partition(":")[2] for stream in streams if stream.startswith("person:")}
    servers = {stream.rpartition(":")[2] for stream in streams if stream.startswith(_MAIL_SERVER)}
    rows = MailAccount.objects.filter(pk__in=servers).values_list("pk", "name") if servers else ()
    named = {f"{_MAIL_SERVER}{pk}": name for pk, name in rows}
    return named | {f"person:{uid}": name for uid, name in telling.names_known_to(actor, uids).items()}


def _about(stream: str, people: Mapping[str, str]) -> tuple[str, str]:
    """What it was about, in words, and where one finds it; "" for nowhere."""
    kind, _colon, key = stream.partition(":")
    if kind == "person":
        return people[stream], url("settings-person", key)
    if stream.startswith(_MAIL_SERVER):
        return people.get(stream, key), ""
    page = next((section for section in SECTIONS if section.key == key), None)
    if page is not None:
        return page.label(), url(page.key)
    return (f"#{key}" if kind == "ticket" else key.replace(":", " · ")), ""


def _rows(asked: Asked, actor: Actor) -> Iterator[list[object]]:
    yield [_("When"), _("Who"), _("Way"), _("Kind"), pgettext("what an event was about", "About"), _("Details")]
    told, before = 0, 0
    while told < _MOST_EXPORTED:
        rows = Event.objects.filter(_which(asked, actor), **({"id__lt": before} if before else {})).order_by("-id")
        batch = list(rows.values_list("id", "occurred_at", "actor", "kind", "stream__name", "data")[:_AT_ONCE])
        if not batch:
            return
        before, told = batch[-1][0], told + len(batch)
        stamps = [json.loads(row[2]) for row in batch]
        datas = [telling.shown(row[3], json.loads(row[5])) for row in batch]
        uids = {one["who"].partition(":")[2] for one in stamps if one.get("who", "").startswith("person:")}
        names = telling.names_known_to(
            actor, uids | {data["person"] for data in datas if telling.is_uid(data.get("person"))}
        )
        people = _people_in([row[4] for row in batch], actor)
        for (_id, at, _actor, kind, stream, _data), stamp, data in zip(batch, stamps, datas, strict=True):
            who = stamp.get("who", "")
            name = names.get(who.partition(":")[2], who) if who.startswith("person:") else who
            if telling.is_uid(data.get("person")):
                data = {**data, "person": names.get(data["person"], _("somebody"))}
            if not stream.startswith("person:") or stream in people:
                details = json.dumps(data, ensure_ascii=False)
                yield [timezone.localtime(at), name, stamp.get("via", ""), kind, _about(stream, people)[0], details]


def _day(text: str) -> date | None:
    try:
        found = parse_date(text.strip())
    except ValueError:
        return None
    return found if found is not None and 1990 <= found.year <= clock.now().year + 1 else None
