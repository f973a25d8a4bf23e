"""Retention: closed tickets are anonymised or deleted after their time, never against a hold (P41.1)."""

import calendar
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Sum
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.translation import gettext as _

from hauspost.duties.intake.erasing import forget_mails_of_ticket
from hauspost.duties.intake.models import Delivery
from hauspost.duties.notices.actions import forget_notices
from hauspost.duties.privacy import holds
from hauspost.duties.privacy.models import Expiry, LegalHold, RetentionRule, RetentionRun, What
from hauspost.duties.privacy.refusals import RuleThereAlready
from hauspost.ground import clock, db
from hauspost.ground.files import actions as files
from hauspost.ground.files.models import Blob
from hauspost.ground.history.actions import record
from hauspost.ground.history.models import Event
from hauspost.ground.history.reading import data_of
from hauspost.ground.mail import outbox
from hauspost.ground.mail.models import OutgoingMail
from hauspost.ground.refusals import Invalid, NotAllowed
from hauspost.ground.search import actions as search
from hauspost.records.catalogue.models import TicketType
from hauspost.records.people.actor import SYSTEM, Actor, rule
from hauspost.records.people.models import Team
from hauspost.records.tickets.actions.erasing import not_secret_to
from hauspost.records.tickets.actions.expiring import expire
from hauspost.records.tickets.models import Attachment, Entry, Ticket

log = logging.getLogger("hauspost.retention")

STREAM = "setting:retention"
MOST_MONTHS = 600
MOST_NUMBERS = 100
MOST_DAYS = 100
AT_ONCE = 50
NOT_BEFORE_HOUR = 2  # In the company's zone: at night nobody waits for the database.


@dataclass(frozen=True)
class Preview:
    """What a rule would take away today, and what a hold keeps from it."""

    tickets: int
    numbers: list[int]
    entries: int
    files: int
    mails_in: int
    mails_out: int
    held: int
    held_numbers: list[int]


# Rules.


@transaction.atomic
def add_rule(*, team: Team | None, type: str, months: int, what: str, actor: Actor) -> RetentionRule:
    """A rule that waits to be started. Records "retention.rule_added". Raises NotAllowed, Invalid, RuleThereAlready."""
    if not actor.is_administrator:
        raise NotAllowed
    if not 1 <= months <= MOST_MONTHS:
        raise Invalid("months", _("give a whole number from %(least)s to %(most)s") % {"least": 1, "most": MOST_MONTHS})
    if what not in What.values:
        raise Invalid("what", _("choose one of the list"))
    if type and type not in TicketType.values:
        raise Invalid("type", _("choose one of the list"))
    try:
        with transaction.atomic():
            made = RetentionRule.objects.create(team=team, type=type, months=months, what=what, created_at=clock.now())
    except IntegrityError as fault:
        raise RuleThereAlready from fault
    record("retention.rule_added", STREAM, actor=actor, data={"before": {}, "after": _as_data(made)})
    return made


@transaction.atomic
def start(kept: RetentionRule, *, actor: Actor) -> None:
    """Let a rule apply, from the next night on. Records "retention.rule_started". Raises NotAllowed."""
    _set_active(kept, True, "retention.rule_started", actor)


@transaction.atomic
def pause(kept: RetentionRule, *, actor: Actor) -> None:
    """Let a rule rest. Records "retention.rule_paused". Raises NotAllowed."""
    _set_active(kept, False, "retention.rule_paused", actor)


def _set_active(kept: RetentionRule, on: bool, kind: str, actor: Actor) -> None:
    if not actor.is_administrator:
        raise NotAllowed
    if RetentionRule.objects.filter(id=kept.id, is_active=not on).update(is_active=on):
        kept.is_active = on
        record(kind, STREAM, actor=actor, data=_as_data(kept))


@transaction.atomic
def remove_rule(kept: RetentionRule, *, actor: Actor) -> None:
    """Take a rule away; what it did stays in the log. Records "retention.rule_removed". Raises NotAllowed."""
    if not actor.is_administrator:
        raise NotAllowed
    data = _as_data(kept)
    kept.delete()
    record("retention.rule_removed", STREAM, actor=actor, data={"before": data, "after": {}})


