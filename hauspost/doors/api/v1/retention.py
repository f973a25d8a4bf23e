"""How long closed tickets are kept, and what a legal hold keeps longer."""

from django.http import HttpRequest
from django.utils.translation import gettext as _
from ninja import Path, Query

from hauspost.doors.api.addresses import address_of
from hauspost.doors.api.finding import administrator, by_uid, keyed
from hauspost.doors.api.lists import Paged, before_of
from hauspost.doors.api.routes import Routes
from hauspost.doors.api.shapes.common import Number
from hauspost.doors.api.shapes.keeping import (
    Days,
    DayTold,
    HoldAsked,
    HoldDone,
    Holds,
    HoldTold,
    RuleAsked,
    RuleDone,
    RulePreview,
    Rules,
    RuleTold,
    StartAsked,
)
from hauspost.doors.api.telling import person_named
from hauspost.duties.privacy import holds, retention
from hauspost.duties.privacy.models import LegalHold, RetentionRule
from hauspost.ground.history.sightings import note_sight
from hauspost.ground.refusals import Invalid, NotFound
from hauspost.records.people.actions import known_person
from hauspost.records.people.actor import Actor
from hauspost.records.people.models import Person, Team
from hauspost.records.tickets.knowing import without_secret_strangers
from hauspost.records.tickets.models import Ticket

routes = Routes("Retention")


@routes.get("/retention-rules", scope="keeping:read", gives=Rules)
def list_retention_rules(request: HttpRequest) -> Rules:
    """List the retention rules

    Administrators only, like everything here.
    """
    _seen(administrator(request))
    rules = RetentionRule.objects.select_related("team").order_by("team__id", "type", "months", "id")
    return Rules(rules=[_told(kept) for kept in rules])


@routes.post("/retention-rules", scope="keeping:write", gives=RuleDone)
def add_retention_rule(request: HttpRequest, asked: RuleAsked) -> RuleDone:
    """Add a retention rule

    It waits: read its preview, then start it.
    """
    actor, team = administrator(request), keyed(Team, asked.team, "team")
    return _done(
        retention.add_rule(team=team, type=asked.type or "", months=asked.months, what=asked.what, actor=actor)
    )


@routes.get("/retention-rules/{rule}", scope="keeping:read", gives=RuleTold)
def read_retention_rule(request: HttpRequest, rule: Path[Number]) -> RuleTold:
    """Read one retention rule"""
    _seen(administrator(request))
    return _told(_rule(rule))


@routes.get("/retention-rules/{rule}/preview", scope="keeping:read", gives=RulePreview)
def preview_retention_rule(request: HttpRequest, rule: Path[Number]) -> RulePreview:
    """Read what a rule would take away if it ran now

    Emptied or deleted; what a legal hold keeps is told beside it. Tickets of confidential teams are counted only.
    """
    actor = administrator(request)
    _seen(actor)
    seen = retention.preview(_rule(rule), actor)
    return RulePreview(**{name: getattr(seen, name) for name in RulePreview.model_fields})


@routes.post("/retention-rules/{rule}/activation", scope="keeping:write", gives=RuleDone, status=200)
def start_retention_rule(request: HttpRequest, rule: Path[Number], asked: StartAsked) -> RuleDone:
    """Let a rule apply, from the next night on

    `seen_it` says that you have read its preview.
    """
    actor, kept = administrator(request), _rule(rule)
    if not asked.seen_it:
        raise Invalid("seen_it", _("read the preview first, then send true: what goes cannot be brought back"))
    retention.start(kept, actor=actor)
    return _done(kept)


@routes.delete("/retention-rules/{rule}/activation", scope="keeping:write", gives=RuleDone)
def pause_retention_rule(request: HttpRequest, rule: Path[Number]) -> RuleDone:
    """Let a rule rest"""
    actor, kept = administrator(request), _rule(rule)
    retention.pause(kept, actor=actor)
    return _done(kept)


@routes.delete("/retention-rules/{rule}", scope="keeping:write", gives=RuleDone)
def remove_retention_rule(request: HttpRequest, rule: Path[Number]) -> RuleDone:
    """Take a rule away

    What it took does not come back.
    """
    actor, kept = administrator(request), _rule(rule)
    done = _done(kept)
    retention.remove_rule(kept, actor=actor)
    return done


