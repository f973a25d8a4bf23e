"""Retention: after how long closed tickets go, what that would take, and what a legal hold keeps."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from hauspost.doors.desk import choices
from hauspost.doors.desk.forms import keyed, number_of, small_number
from hauspost.doors.desk.settings.finding import somebody
from hauspost.doors.desk.settings.forms import Form
from hauspost.doors.desk.settings.frame import for_administrators, settings_page
from hauspost.doors.ui.acting import actor_of
from hauspost.duties.privacy import holds, retention
from hauspost.duties.privacy.models import LegalHold, RetentionRule, What
from hauspost.ground.refusals import Invalid, NotFound, Refused
from hauspost.records.people.actor import Actor
from hauspost.records.people.models import Person, Team
from hauspost.records.tickets.models import Ticket

_RULE = {"team": "", "type": "", "months": "", "what": What.ANONYMISE.value}
_HOLD = {"on": "", "reason": ""}


@for_administrators
@require_GET
def show(request: HttpRequest) -> HttpResponse:
    """GET /desk/settings/retention: rules, holds, and what has gone."""
    return _page(request)


@for_administrators
@require_POST
def adding(request: HttpRequest) -> HttpResponse:
    """POST …/retention/adding: a new rule, which waits; on to what it would take."""
    form = Form.sent(request, _RULE)
    try:
        months = number_of(form.value("months"), "months", (1, retention.MOST_MONTHS))
        if months is None:
            raise Invalid("months", _("give a number of months"))
        made = retention.add_rule(
            team=keyed(Team, form.value("team"), "team"),
            type=form.value("type"),
            months=months,
            what=form.value("what"),
            actor=actor_of(request),
        )
    except Refused as refused:
        return _page(request, rule_form=form.refusing(refused), status=refused.status)
    messages.success(request, _("The rule is there, and waits. See what it would take, then start it."))
    return HttpResponseRedirect(reverse("retention-rule", args=[made.id]))


@for_administrators
@require_GET
def one(request: HttpRequest, rule: int) -> HttpResponse:
    """GET …/retention/7: what the rule would take today."""
    kept = _rule(rule)
    return settings_page(
        request,
        "desk/settings/retention_rule.html",
        section="retention",
        rule=kept,
        words=words_of(kept),
        seen=retention.preview(kept, actor_of(request)),
    )


@for_administrators
@require_POST
def starting(request: HttpRequest, rule: int) -> HttpResponse:
    """POST …/retention/7/starting: whoever saw what goes ticks that it may."""
    kept = _rule(rule)
    if not request.POST.get("seen_it"):
        messages.error(request, _("Tick that you have seen what goes. It cannot be brought back."))
        return HttpResponseRedirect(reverse("retention-rule", args=[rule]))
    retention.start(kept, actor=actor_of(request))
    messages.success(request, _("The rule applies from the next night on."))
    return HttpResponseRedirect(reverse("retention"))


@for_administrators
@require_POST
def pausing(request: HttpRequest, rule: int) -> HttpResponse:
    """POST …/retention/7/pausing."""
    retention.pause(_rule(rule), actor=actor_of(request))
    messages.success(request, _("The rule rests. Nothing goes because of it."))
    return HttpResponseRedirect(reverse("retention"))


@for_administrators
@require_POST
def removing(request: HttpRequest, rule: int) -> HttpResponse:
    """POST …/retention/7/removing."""
    retention.remove_rule(_rule(rule), actor=actor_of(request))
    messages.success(request, _("The rule is gone. What it took does not come back."))
    return HttpResponseRedirect(reverse("retention"))


@for_administrators
@require_POST
def holding(request: HttpRequest) -> HttpResponse:
    """POST …/retention/holds: keep a ticket by its number, or a person by name or address."""
    form = Form.sent(request, _HOLD)
    try:
        holds.place(_held(form.value("on"), actor_of(request)), form.value("reason"), actor=actor_of(request))
    except Refused as refused:
        return _page(request, hold_form=form.refusing(refused, at="on"), status=refused.status)
    messages.success(request, _("The hold stands: nothing of it goes."))
    return HttpResponseRedirect(reverse("retention"))


@for_administrators
@require_POST
def lifting(request: HttpRequest, hold: int) -> HttpResponse:
    """POST …/retention/holds/7/lifting."""
    found = LegalHold.objects.filter(id=hold).first()
    if found is None:
        raise NotFound
    holds.lift(found, actor=actor_of(request))
    messages.success(request, _("The hold is lifted. Rules and erasures apply again."))
    return HttpResponseRedirect(reverse("retention"))


def _held(asked: str, actor: Actor) -> Ticket | Person:
    number = small_number(asked.removeprefix("#"))
    if not number:
        person = somebody(asked, "on", actor)
        if person is None:
            raise Invalid("on", _("give a number, an address or a name"))
        return person
    ticket = Ticket.objects.filter(number=number).first() if number < 10**12 else None
    if ticket is None:
        raise Invalid("on", _("there is no ticket #%(number)s") % {"number": number})
    return ticket


def _rule(rule: int) -> RetentionRule:
    found = RetentionRule.objects.select_related("team").filter(id=rule).first()
    if found is None:
        raise NotFound
    return found


def words_of(kept: RetentionRule) -> dict[str, str]:
    """A rule as one says it."""
    return {
        "team": kept.team.name if kept.team is not None else _("All teams"),
        "type": str(kept.get_type_display()) if kept.type else _("All types"),
        "what": _("Delete") if kept.what == What.DELETE else _("Anonymise"),
    }


def _page(
    request: HttpRequest, *, rule_form: Form | None = None, hold_form: Form | None = None, status: int = 200
) -> HttpResponse:
    rules = RetentionRule.objects.select_related("team").order_by("team__id", "type", "months", "id")
    standing = list(holds.standing().select_related("person", "by").order_by("-since", "-id"))
    return settings_page(
        request,
        "desk/settings/retention.html",
        section="retention",
        status=status,
        rules=[(kept, words_of(kept)) for kept in rules],
        holds=standing,
        told=holds.told_numbers(standing, actor_of(request)),
        days=retention.gone_by_day(),
        rule_form=rule_form or Form.showing(_RULE),
        hold_form=hold_form or Form.showing(_HOLD),
        teams=choices.teams(),
        types=choices.types(),
        whats=[
            (What.ANONYMISE.value, _("anonymise: persons and words go, the subject stays for reports")),
            (What.DELETE.value, _("delete: the subject goes, too; number, times, team and category stay")),
        ],
    )
