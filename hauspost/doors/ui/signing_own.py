"""Sign-in and security: a person's own password, authenticator app, passkeys, recovery codes and sessions."""

import base64
from typing import cast
from urllib.parse import quote

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from hauspost.doors.ui.acting import actor_of, signed_in
from hauspost.doors.ui.pages import page
from hauspost.doors.ui.signing_confirming import confirmed, going_to
from hauspost.ground.refusals import Invalid, Refused
from hauspost.records.people import factors
from hauspost.records.people.factors import passkeys
from hauspost.records.people.factors.refusals import FactorNeeded
from hauspost.records.people.login import session
from hauspost.records.people.models import Person


@signed_in
@require_GET
def show(request: HttpRequest) -> HttpResponse:
    """GET /me/security."""
    return _show(request)


@sensitive_post_parameters("old_password", "password", "again")
@confirmed
@require_http_methods(["GET", "POST"])
def password(request: HttpRequest) -> HttpResponse:
    """GET and POST /me/security/password: a new one; every other session ends."""
    wrong, status = "", 200
    if request.method == "POST":
        new = request.POST.get("password", "")
        try:
            if new != request.POST.get("again", ""):
                raise Invalid("password", _("The two passwords differ. Type the same one twice."))
            session.change_password(request, request.POST.get("old_password", ""), new)
        except Invalid as refused:
            wrong, status = str(refused.about["reason"]), refused.status
        except Refused as refused:
            wrong, status = str(refused), refused.status
        else:
            messages.success(request, _("Your new password holds. Everywhere else you are signed out."))
            return HttpResponseRedirect(reverse("security"))
    return page(
        request,
        "ui/security/password.html",
        status=status,
        wrong=wrong,
        address=session.main_address(_person(request)),
        needs_old=session.needs_old_password(request),
        has_one=_person(request).has_usable_password(),
    )


@sensitive_post_parameters("code")
@confirmed
@require_http_methods(["GET", "POST"])
def authenticator(request: HttpRequest) -> HttpResponse:
    """GET shows what an authenticator app scans; POST takes its first code."""
    person, wrong, status = _person(request), "", 200
    if factors.factors_of(person).app_since is not None:
        return HttpResponseRedirect(reverse("security"))
    if request.method == "POST":
        try:
            return _added(request, session.add_app(request, request.POST.get("code", "")))
        except Refused as refused:
            wrong, status = str(refused), refused.status
    link, typed = factors.app_link(person, session.main_address(person), session.new_app(request))
    return page(
        request, "ui/security/app.html", status=status, wrong=wrong, picture=_qr_picture(link), typed=typed, link=link
    )


@confirmed
@require_POST
def authenticator_removal(request: HttpRequest) -> HttpResponse:
    """POST: the app no longer counts."""
    try:
        factors.remove_app(_person(request), actor=actor_of(request))
    except Refused as refused:
        return _show(request, wrong=str(refused), status=refused.status)
    messages.success(request, _("The authenticator app was removed."))
    return HttpResponseRedirect(reverse("security"))


@never_cache
@confirmed
@require_http_methods(["GET", "POST"])
def own_passkeys(request: HttpRequest) -> HttpResponse:
    """GET tells the browser what to make, POST keeps it."""
    if not passkeys.passkeys_possible():
        return HttpResponseRedirect(reverse("security"))
    if request.method == "GET":
        return JsonResponse(session.ask_for_new_passkey(request))
    name = request.POST.get("name", "")
    try:
        fresh = session.add_passkey(request, name, request.POST.get("credential", ""))
    except Refused as refused:
        return _show(request, wrong=_words(refused), status=refused.status, name=name)
    return _added(request, fresh)


@confirmed
@require_POST
def passkey_name(request: HttpRequest, passkey: int) -> HttpResponse:
    """POST: call it something else."""
    try:
        factors.rename_passkey(_person(request), passkey, request.POST.get("name", ""), actor=actor_of(request))
    except Invalid as refused:
        return _show(request, wrong=_words(refused), status=refused.status)
    return HttpResponseRedirect(reverse("security"))


@confirmed
@require_POST
def passkey_removal(request: HttpRequest, passkey: int) -> HttpResponse:
    """POST: it opens nothing any more."""
    try:
        factors.remove_passkey(_person(request), passkey, actor=actor_of(request))
    except FactorNeeded as refused:
        return _show(request, wrong=str(refused), status=refused.status)
    messages.success(request, _("The passkey was removed. Delete it on your device, too."))
    return HttpResponseRedirect(reverse("security"))


@confirmed
@require_POST
def recovery_codes(request: HttpRequest) -> HttpResponse:
    """POST: ten new ones, shown once; the old ones end."""
    return _codes_page(request, factors.make_recovery_codes(_person(request), actor=actor_of(request)))


@signed_in
@require_POST
def other_sessions(request: HttpRequest) -> HttpResponse:
    """POST: everywhere but here the person is signed out."""
    session.end_other_sessions(request)
    messages.success(request, _("Everywhere else you are signed out."))
    return HttpResponseRedirect(reverse("security"))


def _show(request: HttpRequest, *, wrong: str = "", status: int = 200, name: str = "") -> HttpResponse:
    person = _person(request)
    return page(
        request,
        "ui/security/page.html",
        status=status,
        wrong=wrong,
        passkey_name=name,
        factors=factors.factors_of(person),
        must=session.lacks_factor(request),
        passkeys_possible=passkeys.passkeys_possible(),
        has_password=person.has_usable_password(),
        is_fresh=session.is_fresh(request),
        sign_ins=[(one.at, _way(one)) for one in session.recent_sign_ins(person)],
    )


def _added(request: HttpRequest, fresh: list[str]) -> HttpResponse:
    messages.success(request, _("Your second factor is set up."))
    if fresh:
        return _codes_page(request, fresh)
    return HttpResponseRedirect(going_to(request) or reverse("security"))


def _codes_page(request: HttpRequest, fresh: list[str]) -> HttpResponse:
    text = "\r\n".join([_("Recovery codes for Hauspost"), "", *fresh, ""])
    file = f"data:text/plain;charset=utf-8,{quote(text)}"
    onward = going_to(request) or reverse("security")
    return page(request, "ui/security/codes.html", codes=fresh, file=file, onward=onward)


def _way(one: session.SignIn) -> str:
    first = {"password": _("with password"), "code": _("with a mailed code"), "passkey": _("with a passkey")}
    second = {"totp": _("and authenticator app"), "recovery": _("and recovery code"), "passkey": _("and passkey")}
    words = first.get(one.method, one.method)
    return words if one.method == "passkey" or not one.factor else f"{words} {second.get(one.factor, '')}"


def _qr_picture(link: str) -> str:
    """The link as a picture that an app can scan; black on white, whatever the theme."""
    import qrcode
    from qrcode.image.svg import SvgFillImage

    picture = qrcode.make(link, image_factory=SvgFillImage, border=2).to_string()
    return f"data:image/svg+xml;base64,{base64.b64encode(picture).decode()}"


def _words(refused: Refused) -> str:
    return str(refused.about["reason"]) if isinstance(refused, Invalid) else str(refused)


def _person(request: HttpRequest) -> Person:
    return cast(Person, request.user)
