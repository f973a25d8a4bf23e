"""Mail servers: each with its hosts, its login and its state; secrets are entered here and never shown again (S21)."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from hauspost.doors.desk.settings import telling
from hauspost.doors.desk.settings.forms import Form, flag
from hauspost.doors.desk.settings.frame import for_administrators, settings_page
from hauspost.doors.desk.settings.mail_server_authorising import redirect_uri
from hauspost.doors.ui.acting import actor_of
from hauspost.doors.ui.environment import url
from hauspost.duties.intake.folders import retire_account
from hauspost.duties.intake.models import FetchedFolder
from hauspost.duties.intake.proving import believes_unnamed
from hauspost.duties.intake.trying import permitted_addresses
from hauspost.ground import clock
from hauspost.ground.accounts.checking import check_imap, check_smtp
from hauspost.ground.accounts.models import MailAccount
from hauspost.ground.refusals import Invalid, Refused
from hauspost.records.people import actions
from hauspost.records.people.models import Mailbox

SECTION = "settings-mail-servers"
COLOURS: Mapping[str, str] = {"working": "green", "failing": "red", "signed_out": "red"}
_DETAILS = (
    "name", "user", "imap_host", "imap_port", "imap_security", "auth_serv_id", "smtp_host", "smtp_port",
    "smtp_security", "sent_folder",
)  # fmt: skip
_PROGRAM = ("sign_in", "grant", "client_id", "client_secret_ends_on")
_UNNAMED = "believes_unnamed_results"
# What each kind's form asks besides; what it does not ask stays as it is.
_LOGIN: Mapping[str, tuple[str, ...]] = {
    "microsoft": (*_PROGRAM, "tenant"),
    "google": _PROGRAM,
    "other": (*_PROGRAM, "authorise_url", "token_url", "scopes"),
}
_SECRETS: Mapping[str, tuple[str, ...]] = {
    "microsoft": ("client_secret",),
    "google": ("password", "client_secret"),
    "other": ("password", "client_secret"),
}
# What the big providers are known by; "" where somebody has to say it.
_KNOWN: Mapping[str, Mapping[str, str]] = {
    "microsoft": {
        "name": "Microsoft 365",
        "imap_host": "outlook.office365.com",
        "smtp_host": "smtp.office365.com",
        "sign_in": "oauth",
    },
    "google": {
        "name": "Google Workspace",
        "imap_host": "imap.gmail.com",
        "smtp_host": "smtp.gmail.com",
        "sign_in": "oauth",
    },
    "other": {"sign_in": "password"},
}


@for_administrators
@require_GET
def show(request: HttpRequest) -> HttpResponse:
    """GET /desk/settings/mail-servers."""
    rows = list(MailAccount.objects.order_by("archived_at", "name", "id"))
    rows.sort(key=lambda row: (row.archived_at is not None, row.name.casefold()))
    used = _used_by(rows)
    return settings_page(
        request,
        "desk/settings/mail_servers.html",
        section=SECTION,
        rows=[(row, used.get(row.pk, []), ends_soon(row)) for row in rows],
        colours=COLOURS,
    )


def _used_by(rows: list[MailAccount]) -> dict[int, list[str]]:
    """The mailboxes that fetch from these or send by them, by address."""
    ids = [row.pk for row in rows]
    used: dict[int, set[str]] = {}
    pairs = [
        *FetchedFolder.objects.filter(account__in=ids).values_list("account", "mailbox__address__address"),
        *Mailbox.objects.filter(sends_by__in=ids, archived_at__isnull=True).values_list("sends_by", "address__address"),
    ]
    for account, address in pairs:
        used.setdefault(account, set()).add(address)
    return {account: sorted(addresses) for account, addresses in used.items()}


def ends_soon(account: MailAccount) -> bool:
    """P10.5: within thirty days its client secret opens nothing any more."""
    ends_on = account.client_secret_ends_on
    return ends_on is not None and ends_on <= clock.now().date() + timedelta(days=30)


@sensitive_post_parameters("password", "client_secret")
@for_administrators
@require_http_methods(["GET", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """GET, POST /desk/settings/mail-servers/new: first which kind, then its form."""
    kind = request.GET.get("kind", "")
    if kind not in _KNOWN:
        return settings_page(request, "desk/settings/mail_server_kinds.html", section=SECTION)
    blank = MailAccount(kind=kind)
    empty = {**_fields(blank, "details"), **_fields(blank, "login"), **_KNOWN[kind]}
    form, status = Form(empty), 200
    if request.method == "POST":
        form = Form.sent(request, empty)
        try:
            account = actions.add_mail_account(kind=kind, actor=actor_of(request), **_asked(form.values))
        except Refused as refused:
            _without_secrets(form.refusing(refused))
            status = refused.status
        else:
            return HttpResponseRedirect(url("settings-mail-server", account.pk))
    return _form_page(request, "desk/settings/mail_server_new.html", kind, form, status)


def _held(account: MailAccount, names: tuple[str, ...]) -> dict[str, str]:
    held = {name: getattr(account, name) for name in names}
    return {name: _shown(value) for name, value in held.items()}


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return flag(value)
    return "" if value is None else str(value)


def _asked(values: Mapping[str, str]) -> dict[str, Any]:
    """What a form says, as the verbs take it. Raises Invalid."""
    asked: dict[str, Any] = dict(values)
    for name in ("imap_port", "smtp_port"):
        if name in asked:
            asked[name] = _port(asked[name], name)
    if _UNNAMED in asked:
        asked[_UNNAMED] = bool(asked[_UNNAMED])
    if "client_secret_ends_on" in asked:
        asked["client_secret_ends_on"] = _day(asked["client_secret_ends_on"])
    return asked


def _without_secrets(form: Form) -> None:
    """What was typed is kept, but for secrets: they stand in no page (S21)."""
    form.values.update({name: "" for name in ("password", "client_secret") if name in form.values})


def _port(text: str, field: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) < 6):
        raise Invalid(field, _("from 1 to 65535"))
    return int(text)


def _day(text: str) -> Any:
    if not text:
        return None
    try:
        found = parse_date(text)
    except ValueError:
        found = None
    if found is None or not 2000 <= found.year <= 2200:
        raise Invalid("client_secret_ends_on", _("give a day like 2026-12-01"))
    return found


def _form_page(request: HttpRequest, template: str, kind: str, form: Form, status: int) -> HttpResponse:
    return settings_page(request, template, section=SECTION, status=status, form=form, kind=kind, **_choices(kind))


def _choices(kind: str) -> dict[str, Any]:
    grants = MailAccount.Grant.choices[:1] if kind == MailAccount.Kind.GOOGLE else MailAccount.Grant.choices
    return {
        "kind_words": dict(MailAccount.Kind.choices),
        "securities": MailAccount.Security.choices,
        "sign_ins": MailAccount.SignIn.choices,
        "grants": grants,
        "redirect_uri": redirect_uri(),
        "is_https": settings.HAUSPOST.is_https,
    }


@for_administrators
@require_GET
def one(request: HttpRequest, server: int) -> HttpResponse:
    """GET /desk/settings/mail-servers/<id>; `change` opens a card's form."""
    account, card = server_for(server), request.GET.get("change", "")
    held = _fields(account, card) if account.archived_at is None else {}
    return _page(request, account, card, Form.showing(held)) if held else _page(request, account)


