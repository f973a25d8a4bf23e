"""OAuth in the browser: to the provider's page, and back with a code; in every state of the tokens (P10.4)."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from hauspost.doors.desk.settings.frame import for_administrators
from hauspost.doors.ui.acting import actor_of
from hauspost.doors.ui.environment import url
from hauspost.ground import clock
from hauspost.ground.accounts.models import MailAccount
from hauspost.ground.accounts.oauth import authorisation_request
from hauspost.ground.refusals import Refused
from hauspost.records.people.actions import authorise_mail_account

_SECTION = "settings-mail-servers"
_KEPT = "mail_authorisations"
# So long may somebody take at the provider's page; and as many may be begun at once.
_LIVES_SECONDS = 30 * 60
_MOST = 5
_LONGEST_WORDS = 300


def redirect_uri() -> str:
    """Where the provider sends the browser back; it is registered there, letter by letter."""
    return f"{settings.HAUSPOST.public_url.rstrip('/')}/desk/settings/mail-servers/authorised"


@never_cache
@for_administrators
@require_GET
def authorisation(request: HttpRequest, server: int) -> HttpResponse:
    """GET …/mail-servers/<id>/authorisation: on to the provider's page. It changes nothing but this session."""
    account = MailAccount.objects.active().filter(pk=server, sign_in=MailAccount.SignIn.OAUTH).first()
    if account is None or account.grant != MailAccount.Grant.DELEGATED:
        raise Http404
    try:
        asked = authorisation_request(account, redirect_uri())
    except Refused as refused:
        messages.error(request, str(refused))
        return HttpResponseRedirect(url("settings-mail-server", server) + "#login")
    _remember(request, asked.state, {"server": server, "verifier": asked.verifier, "at": clock.now().timestamp()})
    return HttpResponseRedirect(asked.url)


@never_cache
@for_administrators
@require_GET
def authorised(request: HttpRequest) -> HttpResponse:
    """GET …/mail-servers/authorised: back from the provider, with a code or with its error.

    The state was given to this session, for one server, and is worth one answer.
    """
    begun = _recall(request, request.GET.get("state", ""))
    account = MailAccount.objects.active().filter(pk=begun["server"]).first() if begun else None
    if begun is None or account is None:
        told = _("This authorisation was not begun here, took too long, or was used already. Begin it once more.")
        messages.error(request, told)
        return HttpResponseRedirect(url(_SECTION))
    code = request.GET.get("code", "")
    try:
        if not code:
            messages.error(request, _provider_words(account, request))
        else:
            authorise_mail_account(account, code, begun["verifier"], redirect_uri(), actor=actor_of(request))
            messages.success(request, _("%(name)s is authorised. Test it now.") % {"name": account.name})
    except Refused as refused:
        messages.error(request, str(refused))
    return HttpResponseRedirect(url("settings-mail-server", account.pk))


def _provider_words(account: MailAccount, request: HttpRequest) -> str:
    """Why the provider gave no code (RFC 6749 4.1.2.1)."""
    error = request.GET.get("error", "").replace("\0", "")[:60]
    said = " ".join(request.GET.get("error_description", "").replace("\0", "").split())[:_LONGEST_WORDS]
    reason = {
        "access_denied": _("somebody refused, or an administrator of the provider has to agree first"),
        "invalid_scope": _("the app lacks a permission; see the steps below"),
        "unauthorized_client": _("the app may not ask for this; see the steps below"),
    }.get(error, error or _("it gave no reason"))
    told = _("%(name)s was not authorised: %(reason)s.") % {"name": account.name, "reason": reason}
    return f"{told} {said}".strip()


def _remember(request: HttpRequest, state: str, begun: dict[str, Any]) -> None:
    kept = list(request.session.get(_KEPT, {}).items())[-(_MOST - 1) :]
    request.session[_KEPT] = {**dict(kept), state: begun}


def _recall(request: HttpRequest, state: str) -> dict[str, Any] | None:
    """What was begun with this state; only once, and not too late."""
    kept = dict(request.session.get(_KEPT, {}))
    begun: dict[str, Any] | None = kept.pop(state, None)
    if begun is None:
        return None
    request.session[_KEPT] = kept
    # Before the provider is asked: two tabs that come back with one state get one answer.
    request.session.save()
    return begun if clock.now().timestamp() - begun["at"] <= _LIVES_SECONDS else None