def _as_data(kept: RetentionRule) -> dict[str, object]:
    team = kept.team.key if kept.team is not None else None
    return {"team": team, "type": kept.type, "months": kept.months, "what": kept.what, "active": kept.is_active}


# What is due.


def matching(kept: RetentionRule, moment: datetime) -> "QuerySet[Ticket]":
    """The tickets a rule is for whose time is over, held or not; where a narrower rule stands, that one decides.

    A ticket's time begins when it was closed, or resolved and never closed; what was taken up again begins anew.
    """
    done_since = Coalesce("closed_at", "resolved_at")
    enough = [What.DELETE] if kept.what == What.DELETE else What.values
    gone = Expiry.objects.filter(ticket=OuterRef("pk"), what__in=enough, at__gt=OuterRef("done_since"))
    tickets = Ticket.objects.filter(resolved_at__isnull=False).annotate(done_since=done_since)
    tickets = tickets.filter(done_since__lte=months_before(moment, kept.months)).exclude(Exists(gone))
    tickets = tickets.filter(_reach(kept)) if kept.team_id or kept.type else tickets
    for other in RetentionRule.objects.filter(is_active=True, what=kept.what).exclude(id=kept.id):
        if _narrowness(other) > _narrowness(kept):
            tickets = tickets.exclude(_reach(other))
    return tickets


def due(kept: RetentionRule, moment: datetime) -> "QuerySet[Ticket]":
    """Those of them that no hold keeps."""
    return matching(kept, moment).exclude(holds.held())


def _reach(kept: RetentionRule) -> Q:
    reach = Q(team=kept.team_id) if kept.team_id else Q()
    return reach & Q(type=kept.type) if kept.type else reach


def _narrowness(kept: RetentionRule) -> int:
    """A team's rule is narrower than a type's, a team's for one type the narrowest."""
    return 2 * bool(kept.team_id) + bool(kept.type)


def months_before(moment: datetime, months: int) -> datetime:
    """The same day so many months earlier; the last of the month where there is no such day."""
    count = moment.year * 12 + moment.month - 1 - months
    year, month = count // 12, count % 12 + 1
    return moment.replace(year=year, month=month, day=min(moment.day, calendar.monthrange(year, month)[1]))


def preview(kept: RetentionRule, reader: Actor = SYSTEM) -> Preview:
    """What the rule would take away if it ran now; confidential teams' tickets are counted, and not named (P33.3)."""
    moment = clock.now()
    going, staying = due(kept, moment), matching(kept, moment).filter(holds.held())
    # By their numbers: the questions below would each ask the whole rule again.
    numbers = going.values("number")
    return Preview(
        tickets=going.count(),
        numbers=_told(going, reader),
        entries=Entry.objects.filter(ticket__in=numbers).exclude(text="", author_name="").count(),
        files=Attachment.objects.filter(entry__ticket__in=numbers, blob__isnull=False).count(),
        mails_in=Delivery.objects.filter(ticket__in=numbers).exclude(raw__isnull=True, blob="").count(),
        mails_out=OutgoingMail.objects.filter(about__in=numbers).exclude(raw__isnull=True, blob_sha256="").count(),
        held=staying.count(),
        held_numbers=_told(staying, reader),
    )


def _told(tickets: "QuerySet[Ticket]", reader: Actor) -> list[int]:
    named = tickets.filter(not_secret_to(reader)).order_by("number")
    return list(named.values_list("number", flat=True)[:MOST_NUMBERS])


def gone_by_day() -> "QuerySet[Expiry, dict[str, Any]]":
    """How much went on each of the last days: sums, and not one word."""
    sums = Expiry.objects.values("at__date", "what").annotate(
        tickets=Count("id"), entries=Sum("entries"), files=Sum("files"), mails=Sum("mails")
    )
    return sums.order_by("-at__date", "what")[:MOST_DAYS]


# Doing it.


def run_due() -> int:
    """The worker's step: at night, once a day, a few tickets at a time; answers how many went."""
    now = timezone.localtime(clock.now(), timezone.get_default_timezone())
    if now.hour < NOT_BEFORE_HOUR or not RetentionRule.objects.filter(is_active=True).exists():
        return 0
    run = RetentionRun.objects.filter(day=now.date()).first() or _begin(now)
    if run is None or run.finished_at is not None:
        return 0
    night = now.replace(hour=NOT_BEFORE_HOUR, minute=0, second=0, microsecond=0)
    count = run_batch(started_before=night)
    if not count:
        RetentionRun.objects.filter(id=run.id, finished_at__isnull=True).update(finished_at=clock.now())
    return count