def _fields(account: MailAccount, card: str) -> dict[str, str]:
    if card == "details":
        return _held(account, (*_DETAILS, _UNNAMED) if account.kind == MailAccount.Kind.MICROSOFT else _DETAILS)
    # Secrets begin empty, whatever is stored.
    kind = account.kind
    return _held(account, _LOGIN[kind]) | dict.fromkeys(_SECRETS[kind], "") if card == "login" else {}


def server_for(server: int) -> MailAccount:
    """The mail server of an address. Raises Http404."""
    found = MailAccount.objects.filter(pk=server).first()
    if found is None:
        raise Http404
    return found


def _page(
    request: HttpRequest,
    account: MailAccount,
    card: str = "",
    form: Form | None = None,
    status: int = 200,
    **found: Any,
) -> HttpResponse:
    lines, _after = telling.of_stream(account.stream)
    return settings_page(
        request,
        "desk/settings/mail_server.html",
        section=SECTION,
        status=status,
        account=account,
        here=url("settings-mail-server", account.pk),
        colours=COLOURS,
        ends_soon=ends_soon(account),
        folders=list(
            FetchedFolder.objects.filter(account=account).select_related("mailbox__address").order_by("folder")
        ),
        senders=list(_senders(account).select_related("address")),
        lines=lines,
        card=card,
        form=form,
        found={"receiving": None, "sending": None} | found,
        kind=account.kind,
        believes_unnamed=believes_unnamed(account),
        **_choices(account.kind),
    )


