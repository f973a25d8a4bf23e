"""The keys by which a mailbox reads what was encrypted for it (P22.5); private parts go in, and never out (S21)."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST

from hauspost.doors.desk.settings.forms import Form
from hauspost.doors.desk.settings.frame import for_administrators
from hauspost.doors.desk.settings.mailboxes import mailbox_for, mailbox_page
from hauspost.doors.ui.acting import actor_of
from hauspost.doors.ui.environment import url
from hauspost.ground.refusals import Invalid, Refused
from hauspost.records.people.actions import add_mailbox_key, remove_mailbox_key
from hauspost.records.people.models import MailboxKey

_LONGEST_BYTES = 1_000_000


@sensitive_post_parameters("key_password")
@for_administrators
@require_POST
def adding(request: HttpRequest, mailbox: int) -> HttpResponse:
    """POST …/mailboxes/<id>/keys: a file with a private key, and the password that protects it."""
    box, form = mailbox_for(mailbox), Form({"key": "", "key_password": ""})
    try:
        file = request.FILES.get("key")
        if file is None or not file.size or file.size > _LONGEST_BYTES:
            raise Invalid("key", _("choose a key file"))
        made = add_mailbox_key(box, file.read(), password=request.POST.get("key_password", ""), actor=actor_of(request))
    except Refused as refused:
        at = "key_password" if refused.code in ("wrong-password", "needs-password") else "key"
        return mailbox_page(request, box, "key", form.refusing(refused, at=at), refused.status)
    told = _("The key %(fingerprint)s was added.") % {"fingerprint": made.fingerprint[:16]}
    messages.success(request, told)
    return HttpResponseRedirect(url("settings-mailbox", mailbox) + "#key")


@for_administrators
@require_POST
def removal(request: HttpRequest, mailbox: int, mailbox_key: int) -> HttpResponse:
    """POST …/keys/<id>/removal: what is encrypted with it stays closed from then on."""
    found = MailboxKey.objects.filter(id=mailbox_key, mailbox_id=mailbox).select_related("mailbox__address").first()
    if found is None:
        raise Http404
    remove_mailbox_key(found, actor=actor_of(request))
    messages.success(request, _("The key is forgotten."))
    return HttpResponseRedirect(url("settings-mailbox", mailbox) + "#key")
