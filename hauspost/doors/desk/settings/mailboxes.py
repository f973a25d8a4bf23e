"""Mailboxes: every intake address with its state; and one of them, with everything that can be said about it."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from hauspost.doors.desk.forms import text_of
from hauspost.doors.desk.settings import choices, telling
from hauspost.doors.desk.settings.forms import Form, flag, needed
from hauspost.doors.desk.settings.frame import for_administrators, for_auditors, settings_page
from hauspost.doors.desk.settings.mailbox_lines import steps_for_mail_servers
from hauspost.doors.ui.acting import actor_of
from hauspost.doors.ui.environment import url
from hauspost.duties.intake.folders import close_mailbox
from hauspost.duties.intake.mailbox_states import MailboxState, states
from hauspost.ground import clock
from hauspost.ground.accounts.models import MailAccount
from hauspost.ground.refusals import Refused
from hauspost.records.people import actions
from hauspost.records.people.models import Mailbox, Team

SECTION = "settings-mailboxes"
NEW = {"address": "", "team": "", "name": "", "language": ""}
ALIAS = {"alias": "", "may_send": ""}
KEY = {"key": "", "key_password": ""}


@for_auditors
@require_GET
def show(request: HttpRequest) -> HttpResponse:
    """GET /desk/settings/mailboxes."""
    actor = actor_of(request)
    return settings_page(
        request,
        "desk/settings/mailboxes.html",
        section=SECTION,
        rows=states(actor),
        may_change=actor.is_administrator,
    )


@for_administrators
@require_http_methods(["GET", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """GET, POST /desk/settings/mailboxes/new."""
    form, status = Form.showing(NEW | {"team": request.GET.get("team", "")}), 200
    if request.method == "POST":
        form = Form.sent(request, NEW)
        try:
            team = needed(Team, form.value("team"), "team")
            name, language = form.value("name"), form.value("language")
            box = actions.add_mailbox(
                form.value("address"), team, name=name, language=language, actor=actor_of(request)
            )
        except Refused as refused:
            form.refusing(refused, at="address")
            status = refused.status
        else:
            told = _("%(address)s was added. Now say how its mail comes.") % {"address": box.address.address}
            messages.success(request, told)
            return HttpResponseRedirect(url("settings-mailbox", box.id) + "#ways")
    return settings_page(
        request,
        "desk/settings/mailbox_new.html",
        section=SECTION,
        status=status,
        form=form,
        teams=choices.teams(),
        languages=choices.languages(),
    )


@for_auditors
@require_GET
def one(request: HttpRequest, mailbox: int) -> HttpResponse:
    """GET /desk/settings/mailboxes/<id>; `change` opens a card's form."""
    box = mailbox_for(mailbox)
    card = request.GET.get("change", "") if actor_of(request).is_administrator else ""
    held = fields_of(box, card)
    return mailbox_page(request, box, card, Form.showing(held)) if held else mailbox_page(request, box)


def mailbox_for(mailbox: int) -> Mailbox:
    """The mailbox of an address. Raises Http404."""
    found = Mailbox.objects.filter(id=mailbox).select_related("address", "team", "sends_by").first()
    if found is None:
        raise Http404
    return found


def fields_of(box: Mailbox, card: str) -> dict[str, str]:
    """What a card's form holds; nothing for a card that there is not."""
    cards = {
        "basics": {"team": box.team.key, "name": box.name, "language": box.language},
        "intake": {
            "welcomes": box.welcomes,
            "domains": "\n".join(box.domains),
            "unchecked_days": str(box.unchecked_days),
            "size_limit_mb": f"{box.size_limit_bytes / 1_000_000:g}" if box.size_limit_bytes else "",
            **{name: flag(getattr(box, name)) for name in ("takes_automatic", "ignores_internal", "answers_too_big")},
        },
        "replies": {
            "may_send": flag(box.may_send),
            "sends_by": str(box.sends_by_id or ""),
            "sender_name": box.sender_name,
            **{f"signature_{tag}": box.signature.get(tag, "") for tag, _name in settings.LANGUAGES},
        },
        "watch": {"quiet_after_hours": "" if box.quiet_after_hours is None else str(box.quiet_after_hours)},
        "aliases": ALIAS,
        "key": KEY,
    }
    return cards.get(card, {})


def mailbox_page(
    request: HttpRequest, box: Mailbox, card: str = "", form: Form | None = None, status: int = 200, **found: Any
) -> HttpResponse:
    """One mailbox; `found` is what a test has shown."""
    actor = actor_of(request)
    [state] = states(actor, Mailbox.objects.filter(id=box.id))
    lines, _after = telling.of_stream(box.stream)
    keys = list(box.keys.order_by("id"))
    return settings_page(
        request,
        "desk/settings/mailbox.html",
        section=SECTION,
        status=status,
        box=state.mailbox,
        state=state,
        here=url("settings-mailbox", box.id),
        aliases=list(box.aliases.select_related("address").order_by("address__address")),
        keys=keys,
        ended_keys=[key.id for key in keys if key.ends_at is not None and key.ends_at < clock.now()],
        known_domains=[*settings.HAUSPOST.company_domains, *box.domains],
        mta=steps_for_mail_servers(state.mailbox) if not state.folders else [],
        from_name=_from_name(state),
        on_main_domain=box.address.domain in settings.HAUSPOST.company_domains,
        lines=lines,
        card=card,
        form=form,
        found={"receiving": None, "sending": None} | found,
        may_change=actor.is_administrator,
        teams=choices.teams(box.team.key),
        languages=choices.languages(),
        language_words=dict(choices.languages()),
        welcomes=Mailbox.Welcome.choices,
        sender_names=Mailbox.SenderName.choices,
        senders=[(row.id, row.name) for row in MailAccount.objects.active().exclude(smtp_host="")],
        house=settings.HAUSPOST,
    )


def _from_name(state: MailboxState) -> str:
    """As who a reply comes, with an invented colleague."""
    name = state.mailbox.name or state.mailbox.team.name
    return name if state.mailbox.sender_name == Mailbox.SenderName.TEAM else f"Anna Weiss ({name})"


@for_administrators
@require_POST
def archive(request: HttpRequest, mailbox: int) -> HttpResponse:
    """POST …/mailboxes/<id>/archive: `restore` takes it back."""
    box, actor = mailbox_for(mailbox), actor_of(request)
    try:
        if text_of(request, "restore"):
            actions.restore_mailbox(box, actor=actor)
        else:
            close_mailbox(box, actor=actor)
    except Refused as refused:
        messages.error(request, str(refused))
    return HttpResponseRedirect(url("settings-mailbox", box.id))
