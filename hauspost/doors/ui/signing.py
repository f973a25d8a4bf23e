"""Signing in and out, step by step, and the one-time page of the first administrator."""

from typing import Any

from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from hauspost.doors.ui.acting import actor_of
from hauspost.doors.ui.onward import wanted_in
from hauspost.doors.ui.pages import page
from hauspost.doors.ui.signing_confirming import confirmation_page
from hauspost.ground.refusals import Refused
from hauspost.records.people import actions as people
from hauspost.records.people.factors import factors_of, passkeys
from hauspost.records.people.login import Next, codes, session
from hauspost.records.people.login.refusals import NoMailedCode, SignInStale

# Where a sign-in leads, for the page that is opened from the mailed code's link.
_WANTED = "wanted"


@require_GET
def home(request: HttpRequest) -> HttpResponse:
    """To where this person works: the desk, or the portal."""
    if not request.user.is_authenticated:
        return HttpResponseRedirect(reverse("sign-in"))
    actor = actor_of(request)
    return HttpResponseRedirect(reverse("desk" if actor.is_agent or actor.is_administrator else "portal"))


@sensitive_post_parameters("password")
@require_http_methods(["GET", "POST"])
def sign_in(request: HttpRequest) -> HttpResponse:
    """The address first, then a password or a mailed code; known and unknown addresses get the same answers (S22)."""
    if request.method == "GET":
        if request.user.is_authenticated:
            return HttpResponseRedirect(_wanted(request) or reverse("home"))
        return _address_page(request)
    step = request.POST.get("step", "")
    if step == "address" or ("password" not in request.POST and not _is_address(_address(request))):
        wrong = "" if step == "address" else _("Write your e-mail address, for example anna.weiss@company.example.")
        return _address_page(request, wrong=wrong, status=422 if wrong else 200)
    if step == "code":
        return _mail_code(request)
    if "password" not in request.POST:
        return _ways_page(request)
    try:
        found = session.sign_in(request, _address(request), request.POST["password"])
    except Refused as refused:
        return _ways_page(request, wrong=str(refused), status=refused.status)
    return _go_on(request, found)


@sensitive_post_parameters("code")
@require_http_methods(["GET", "POST"])
def sign_in_code(request: HttpRequest) -> HttpResponse:
    """GET shows the code of the mail's link, for a person to press the button (S23); POST checks it."""
    if request.method == "GET":
        return _code_page(request, code=_digits(request.GET.get("code", "")))
    try:
        found = session.sign_in_with_code(request, request.POST.get("code", ""))
    except NoMailedCode as refused:
        if request.user.is_authenticated:
            return _arrived(request)
        return _address_page(request, wrong=str(refused), status=refused.status)
    except Refused as refused:
        return _code_page(request, wrong=str(refused), status=refused.status)
    return _go_on(request, found)


@sensitive_post_parameters("code")
@require_http_methods(["GET", "POST"])
def sign_in_factor(request: HttpRequest) -> HttpResponse:
    """The second step, for whoever has a second factor."""
    if request.method == "GET":
        return _factor_page(request)
    try:
        session.sign_in_with_factor(request, request.POST.get("code", ""))
    except SignInStale as refused:
        return _address_page(request, wrong=str(refused), status=refused.status)
    except Refused as refused:
        return _factor_page(request, wrong=str(refused), status=refused.status)
    return _arrived(request)


@never_cache
@require_http_methods(["GET", "POST"])
def sign_in_passkey(request: HttpRequest) -> HttpResponse:
    """GET asks the browser for a passkey, POST takes its answer: to sign in, as second step, or to confirm."""
    if not passkeys.passkeys_possible():
        return HttpResponseRedirect(reverse("home"))
    if request.method == "GET":
        return JsonResponse(session.ask_for_passkey(request))
    answer = request.POST.get("credential", "")
    try:
        if request.user.is_authenticated:
            session.confirm_with_passkey(request, answer)
            return HttpResponseRedirect(_wanted(request) or reverse("security"))
        session.sign_in_with_passkey(request, answer)
    except Refused as refused:
        if request.user.is_authenticated:
            return confirmation_page(request, wrong=str(refused), status=refused.status)
        again = _factor_page if session.person_at_second_step(request) is not None else _address_page
        return again(request, wrong=str(refused), status=refused.status)
    return _arrived(request)


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """End this session."""
    logout(request)
    return HttpResponseRedirect(reverse("sign-in"))


