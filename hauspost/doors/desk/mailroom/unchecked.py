"""Mail of those who are not welcome without a look: let it in, or say that it is spam (P35.1)."""

from collections.abc import Callable, Mapping

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST

from hauspost.doors.desk.forms import small_number
from hauspost.doors.desk.frame import desk_page, for_the_mailroom
from hauspost.doors.desk.reasons import because
from hauspost.doors.ui.acting import actor_of
from hauspost.doors.ui.environment import url
from hauspost.duties.intake import actions, ledger
from hauspost.ground.refusals import NotFound

# What may become of them, and the words for how many.
_VERDICTS: Mapping[str, tuple[Callable[..., None], Callable[[int], str]]] = {
    "accept": (
        actions.accept,
        lambda count: ngettext("%(count)s mail is let in.", "%(count)s mails are let in.", count) % {"count": count},
    ),
    "spam": (
        actions.mark_as_spam,
        lambda count: ngettext("%(count)s mail is spam.", "%(count)s mails are spam.", count) % {"count": count},
    ),
    "discard": (
        actions.discard,
        lambda count: (
            ngettext("%(count)s mail was discarded.", "%(count)s mails were discarded.", count) % {"count": count}
        ),
    ),
}


@for_the_mailroom
@require_GET
def show(request: HttpRequest) -> HttpResponse:
    """GET /desk/mailroom/unchecked."""
    before = small_number(request.GET.get("before", "")) or None
    rows = ledger.entries(actor=actor_of(request), disposition="unchecked", before=before, limit=ledger.PAGE + 1)
    more = len(rows) > ledger.PAGE
    rows = rows[: ledger.PAGE]
    return desk_page(
        request,
        "desk/mailroom/unchecked.html",
        current="mailroom",
        tab="unchecked",
        rows=rows,
        because=because,
        older=url("unchecked", before=rows[-1].id) if more else "",
    )


@for_the_mailroom
@require_POST
def judging(request: HttpRequest) -> HttpResponse:
    """POST …/unchecked/judging: the chosen mails are let in, are spam, or need nothing."""
    verdict = _VERDICTS.get(request.POST.get("verdict", ""))
    chosen = [number for one in request.POST.getlist("delivery")[: ledger.PAGE] if (number := small_number(one))]
    if verdict is None or not chosen:
        messages.warning(request, _("Choose at least one mail."))
        return HttpResponseRedirect(reverse("unchecked"))
    act, told = verdict
    done = 0
    for number in chosen:
        try:
            act(number, actor=actor_of(request))
            done += 1
        except NotFound:
            # Somebody else was quicker.
            continue
    if done:
        messages.success(request, told(done))
    else:
        messages.warning(request, _("Somebody else has decided about it already."))
    return HttpResponseRedirect(reverse("unchecked"))