@routes.get("/expiries", scope="keeping:read", gives=Days)
def list_expiries(request: HttpRequest) -> Days:
    """Read how much has gone, day by day

    Sums, and not one word.
    """
    _seen(administrator(request))
    return Days(
        days=[
            DayTold(
                day=one["at__date"],
                **{name: one[name] for name in ("what", "tickets", "entries", "files", "mails")},
            )
            for one in retention.gone_by_day()
        ]
    )


class HoldFilter(Paged):
    """Whose holds."""

    ticket: Number | None = None


@routes.get("/legal-holds", scope="keeping:read", gives=Holds)
def list_legal_holds(request: HttpRequest, asked: Query[HoldFilter]) -> Holds:
    """List the legal holds that stand

    A hold wins over every rule, and over erasing a person.
    """
    actor = administrator(request)
    _seen(actor)
    found = holds.standing().select_related("person", "by").order_by("-id")
    if asked.ticket is not None:
        found = found.filter(ticket=asked.ticket)
    if before := before_of(asked.cursor):
        found = found.filter(id__lt=before)
    rows = list(found[: asked.limit + 1])
    following = str(rows[asked.limit - 1].id) if len(rows) > asked.limit else None
    numbers = holds.told_numbers(rows, actor)
    people = set(without_secret_strangers(actor).filter(pk__in=[row.person_id for row in rows if row.person_id]))
    return Holds(holds=[_hold_told(row, numbers, people) for row in rows[: asked.limit]], next=following)


@routes.post("/legal-holds", scope="keeping:write", gives=HoldDone)
def place_legal_hold(request: HttpRequest, asked: HoldAsked) -> HoldDone:
    """Keep a ticket, or everything of a person

    One of the two. It stands in the record.
    """
    actor = administrator(request)
    return _hold_done(holds.place(_held(asked, actor), asked.reason, actor=actor))


@routes.delete("/legal-holds/{hold}", scope="keeping:write", gives=HoldDone)
def lift_legal_hold(request: HttpRequest, hold: Path[Number]) -> HoldDone:
    """Lift a legal hold

    Rules and erasures apply again.
    """
    actor = administrator(request)
    found = LegalHold.objects.filter(id=hold).first()
    if found is None:
        raise NotFound
    return _hold_done(holds.lift(found, actor=actor))


def _held(asked: HoldAsked, actor: Actor) -> Ticket | Person:
    if (asked.ticket is None) == (asked.person is None):
        raise Invalid("ticket", _("give a ticket’s number, or a person"))
    if asked.person is not None:
        # Also somebody who has left.
        person = known_person(asked.person) if "@" in asked.person else by_uid(asked.person)
        if person is None or not without_secret_strangers(actor).filter(pk=person.pk, erased_at=None).exists():
            raise Invalid("person", _("nobody is known by this; give a uid, or at the desk an address"))
        return person
    found = Ticket.objects.filter(number=asked.ticket or 0).first()
    if found is None:
        raise Invalid("ticket", _("there is no ticket #%(number)s") % {"number": asked.ticket})
    return found


def _seen(actor: Actor) -> None:
    note_sight("settings.seen", "setting:retention", actor=actor)


def _rule(rule: int) -> RetentionRule:
    found = RetentionRule.objects.select_related("team").filter(id=rule).first()
    if found is None:
        raise NotFound
    return found


def _told(kept: RetentionRule) -> RuleTold:
    return RuleTold(
        id=kept.id,
        href=address_of(f"retention-rules/{kept.id}"),
        team=kept.team.key if kept.team is not None else None,
        type=kept.type or None,
        months=kept.months,
        what=kept.what,
        is_active=kept.is_active,
    )


def _done(kept: RetentionRule) -> RuleDone:
    return RuleDone(id=kept.id, href=address_of(f"retention-rules/{kept.id}"))


def _hold_told(row: LegalHold, numbers: set[int], people: set[Person]) -> HoldTold:
    return HoldTold(
        id=row.id,
        on="ticket" if row.ticket_id is not None else "person",
        ticket=row.ticket_id if row.ticket_id in numbers else None,
        person=person_named(row.person) if row.person is not None and row.person in people else None,
        reason=row.reason,
        by=person_named(row.by) if row.by is not None else None,
        since=row.since,
    )


def _hold_done(row: LegalHold) -> HoldDone:
    return HoldDone(id=row.id, href=address_of("legal-holds"))
