"""Who sits here is asked again before something grave, and for a second factor where the company demands one."""

from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from typing import Any, cast
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from hauspost.doors.ui.acting import View, signed_in
from hauspost.doors.ui.onward import wanted_in
from hauspost.doors.ui.pages import page
from hauspost.doors.ui.problems import is_for_a_program, problem
from hauspost.doors.ui.stale_forms import is_secret
from hauspost.ground.refusals import Refused
from hauspost.records.people.factors import factors_of, passkeys
from hauspost.records.people.login import codes, session
from hauspost.records.people.models import Person

Answer = Callable[[HttpRequest], HttpResponse]

# What is typed into a form that was shown in time is still taken.
_FORM_LIVES = session.FRESH + timedelta(minutes=20)
# What somebody without the demanded factor needs to get one, or to leave.
_OPEN = frozenset(
    {"security", "confirmation", "authenticator", "passkeys", "recovery-codes", "own-password", "sign-in",
     "sign-in-code", "sign-in-factor", "sign-in-passkey", "sign-out", "look", "health", "metrics"}
)  # fmt: skip
_GOING_TO = "going_to"


class SecondFactorFirst:
    """Where the company demands a second factor (`second_factor`), nothing else opens before it was shown."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: View, args: Any, named: Any) -> HttpResponse | None:
        """Lead whoever lacks it to set one up, or to show it."""
        match = request.resolver_match
        if not session.lacks_factor(request) or (match is not None and match.view_name in _OPEN):
            return None
        there = reverse("confirmation" if factors_of(_person(request)).any else "security")
        if is_for_a_program(request):
            words = _("Set up a second factor first: %(page)s") % {"page": there}
            return problem(403, "second-factor-first", words)
        if request.headers.get("HX-Request"):
            answer = HttpResponse(status=204)
            answer["HX-Redirect"] = there
            return answer
        if request.method in ("GET", "HEAD"):
            request.session[_GOING_TO] = request.get_full_path()
            return HttpResponseRedirect(there)
        typed = [text for name, text in request.POST.items() if len(text) > 20 and not is_secret(name)]
        return page(request, "ui/security/first.html", status=403, there=there, typed=typed)


def going_to(request: HttpRequest) -> str:
    """Where somebody was going who had to set up or show a second factor first; "" for nowhere."""
    return wanted_in(request.session.get(_GOING_TO, ""))


def confirmed(view: View) -> View:
    """Only for whoever proved a moment ago who they are; others are asked, and come back."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **given: Any) -> HttpResponseBase:
        within = _FORM_LIVES if request.method == "POST" else session.FRESH
        if session.is_fresh(request, within):
            return view(request, *args, **given)
        if request.headers.get("Accept") == "application/json":
            # A script asks: the page that it belongs to is loaded anew, and then asks the person.
            return HttpResponse(status=204)
        back = request.path if request.method == "GET" else reverse("security")
        return HttpResponseRedirect(f"{reverse('confirmation')}?{urlencode({'next': back})}")

    return signed_in(guarded)


@sensitive_post_parameters("password", "code")
@signed_in
@require_http_methods(["GET", "POST"])
def confirmation(request: HttpRequest) -> HttpResponse:
    """GET and POST /me/security/confirmation: by factor, password or mailed code, whatever this person has."""
    if request.method == "GET":
        return confirmation_page(request)
    step = request.POST.get("step", "")
    try:
        if step == "mail":
            codes.mail_code(request, session.main_address(_person(request)))
            return confirmation_page(request)
        if step == "password":
            session.confirm_with_password(request, request.POST.get("password", ""))
        elif step == "mailed":
            session.confirm_with_code(request, request.POST.get("code", ""))
        else:
            session.confirm_with_factor(request, request.POST.get("code", ""))
    except Refused as refused:
        return confirmation_page(request, wrong=str(refused), status=refused.status)
    onward = wanted_in(request.POST.get("next", "")) or going_to(request)
    request.session.pop(_GOING_TO, None)
    return HttpResponseRedirect(onward or reverse("security"))


def confirmation_page(request: HttpRequest, *, wrong: str = "", status: int = 200) -> HttpResponse:
    """Ask who sits here."""
    person = _person(request)
    has = factors_of(person)
    return page(
        request,
        "ui/security/confirmation.html",
        status=status,
        wrong=wrong,
        next=wanted_in(request.POST.get("next", request.GET.get("next", ""))) or going_to(request),
        factors=has,
        with_passkey=bool(has.passkeys) and passkeys.passkeys_possible(),
        has_password=person.has_usable_password(),
        asked=codes.address_asked(request),
        address=session.main_address(person),
    )


def _person(request: HttpRequest) -> Person:
    return cast(Person, request.user)
