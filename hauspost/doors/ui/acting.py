"""Who acts on a page: the signed-in person, proven by the session."""

from collections.abc import Callable
from functools import wraps
from typing import Any, cast
from urllib.parse import urlencode, urlsplit

from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.urls import reverse

from hauspost.doors.ui.onward import wanted_in
from hauspost.doors.ui.stale_forms import kept_for_after
from hauspost.records.people.actor import Actor, Proof

View = Callable[..., HttpResponseBase]


def actor_of(request: HttpRequest) -> Actor:
    """The signed-in person as one who acts; made once a request, so that roles are read once."""
    actor = getattr(request, "_actor", None)
    if actor is None:
        actor = Actor(who=request.user, via="web", proof=Proof.SESSION)  # type: ignore[arg-type]
        request._actor = actor  # type: ignore[attr-defined]
    return cast(Actor, actor)


def signed_in(view: View) -> View:
    """Only for persons with a session; others are asked to sign in and come back."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **named: Any) -> HttpResponseBase:
        if not request.user.is_authenticated:
            return ask_to_sign_in(request)
        return view(request, *args, **named)

    return guarded


def ask_to_sign_in(request: HttpRequest) -> HttpResponse:
    """To the sign-in page and back. A part of a page asks for the whole one, so that no form lands in a corner."""
    if request.headers.get("HX-Request"):
        answer = HttpResponse(status=204)
        answer["HX-Redirect"] = f"{reverse('sign-in')}?{urlencode({'next': _page_behind(request)})}"
        return answer
    if request.method not in ("GET", "HEAD"):
        return kept_for_after(request)
    return redirect_to_login(request.get_full_path(), reverse("sign-in"))


def _page_behind(request: HttpRequest) -> str:
    seen = urlsplit(request.headers.get("HX-Current-URL", ""))
    return seen.path + (f"?{seen.query}" if seen.query else "") if seen.path else "/"


def back_to(request: HttpRequest, fallback: str) -> HttpResponseRedirect:
    """Back to the page that the form names, if it is one of ours."""
    return HttpResponseRedirect(wanted_in(request.POST.get("next", "")) or fallback)