def _begin(now: datetime) -> RetentionRun | None:
    try:
        with transaction.atomic():
            return RetentionRun.objects.create(day=now.date())
    except IntegrityError:
        return RetentionRun.objects.filter(day=now.date()).first()


def run_all(*, dry_run: bool = False) -> list[tuple[RetentionRule, int]]:
    """Everything that is due, now: by hand. Answers how many tickets each active rule took, or would take."""
    rules = list(_active_rules())
    if dry_run:
        return [(kept, due(kept, clock.now()).count()) for kept in rules]
    done = {kept.id: 0 for kept in rules}
    while went := _step():
        for rule_id in went:
            done[rule_id] = done.get(rule_id, 0) + 1
    return [(kept, done[kept.id]) for kept in rules]


def run_batch(limit: int = AT_ONCE, *, started_before: datetime | None = None) -> int:
    """A few tickets whose time is over; answers how many. Rules that were started later rest."""
    return len(_step(limit, started_before=started_before))


def _step(limit: int = AT_ONCE, *, started_before: datetime | None = None) -> list[int]:
    """By which rules tickets went. What is due to be deleted is not anonymised first."""
    wanted: dict[int, RetentionRule] = {}
    moment = clock.now()
    for kept in _active_rules(started_before):
        numbers = due(kept, moment).order_by("number").values_list("number", flat=True)[:limit]
        for number in numbers:
            wanted.setdefault(number, kept)
    chosen = list(wanted.items())[:limit]
    if not chosen:
        return []
    blobs: list[Blob] = []
    went: list[int] = []
    with db.overwriting_deleted():
        for number, kept in chosen:
            released = _expire(number, kept, moment)
            if released is not None:
                blobs += released
                went.append(kept.id)
        files.remove_now(blobs)
        search.scrub()
    log.info("retention: %s tickets", len(went))
    return went


def _active_rules(started_before: datetime | None = None) -> list[RetentionRule]:
    """Deleting before anonymising, the narrower first."""
    rules = list(RetentionRule.objects.filter(is_active=True).select_related("team").order_by("id"))
    if started_before is not None:
        resting = _started_since(started_before)
        rules = [kept for kept in rules if _of_whom(_as_data(kept)) not in resting]
    return sorted(rules, key=lambda kept: (kept.what != What.DELETE, -_narrowness(kept), kept.id))


def _started_since(moment: datetime) -> set[tuple[object, ...]]:
    """For whom rules were started since then, as the record has it: whoever starts one may still think better of it."""
    events = Event.objects.filter(kind="retention.rule_started", occurred_at__gte=moment)
    return {_of_whom(data_of(event)) for event in events}


def _of_whom(data: Mapping[str, object]) -> tuple[object, ...]:
    """What there is one rule of at most."""
    return data["team"], data["type"], data["what"]


@transaction.atomic
def _expire(number: int, kept: RetentionRule, moment: datetime) -> list[Blob] | None:
    """One ticket, in one transaction; None when it is no longer due: somebody was quicker, or held it."""
    # Locked first, asked again then: a hold or an answer may have come since it was found.
    ticket = next(iter(Ticket.objects.select_for_update(of=("self",)).with_people().filter(number=number)), None)
    if ticket is None or not due(kept, moment).filter(number=number).exists():
        return None
    counted = {
        "entries": Entry.objects.filter(ticket=ticket).count(),
        "files": Attachment.objects.filter(entry__ticket=ticket, blob__isnull=False).count(),
        "mails": Delivery.objects.filter(ticket=number).count() + OutgoingMail.objects.filter(about=number).count(),
    }
    released = forget_mails_of_ticket(number)
    released += outbox.forget_letters_about(number)
    forget_notices(number)
    released += expire(ticket, with_subject=kept.what == What.DELETE, actor=rule("retention"))
    holds.forget_reasons(LegalHold.objects.filter(ticket=ticket))
    Expiry.objects.create(ticket=ticket, what=kept.what, rule=kept, at=clock.now(), **counted)
    return released
