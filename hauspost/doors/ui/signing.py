"""Signing in and out, and the one-time page of the first administrator."""

from typing import Any

from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from hauspost.doors.ui.acting import actor_of
from hauspost.doors.ui.pages import page
from hauspost.ground.refusals import Refused
from hauspost.records.people import actions as people
from hauspost.records.people import login

_NOT_KEPT = ("csrfmiddlewaretoken", "password", "again", "next")


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
    """Sign in with address and password. A wrong address and a wrong password get the same answer (S22)."""
    asked = request.POST.get("next", request.GET.get("next", ""))
    wanted = asked if url_has_allowed_host_and_scheme(asked, allowed_hosts=None) and asked.startswith("/") else ""
    if request.method == "GET":
        if request.user.is_authenticated:
            return HttpResponseRedirect(wanted or reverse("home"))
        return page(request, "ui/sign_in.html", next=wanted, address="", wrong="", kept=[], lost_files=False)
    address = request.POST.get("address", "").strip()
    kept = _kept(request)
    try:
        login.sign_in(request, address, request.POST.get("password", ""))
    except Refused as refused:
        return page(
            request,
            "ui/sign_in.html",
            status=refused.status,
            next=wanted,
            address=address,
            wrong=str(refused),
            kept=kept,
            lost_files=False,
        )
    if kept and wanted:
        return page(request, "ui/resume.html", target=wanted, kept=[(name[5:], text) for name, text in kept])
    return HttpResponseRedirect(wanted or reverse("home"))


def kept_for_after(request: HttpRequest) -> HttpResponse:
    """A form was sent after the session had ended: ask to sign in, and carry what was typed along (P18.3, P23.2)."""
    kept = [(f"kept-{name}", text) for name, texts in request.POST.lists() if name not in _NOT_KEPT for text in texts]
    return page(
        request,
        "ui/sign_in.html",
        status=401,
        next=request.get_full_path(),
        address="",
        wrong=_("Your session has ended. Sign in again; what you wrote is kept."),
        kept=kept,
        lost_files=bool(request.FILES),
    )


def _kept(request: HttpRequest) -> list[tuple[str, str]]:
    return [(name, text) for name, texts in request.POST.lists() if name.startswith("kept-") for text in texts]


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
        login.sign_in(request, typed["address"], password)
    except Refused as refused:
        return page(request, "ui/first.html", status=refused.status, typed=typed, wrong=str(refused))
    return HttpResponseRedirect(reverse("home"))
