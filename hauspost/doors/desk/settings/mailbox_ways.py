"""The folders on a mail server from which mail is fetched for a mailbox: chosen, changed, paused, taken away."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from hauspost.doors.desk.forms import small_number, text_of
from hauspost.doors.desk.settings.forms import Form
from hauspost.doors.desk.settings.frame import for_administrators, settings_page
from hauspost.doors.desk.settings.mailboxes import SECTION, mailbox_for
from hauspost.doors.ui.acting import actor_of
from hauspost.doors.ui.environment import url
from hauspost.duties.intake import folders
from hauspost.duties.intake.models import FetchedFolder
from hauspost.ground.accounts.checking import folders_of
from hauspost.ground.accounts.models import MailAccount
from hauspost.ground.accounts.refusals import AccountTrouble
from hauspost.ground.refusals import Invalid, Refused
from hauspost.records.people.models import Mailbox

_FOLDER = {"folder": "INBOX", "takes": "new", "afterwards": "seen", "move_to": "", "sure": ""}


@for_administrators
@require_http_methods(["GET", "POST"])
def new(request: HttpRequest, mailbox: int) -> HttpResponse:
    """GET, POST …/mailboxes/<id>/folders: first the mail server, then one of its folders and what is taken (P2.4)."""
    box = mailbox_for(mailbox)
    account = _account(request.GET.get("account", "") or text_of(request, "account"))
    form, status = Form.showing(_FOLDER), 200
    if request.method == "POST" and account is not None:
        form = Form.sent(request, _FOLDER)
        try:
            _refuse_unsure(form)
            folders.add_folder(
                box,
                account,
                form.value("folder"),
                takes=form.value("takes"),
                afterwards=form.value("afterwards"),
                move_to=form.value("move_to"),
                actor=actor_of(request),
            )
        except Refused as refused:
            form.refusing(refused, at="folder")
            status = refused.status
        else:
            messages.success(request, _("Mail is fetched from now on."))
            return HttpResponseRedirect(url("settings-mailbox", mailbox) + "#ways")
    return _page(request, box, account, form, status)


def _page(
    request: HttpRequest, box: Mailbox, account: MailAccount | None, form: Form, status: int, **more: Any
) -> HttpResponse:
    names, trouble = _names(account) if account is not None else ([], "")
    return settings_page(
        request,
        "desk/settings/mailbox_folder.html",
        section=SECTION,
        status=status,
        box=box,
        account=account,
        accounts=[(row.id, row.name) for row in MailAccount.objects.active().exclude(imap_host="")],
        names=[(name, name) for name in names],
        trouble=trouble,
        form=form,
        takes=FetchedFolder.Takes.choices,
        afterwards=FetchedFolder.Afterwards.choices,
        **more,
    )


def _names(account: MailAccount) -> tuple[list[str], str]:
    """The folders that the server has, or why it does not say."""
    try:
        return folders_of(account), ""
    except AccountTrouble as trouble:
        return [], str(trouble)


def _refuse_unsure(form: Form) -> None:
    """Mail is deleted only for whoever says so twice (P2.4)."""
    if form.value("afterwards") == FetchedFolder.Afterwards.DELETE and not form.value("sure"):
        raise Invalid("sure", _("deleted mail is gone from the server for good; tick this if that is meant"))


@for_administrators
@require_http_methods(["GET", "POST"])
def one(request: HttpRequest, mailbox: int, folder: int) -> HttpResponse:
    """GET, POST …/mailboxes/<id>/folders/<id>: what becomes of fetched mail."""
    box, row = mailbox_for(mailbox), _row(mailbox, folder)
    held = {"afterwards": row.afterwards, "move_to": row.move_to, "sure": ""}
    form, status = Form.showing(held), 200
    if request.method == "POST":
        form = Form.sent(request, held)
        try:
            _refuse_unsure(form)
            folders.change_folder(
                row, afterwards=form.value("afterwards"), move_to=form.value("move_to"), actor=actor_of(request)
            )
        except Refused as refused:
            form.refusing(refused, at="move_to")
            status = refused.status
        else:
            messages.success(request, _("Saved."))
            return HttpResponseRedirect(url("settings-mailbox", mailbox) + "#ways")
    return _page(request, box, row.account, form, status, row=row)


@for_administrators
@require_POST
def pausing(request: HttpRequest, mailbox: int, folder: int) -> HttpResponse:
    """POST …/folders/<id>/pausing: `resume` fetches again."""
    row, actor = _row(mailbox, folder), actor_of(request)
    try:
        if text_of(request, "resume"):
            folders.resume_folder(row, actor=actor)
        else:
            folders.pause_folder(row, actor=actor)
    except Refused as refused:
        messages.error(request, str(refused))
    return HttpResponseRedirect(url("settings-mailbox", mailbox) + "#ways")


@for_administrators
@require_POST
def removal(request: HttpRequest, mailbox: int, folder: int) -> HttpResponse:
    """POST …/folders/<id>/removal: its mail stays where it is."""
    row = _row(mailbox, folder)
    folders.remove_folder(row, actor=actor_of(request))
    messages.success(
        request, _("%(folder)s is fetched no more; its mail stays on the server.") % {"folder": row.folder}
    )
    return HttpResponseRedirect(url("settings-mailbox", mailbox) + "#ways")


def _account(number: str) -> MailAccount | None:
    return MailAccount.objects.active().exclude(imap_host="").filter(pk=small_number(number)).first()


def _row(mailbox: int, folder: int) -> FetchedFolder:
    rows = FetchedFolder.objects.select_related("account", "mailbox__address")
    found = rows.filter(id=folder, mailbox_id=mailbox).first()
    if found is None:
        raise Http404
    return found