@sensitive_post_parameters("password", "again")
@require_http_methods(["GET", "POST"])
def first_administrator(request: HttpRequest, token: str) -> HttpResponse:
    """The first administrator, behind the one-time link from the console (P17.4)."""
    people.check_first_link(token)
    typed: dict[str, Any] = {name: request.POST.get(name, "").strip() for name in ("name", "address")}
    if request.method == "GET":
        return page(request, "ui/first.html", typed=typed, wrong="")
    password = request.POST.get("password", "")
    if password != request.POST.get("again", ""):
        wrong = _("The two passwords differ. Type the same one twice.")
        return page(request, "ui/first.html", status=422, typed=typed, wrong=wrong)
    try:
        people.become_first_administrator(token, name=typed["name"], address=typed["address"], password=password)
        session.sign_in(request, typed["address"], password)
    except Refused as refused:
        return page(request, "ui/first.html", status=refused.status, typed=typed, wrong=str(refused))
    return HttpResponseRedirect(reverse("home"))


def _mail_code(request: HttpRequest) -> HttpResponse:
    """Known or not, the same page says that a mail is on its way if the address may sign in (S22)."""
    try:
        codes.mail_code(request, _address(request))
    except Refused as refused:
        return _ways_page(request, wrong=str(refused), status=refused.status)
    request.session[_WANTED] = _wanted(request)
    return _code_page(request)


def _go_on(request: HttpRequest, found: Next) -> HttpResponse:
    return _factor_page(request) if found is Next.FACTOR else _arrived(request)


def _arrived(request: HttpRequest) -> HttpResponse:
    """To where the person wanted, with what was typed before the session ended."""
    wanted = _wanted(request) or wanted_in(request.session.get(_WANTED, ""))
    request.session.pop(_WANTED, None)
    kept = _kept(request)
    if kept and wanted:
        return page(request, "ui/resume.html", target=wanted, kept=[(name[5:], text) for name, text in kept])
    return HttpResponseRedirect(wanted or reverse("home"))


def _address_page(request: HttpRequest, *, wrong: str = "", status: int = 200) -> HttpResponse:
    possible = passkeys.passkeys_possible()
    return _page(
        request, "ui/signing/address.html", status, wrong=wrong, address=_address(request), passkeys_possible=possible
    )


def _ways_page(request: HttpRequest, *, wrong: str = "", status: int = 200) -> HttpResponse:
    return _page(request, "ui/signing/ways.html", status, wrong=wrong, address=_address(request))


def _code_page(request: HttpRequest, *, code: str = "", wrong: str = "", status: int = 200) -> HttpResponse:
    asked = codes.address_asked(request)
    return _page(request, "ui/signing/code.html", status, wrong=wrong, code=code, asked=asked)


def _factor_page(request: HttpRequest, *, wrong: str = "", status: int = 200) -> HttpResponse:
    person = session.person_at_second_step(request)
    if person is None:
        return HttpResponseRedirect(reverse("sign-in"))
    has = factors_of(person)
    with_passkey = bool(has.passkeys) and passkeys.passkeys_possible()
    return _page(request, "ui/signing/factor.html", status, wrong=wrong, factors=has, with_passkey=with_passkey)


def _page(request: HttpRequest, template: str, status: int, **shown: Any) -> HttpResponse:
    wanted = _wanted(request) or wanted_in(request.session.get(_WANTED, ""))
    return page(request, template, status=status, next=wanted, kept=_kept(request), lost_files=False, **shown)


def _wanted(request: HttpRequest) -> str:
    return wanted_in(request.POST.get("next", request.GET.get("next", "")))


def _kept(request: HttpRequest) -> list[tuple[str, str]]:
    return [(name, text) for name, texts in request.POST.lists() if name.startswith("kept-") for text in texts]


def _address(request: HttpRequest) -> str:
    return request.POST.get("address", "").strip()


def _is_address(text: str) -> bool:
    before, at, after = text.rpartition("@")
    return bool(before and at and after)


def _digits(text: str) -> str:
    """A mailed code, and nothing else that somebody may have put into the link."""
    return text if len(text) == codes.DIGITS and text.isascii() and text.isdigit() else ""