def _senders(account: MailAccount) -> Any:
    return Mailbox.objects.filter(Q(sends_by=account), archived_at__isnull=True).order_by("address__address")


@for_administrators
@require_POST
def details(request: HttpRequest, server: int) -> HttpResponse:
    """POST …/mail-servers/<id>/details: name, hosts, whose mailbox."""
    return _changed(request, server, "details")


@sensitive_post_parameters("password", "client_secret")
@for_administrators
@require_POST
def login(request: HttpRequest, server: int) -> HttpResponse:
    """POST …/mail-servers/<id>/login: password, or by which program; an empty secret keeps the old one."""
    return _changed(request, server, "login")


def _changed(request: HttpRequest, server: int, card: str) -> HttpResponse:
    account = server_for(server)
    if account.archived_at is not None:
        raise Http404
    current = _fields(account, card)
    form = Form.sent(request, current)
    try:
        actions.change_mail_account(account, actor=actor_of(request), **_asked(form.met(current)))
    except Refused as refused:
        _without_secrets(form.refusing(refused, at="name", current=current, choices=_words()))
        return _page(request, server_for(server), card, form, refused.status)
    messages.success(request, _("Saved. Test it now."))
    return HttpResponseRedirect(url("settings-mail-server", server) + f"#{card}")


def _words() -> dict[str, Any]:
    return {
        "imap_security": MailAccount.Security.choices,
        "smtp_security": MailAccount.Security.choices,
        "sign_in": MailAccount.SignIn.choices,
        "grant": MailAccount.Grant.choices,
    }


@for_administrators
@require_POST
def receiving(request: HttpRequest, server: int) -> HttpResponse:
    """POST …/mail-servers/<id>/receiving: signs in and looks into the folders that are fetched, else the INBOX."""
    account = server_for(server)
    names = list(FetchedFolder.objects.filter(account=account).order_by("id").values_list("folder", flat=True))
    found = [("", check_imap(account, name)) for name in names or ["INBOX"]]
    return _page(request, server_for(server), receiving=found)


@for_administrators
@require_POST
def sending(request: HttpRequest, server: int) -> HttpResponse:
    """POST …/mail-servers/<id>/sending: a small mail to whoever asks, from each address that sends by it (P31.2)."""
    account, who = server_for(server), actor_of(request).who
    to = who.addresses.filter(is_main=True).values_list("address", flat=True).first() if who is not None else None
    if not to:
        messages.error(request, _("You have no e-mail address here to which a test mail could go."))
        return HttpResponseRedirect(url("settings-mail-server", server))
    senders = [address for box in _senders(account).select_related("address") for address in permitted_addresses(box)]
    found = [("", one) for one in check_smtp(account, senders or [account.user], to)]
    return _page(request, server_for(server), sending=found)


@for_administrators
@require_POST
def resumption(request: HttpRequest, server: int) -> HttpResponse:
    """POST …/mail-servers/<id>/resumption: this restored desk is the one now."""
    account = server_for(server)
    actions.resume_mail_account(account, actor=actor_of(request))
    messages.success(request, _("%(name)s is used again. Now resume its folders.") % {"name": account.name})
    return HttpResponseRedirect(url("settings-mail-server", server))


@for_administrators
@require_POST
def archive(request: HttpRequest, server: int) -> HttpResponse:
    """POST …/mail-servers/<id>/archive: its secrets go at once."""
    account = server_for(server)
    try:
        retire_account(account, actor=actor_of(request))
    except Refused as refused:
        messages.error(request, str(refused))
        return HttpResponseRedirect(url("settings-mail-server", server))
    messages.success(request, _("%(name)s was archived; its secrets are gone.") % {"name": account.name})
    return HttpResponseRedirect(url(SECTION))
